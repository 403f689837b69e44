"""The history of records: the last writes with filters, one record with all that is known of it, search. Pure functions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from health.queries import Row, rows
from sync.rejections import COUNTED_STATE, PENDING

SIDES = ("salesforce", "app")
OPERATIONS = ("create", "update", "delete")
STATES = ("planned", "approved", "sending", "accepted", "done", "failed", "skipped", "waiting", "unknown")
MOST_FOUND = 20
ALL = 1 << 62
LABELS = ("name", "last_name", "email", "subject", "title")

LABEL = "coalesce({0}->>'name', nullif(concat_ws(' ', {0}->>'first_name', {0}->>'last_name'), ''), {0}->>'email')"

# One short index scan per combination that the filters leave, merged: quick whatever is filtered, however many rows there are.
HISTORY = f"""
select a.id, a.batch_id, a.entity, a.side, a.operation, a.shown as state, a.salesforce_id, a.app_id, a.link_id, a.fields, a.rule,
  a.code, a.message, a.attempts, a.planned_at, a.sent_at, a.ended_at, b.run_id, b.mode, {LABEL.format("l.base")} as label
from (
  select found.* from unnest(cast(:entities as text[])) e, unnest(cast(:sides as text[])) s,
    unnest(cast(:operations as text[])) o, unnest(cast(:states as text[])) t,
    lateral (select *, t as shown from sync.action a where a.integration_id = :id and a.entity = e and a.side = s and a.operation = o
      and a.operation <> 'agree' and a.state = case t when 'waiting' then 'skipped' else t end
      and (a.state <> 'skipped' or (a.code = '{PENDING}') = (t = 'waiting'))
      and a.id >= :low and a.id < :before and a.batch_id between :first and :last
      order by a.id desc limit :limit) found
  order by found.id desc limit :limit) a
join sync.batch b on b.id = a.batch_id left join sync.link l on l.id = a.link_id order by a.id desc
"""  # noqa: S608 (put together from constants)

# The batches that are asked for, and the first write of them: where the scans above may stop.
SINCE = """
select b.id as first, cast(:all as bigint) as last, w.low from sync.batch b,
  lateral (select min(a.id) as low from sync.action a where a.batch_id = b.id) w
where b.integration_id = :id and b.started_at >= now() - make_interval(days => :days) and w.low is not null order by b.started_at limit 1
"""
OF_BATCH = """
select cast(:batch as bigint) as first, cast(:batch as bigint) as last, min(id) as low, max(id) + 1 as high from sync.action
where batch_id = :batch
"""

LINK = """
select id, entity, salesforce_id, app_id, base, app_base, state, updated_at, batch_id from sync.link
where integration_id = :id and entity = :entity and {0}_id = :record_id
"""

ACTIONS = f"""
select a.id, a.batch_id, a.entity, a.side, a.operation, a.shown as state, a.salesforce_id, a.app_id, a.fields, a.rule, a.code, a.message,
  a.attempts, a.planned_at, a.sent_at, a.ended_at, b.run_id, b.mode
from (select *, {COUNTED_STATE} as shown from sync.action where link_id = :link_id order by id desc limit 100) a
join sync.batch b on b.id = a.batch_id order by a.id desc
"""  # noqa: S608 (put together from constants)

CONFLICTS = "select * from sync.conflict where link_id = :link_id order by id desc limit 100"

REJECTIONS = """
select r.id, r.side, r.record_id, r.stage, r.reasons, r.attempts, r.retry_at, r.opened_at, r.closed_at, b.run_id
from sync.rejection r join sync.batch b on b.id = r.last_batch_id
where r.integration_id = :id and r.entity = :entity and r.record_id = any(:ids) order by r.id desc limit 50
"""

LAST_READ = """
select distinct on (w.side) w.side, w.record_id, w.batch_id, w.modified_at, w.is_deleted, w.origin, r.fields, r.verdict
from staging.raw w left join staging.record r on r.batch_id = w.batch_id and r.batch_day = w.batch_day and r.entity = w.entity
  and r.side = w.side and r.record_id = w.record_id
where w.integration_id = :id and w.entity = :entity and w.side = any(:sides) and w.record_id = any(:ids)
order by w.side, w.batch_id desc
"""

FOUND = f"""
with asked as (select i.id, i.name, e.entity from unnest(cast(:ids as int[])) as x(id) join sync.integration i on i.id = x.id,
    unnest(cast(:entities as text[])) as e(entity)),
