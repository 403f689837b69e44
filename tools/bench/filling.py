"""Fills Lockstep's database with as many runs, links, writes, conflicts and rejections as asked for, as a busy year leaves them."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from sync.partitions import ensure_partitions
from tools.place import ROOT

MAPPINGS = ROOT / "include" / "mappings"
INTEGRATIONS = ("salesforce_freshdesk", "salesforce_lemontaps")
RUNS_A_DAY = 48
SHARE_OF_LINKS = 5  # writes per link

RUNS = """
insert into sync.batch (integration_id, run_id, mode, mapping_digest, state, started_at, ended_at)
select i.id, 'scheduled__' || n, 'sync', i.name, case when n % 3 = 0 then 'idle' when n % 41 = 0 then 'failed' when n % 7 = 0 then 'partial'
  else 'done' end, now() - make_interval(mins => 30 * (:runs - n)), now() - make_interval(mins => 30 * (:runs - n) - 1)
from sync.integration i, generate_series(1, :runs) n order by n, i.id
"""

LINKS = """
insert into sync.link (integration_id, entity, salesforce_id, app_id, base, state, salesforce_digest, app_digest)
select i.id, case when n % 4 = 0 then 'account' else 'contact' end, '003' || lpad(n::text, 12, '0') || i.id, (i.id * 10000000 + n)::text,
  jsonb_build_object('name', 'Person ' || n, 'email', 'person' || n || '@nordwerk.example', 'phone', '+49 30 ' || n), 'live', 'x', 'y'
from sync.integration i, generate_series(1, :links) n order by i.id, n
"""

WRITES = """
insert into sync.action (batch_id, integration_id, entity, position, side, operation, link_id, salesforce_id, app_id, fields, rule, state,
  attempts, code, message, planned_at, sent_at, ended_at)
select b.id, b.integration_id, l.entity, 1, case when w.n % 3 = 0 then 'salesforce' else 'app' end,
  case when w.n % 17 = 0 then 'delete' when w.n % 5 = 0 then 'create' when w.n % 13 = 0 then 'agree' else 'update' end,
  l.id, l.salesforce_id, l.app_id, jsonb_build_object('phone', jsonb_build_array('+49 30 1', '+49 30 ' || w.n)), 'changed in salesforce',
  case when w.n % 997 = 0 then 'failed' when w.n % 101 = 0 then 'skipped' else 'done' end, 1,
  case when w.n % 997 = 0 then 'DUPLICATE_VALUE' else '' end, case when w.n % 997 = 0 then 'duplicate value found: Email'
    when w.n % 101 = 0 then 'left to the next run' else '' end,
  b.started_at, b.started_at, b.ended_at
from generate_series(1, :writes) as w(n)
join (select id, integration_id, started_at, ended_at, row_number() over (order by id) as place
  from sync.batch where state <> 'idle' and mode = 'sync') b on b.place = 1 + w.n::bigint * :many / (:writes + 1)
join (select integration_id, min(id) as first from sync.link group by 1) f on f.integration_id = b.integration_id
join sync.link l on l.id = f.first + w.n % :links
"""

NOTED = """
update sync.batch b set counts = jsonb_build_object('load', c.counts) from (
  select batch_id, jsonb_object_agg(entity || ' to_' || side || ' ' || operation || ' ' || state, n) as counts from (
    select batch_id, entity, side, operation, state, count(*) as n from sync.action group by 1, 2, 3, 4, 5) a group by 1) c
where c.batch_id = b.id and b.state in ('done', 'partial')
"""

CONFLICTS = """
insert into sync.conflict (batch_id, integration_id, entity, link_id, salesforce_id, app_id, field, base, salesforce_value, app_value,
  decision, rule, noted_at)
select a.batch_id, a.integration_id, a.entity, a.link_id, a.salesforce_id, a.app_id, 'phone', '"+49 30 1"', '"+49 30 2"', '"+49 30 3"',
  'salesforce', 'prefer salesforce', a.planned_at from sync.action a where a.id % 50 = 0
"""

WAITING = """
insert into sync.rejection (integration_id, entity, side, record_id, stage, reasons, raw, modified_at, mapping_digest, first_batch_id,
  last_batch_id, opened_at, closed_at)
with r(name, reasons) as (values
  ('ambiguous', '[{"field": "phone", "code": "ambiguous", "reason": "phone matches more than one", "candidates": ["c1", "c2"]}]'::jsonb),
  ('two', '[{"field": "email", "code": "format", "reason": "email is no address"},
            {"field": "name", "code": "required", "reason": "name is missing"}]'),
  ('one', '[{"field": "name", "code": "required", "reason": "name is missing"}]'))
select i.id, 'contact', case when n % 2 = 0 then 'app' else 'salesforce' end, 'waiting-' || n,
  case when n % 5 = 0 then 'load' else 'validate' end,
  (select reasons from r where name = case when n % 20 = 10 then 'ambiguous' when n % 3 = 0 then 'two' else 'one' end),
  jsonb_build_object('Email', 'waiting' || n || '@nordwerk.example', 'LastName', 'Waiting ' || n), now(), i.name, b.id, b.id,
  b.started_at, case when n % 4 = 0 then now() end
