"""What the overview shows: integrations, their runs, their counts over time, watermarks. Pure functions over a connection."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from sync.rejections import COUNTED_STATE

Row = dict[str, Any]

# A held run is told by what became of its plan, once nothing of that waits any more.
RUN_STATE = (
    "case b.state when 'held' then coalesce((select p.state from sync.approval p where p.batch_id = b.id"
    " and p.state in ('rejected', 'expired', 'overtaken')), b.state) else b.state end as state"
)

# Airflow DAG and integration have one name; an integration that was moved to another org or account has a row per pair of them.
INTEGRATIONS = f"""
select i.id, i.name, i.org_id, i.account_id, i.is_sandbox, i.enabled_at,
  b.id as batch_id, b.run_id, b.mode, {RUN_STATE}, b.started_at, b.ended_at,
  (select max(started_at) from sync.batch d where d.integration_id = i.id and d.state in ('done', 'partial', 'idle')) as succeeded_at,
  (select count(*) from sync.rejection r where r.integration_id = i.id and r.closed_at is null) as waiting,
  (select count(*) from sync.rejection r where r.integration_id = i.id and r.closed_at is null
    and r.reasons @> '[{{"code": "ambiguous"}}]') as ambiguous,
  (select count(*) from sync.conflict c where c.integration_id = i.id and c.noted_at > now() - interval '7 days') as conflicts,
  (select min(value) from sync.watermark w where w.integration_id = i.id) as watermark,
  (select health::float from sync.audit u where u.integration_id = i.id order by u.id desc limit 1) as health
from sync.integration i
left join lateral (select * from sync.batch b where b.integration_id = i.id order by b.id desc limit 1) b on true
where i.name = any(:names) and (cast(:id as int) is null or i.id = :id) order by i.name, b.id desc nulls last
"""  # noqa: S608 (put together from constants)

KNOWN = (
    "select id, name from sync.integration where name = any(:names) and (cast(:id as int) is null or id = :id) order by name, id"
)

RUNS = f"""
select id, run_id, mode, {RUN_STATE}, started_at, ended_at, params, mapping_digest, counts, reads from sync.batch b
where integration_id = :id and (:before = 0 or id < :before) and (:with_idle or state <> 'idle') order by id desc limit :limit
"""  # noqa: S608 (put together from constants)

LATEST_STATES = (
    f"select id, {RUN_STATE}, mode, run_id, started_at from sync.batch b where integration_id = :id"  # noqa: S608 (put together from constants)
    " order by id desc limit :limit"
)

# A finished batch has noted what it did; one that broke off, or is at it, is counted; a plan that waits has done nothing.
# Notes are summed up before their keys are taken apart: there are few keys, however many batches.
OVER_TIME = f"""
with shown as (
  select id, date_trunc(:step, started_at at time zone 'UTC') as moment, counts->'load' as noted from sync.batch
  where integration_id = :id and started_at >= now() - make_interval(days => :days) and state not in ('idle', 'planned', 'held')),
noted as (
  select moment, split_part(key, ' ', 1) as entity, substr(split_part(key, ' ', 2), 4) as side, split_part(key, ' ', 3) as operation,
    split_part(key, ' ', 4) as state, n
  from (select moment, key, sum(value::bigint) as n from shown, jsonb_each_text(noted)
    where noted is not null and key like '% to_% % %' group by 1, 2) k),
counted as (
  select s.moment, a.entity, a.side, a.operation, a.state, a.n
  from shown s, lateral (select entity, side, operation, {COUNTED_STATE} as state, count(*) as n from sync.action a
    where a.batch_id = s.id and a.operation <> 'agree' group by 1, 2, 3, 4) a where s.noted is null)
select moment, entity, side,
  coalesce(sum(n) filter (where state = 'done' and operation = 'create'), 0)::bigint as created,
  coalesce(sum(n) filter (where state = 'done' and operation = 'update'), 0)::bigint as updated,
  coalesce(sum(n) filter (where state = 'done' and operation = 'delete'), 0)::bigint as deleted,
  coalesce(sum(n) filter (where state = 'skipped'), 0)::bigint as skipped,
  coalesce(sum(n) filter (where state in ('failed', 'unknown')), 0)::bigint as failed
from (select * from noted union all select * from counted) c where operation <> 'agree' group by 1, 2, 3 order by 1, 2, 3
"""  # noqa: S608 - a constant

ENTITIES = """
with recursive e as (
  select min(entity) as entity from sync.action where integration_id = :id
  union all select (select min(entity) from sync.action a where a.integration_id = :id and a.entity > e.entity) from e
  where e.entity is not null)
select entity from e where entity is not null
union select entity from sync.watermark where integration_id = :id
union select entity from sync.rejection where integration_id = :id and closed_at is null order by 1
"""

WATERMARKS = """
select w.entity, w.side, w.value, extract(epoch from now() - w.value)::bigint as age_seconds, b.run_id
from sync.watermark w join sync.batch b on b.id = w.batch_id where w.integration_id = :id order by w.entity, w.side
"""


def integrations(connection: Connection, names: Sequence[str], integration_id: int | None = None) -> list[Row]:
    """The integrations called `names`, with their newest run and what waits; the one in use first among those of one name."""
    return rows(connection, INTEGRATIONS, names=list(names), id=integration_id)


def known(connection: Connection, names: Sequence[str], integration_id: int | None = None) -> list[Row]:
    """Only id and name of the integrations called `names`: all that most views need."""
    return rows(connection, KNOWN, names=list(names), id=integration_id)


def runs(connection: Connection, integration_id: int, limit: int = 20, before: int = 0, with_idle: bool = False) -> list[Row]:
    """The newest runs, those that found nothing left out unless `with_idle`."""
    return rows(connection, RUNS, id=integration_id, limit=limit, before=before, with_idle=with_idle)


def latest_states(connection: Connection, integration_id: int, limit: int = 60) -> list[Row]:
    """The newest runs with their states only, oldest first."""
    return rows(connection, LATEST_STATES, id=integration_id, limit=limit)[::-1]


def over_time(connection: Connection, integration_id: int, days: int) -> list[Row]:
    """Created, updated, deleted, skipped and failed by entity, side written and day (hour, for a single day), in UTC."""
    return rows(connection, OVER_TIME, id=integration_id, days=days, step="hour" if days <= 1 else "day")


def entities(connection: Connection, integration_id: int) -> list[str]:
    """The entities that anything is known of."""
    return [row["entity"] for row in rows(connection, ENTITIES, id=integration_id)]


def watermarks(connection: Connection, integration_id: int) -> list[Row]:
    """Up to when each side of each entity was read."""
    return rows(connection, WATERMARKS, id=integration_id)


def rows(connection: Connection, query: str, **values: Any) -> list[Row]:
    """Return the rows of `query` as dictionaries."""
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