linked as (
  select l.integration_id, l.entity, l.salesforce_id, l.app_id, l.state, {LABEL.format("l.base")} as label, l.base->>'email' as email
  from asked a, lateral (
    (select * from sync.link l where l.integration_id = a.id and l.entity = a.entity and l.salesforce_id = :exact)
    union (select * from sync.link l where l.integration_id = a.id and l.entity = a.entity and l.app_id = :exact)) l
  union
  select l.integration_id, l.entity, l.salesforce_id, l.app_id, l.state, {LABEL.format("l.base")}, l.base->>'email'
  from unnest(cast(:ids as int[])) as x(id), lateral (select * from sync.link l where l.integration_id = x.id
    and lower(l.base->>'email') collate "C" >= :low and lower(l.base->>'email') collate "C" < :high
    order by lower(l.base->>'email') collate "C" limit :limit) l),
waiting as (
  select distinct r.integration_id, r.entity, case r.side when 'salesforce' then r.record_id end as salesforce_id,
    case r.side when 'app' then r.record_id end as app_id, 'waits' as state, null::text as label, null::text as email
  from asked a, lateral (
    (select * from sync.rejection r where r.integration_id = a.id and r.entity = a.entity and r.record_id = :exact and r.closed_at is null)
    union all (select * from sync.rejection r where r.integration_id = a.id and r.entity = a.entity and r.closed_at is null
      and sync.addresses(r.raw) @> array[cast(:low as text)] limit :limit)) r
  where not exists (select 1 from sync.link l where l.integration_id = r.integration_id and l.entity = r.entity
    and (l.salesforce_id = r.record_id and r.side = 'salesforce' or l.app_id = r.record_id and r.side = 'app')))
select f.*, i.name from (select * from linked union all select * from waiting) f join sync.integration i on i.id = f.integration_id
order by i.name, f.entity, f.email nulls last, f.salesforce_id limit :limit
"""  # noqa: S608 (put together from constants)


def history(
    connection: Connection,
    integration_id: int,
    entities: Sequence[str],
    sides: Sequence[str] = SIDES,
    operations: Sequence[str] = OPERATIONS,
    states: Sequence[str] = STATES,
    before: int = 0,
    limit: int = 100,
    days: int = 0,
    batch: int = 0,
) -> list[Row]:
    """The last writes, planned or sent, newest first; `before` is the id of the last row of the page before.

    `days`: only of batches that began within them, as the summary counts; `batch`: only of this one.
    """
    span = _span(connection, integration_id, days, batch)
    if span is None:
        return []
    values = {"entities": list(entities), "sides": list(sides), "operations": list(operations), "states": list(states)}
    return rows(
        connection, HISTORY, id=integration_id, limit=limit, **values, **{**span, "before": min(before or ALL, span["before"])}
    )


def _span(connection: Connection, integration_id: int, days: int, batch: int) -> Row | None:
    """The range of batches and of ids that is asked for; None where there is no write in it."""
    if not days and not batch:
        return {"first": 0, "last": ALL, "low": 0, "before": ALL}
    query, values = (OF_BATCH, {"batch": batch}) if batch else (SINCE, {"id": integration_id, "days": days, "all": ALL})
    found = [row for row in rows(connection, query, **values) if row["low"] is not None]
    return (
        None
        if not found
        else {**{name: found[0][name] for name in ("first", "last", "low")}, "before": found[0].get("high", ALL)}
    )


def record(connection: Connection, integration_id: int, entity: str, side: str, record_id: str) -> Row:
    """All that is known of one record: its link, writes, conflicts, rejections and what was last read of it on both sides."""
    found = rows(connection, LINK.format("salesforce" if side == "salesforce" else "app"), id=integration_id, entity=entity,
                 record_id=record_id)  # fmt: skip
    link = found[0] if found else None
    known = {side: record_id} if link is None else {each: link[f"{each}_id"] for each in SIDES if link[f"{each}_id"]}
    values: dict[str, Any] = {"id": integration_id, "entity": entity, "ids": list(known.values())}
    read = [row for row in rows(connection, LAST_READ, **values, sides=list(known)) if known[row["side"]] == row["record_id"]]
    rejections = [row for row in rows(connection, REJECTIONS, **values) if known.get(row["side"]) == row["record_id"]]
    link_id = link["id"] if link else -1
    return {
        "link": link, "last_read": read, "rejections": rejections,
        "actions": rows(connection, ACTIONS, link_id=link_id), "conflicts": rows(connection, CONFLICTS, link_id=link_id),
    }  # fmt: skip


def search(connection: Connection, integration_ids: Sequence[int], entities: Sequence[str], words: str) -> list[Row]:
    """Records whose id in either system is `words`, or whose e-mail address begins with it."""
    low = words.strip().lower()
    if not low:
        return []
    values = {"ids": list(integration_ids), "entities": list(entities), "exact": words.strip(), "limit": MOST_FOUND}
    return rows(connection, FOUND, **values, low=low, high=low + "￿")