from sync.integration i, generate_series(1, :waiting) n, lateral (select min(id) as id from sync.batch where integration_id = i.id) m
join sync.batch b on b.id = m.id
"""

PLAN = """
insert into sync.batch (integration_id, run_id, mode, mapping_digest, state, counts, ended_at)
select id, 'manual__plan', 'plan', name, 'planned', '{"reconcile": {"contact": {"to_app update": 10}}}', now() from sync.integration
"""

PLANNED = """
insert into sync.action (batch_id, integration_id, entity, position, side, operation, link_id, salesforce_id, app_id, fields, settles, rule)
select b.id, b.integration_id, 'contact', 12, 'app', 'update', l.id, l.salesforce_id, l.app_id,
  '{"phone": ["+49 30 1", "=1+1"]}', '{"salesforce": {"phone": "=1+1"}}', 'changed in salesforce'
from sync.batch b, lateral (select * from sync.link l where l.integration_id = b.integration_id order by id limit :planned) l
where b.mode = 'plan'
"""

AUDITS = """
insert into sync.audit (integration_id, run_id, state, health, counts, requeued, started_at, ended_at)
select i.id, 'scheduled__' || n, 'done', 1 - (n % 5) * 0.001, jsonb_build_object('contact', jsonb_build_object('compared', 4000, 'in flight', 3,
  'quarantined', 20, 'filtered', 7, 'conflict', 1, 'unexplained', (n % 5) * 4)), (n % 5) * 4,
  now() - make_interval(days => 30 - n), now() - make_interval(days => 30 - n)
from sync.integration i, generate_series(1, 29) n order by n, i.id
"""

DIFFERENCES = """
insert into sync.audit_difference (audit_id, entity, side, record_id, other_id, kind, class, fields, is_requeued)
select a.id, 'contact', 'salesforce', 'differs-' || n, 'app-' || n, 'changed', case when n % 3 = 0 then 'unexplained' else 'in flight' end,
  '{phone}', n % 3 = 0 from sync.audit a, generate_series(1, 6) n
"""

WATERMARKS = """
insert into sync.watermark select i.id, 'contact', side, now() - interval '20 minutes', (select max(id) from sync.batch b
  where b.integration_id = i.id) from sync.integration i, (values ('salesforce'), ('app')) s(side)
"""

# What the runs of a day have read, of both sides: every second link once.
STAGED = """
insert into staging.{table} (batch_id, batch_day, integration_id, entity, side, record_id, modified_at, is_deleted, origin, digest, {more})
select b.id, cast(:day as date), i.id, l.entity, s.side, case s.side when 'app' then l.app_id else l.salesforce_id end,
  b.started_at, false, 'change', 'x', {values}
from sync.integration i cross join (values ('salesforce'), ('app')) s(side)
cross join lateral (select * from sync.batch b where b.integration_id = i.id and b.started_at < cast(:day as date) + 1
  order by b.id desc limit 1) b
cross join lateral (select * from sync.link l where l.integration_id = i.id order by l.id offset :skip limit :many) l
"""
STAGED_COLUMNS = {"raw": ("raw", "l.base"), "record": ("verdict, fields", "'valid', l.base")}
STAGED_DAYS = 7


def fill(connection: Connection, writes: int = 1000, waiting: int = 100, days: int = 7, planned: int = 10) -> None:
    """Fill an empty database: two integrations of equal size, `writes` in all, over `days` of half-hourly runs."""
    execute = connection.execute
    for name in INTEGRATIONS:
        shipped = (MAPPINGS / name.removeprefix("salesforce_")).iterdir()
        files = json.dumps({path.name: path.read_bytes().hex() for path in shipped if path.suffix in (".csv", ".yaml")})
        keep = "insert into sync.mapping (digest, files) values (:name, cast(:files as jsonb))"
        execute(text(keep), {"name": name, "files": files})
        execute(
            text("insert into sync.integration (name, org_id, account_id) values (:name, '00D1', 'nordwerk')"), {"name": name}
        )
    links = max(writes // SHARE_OF_LINKS // len(INTEGRATIONS), 10)
    execute(text(RUNS), {"runs": days * RUNS_A_DAY})
    execute(text(LINKS), {"links": links})
    execute(text("analyze sync.link, sync.batch"))
    many = execute(text("select count(*) from sync.batch where state <> 'idle' and mode = 'sync'")).scalar_one()
    execute(text(WRITES), {"writes": writes, "links": links, "many": many})
    execute(text(NOTED))
    execute(text(CONFLICTS))
    execute(text(WAITING), {"waiting": waiting})
    execute(text(PLAN))
    execute(text(PLANNED), {"planned": planned})
    execute(text(AUDITS))
    execute(text(DIFFERENCES))
    _fill_staging(connection, links)
    held = "insert into sync.approval (batch_id, state, reasons, expires_at) select id, 'waiting', '[\"too many\"]', now() + interval '1 day'"
    execute(text(f"{held} from sync.batch where mode = 'plan' and integration_id = 1"))
    execute(text(WATERMARKS))


def _fill_staging(connection: Connection, links: int) -> None:
    today = datetime.now(UTC).date()
    share = links // 2 // STAGED_DAYS
    days = [today - timedelta(days=number) for number in reversed(range(STAGED_DAYS))]
    for day in days:
        ensure_partitions(connection.engine, day)
    for number, day in enumerate(days):
        for table, (more, values) in STAGED_COLUMNS.items():
            connection.execute(
                text(STAGED.format(table=table, more=more, values=values)), {"day": day, "skip": number * share, "many": share}
            )
