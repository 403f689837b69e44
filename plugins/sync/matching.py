"""Matching: find for each new record the one that is already there on the other side. More than one candidate is never guessed."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.blocks import mark_blocked
from sync.chosen import match_chosen
from sync.decisions import OTHER
from sync.initial_load import replaces
from sync.map import ABSENT, GONE
from sync.settings import EntitySettings, Side
from sync.siblings import siblings_of

SIDES: tuple[Side, Side] = ("salesforce", "app")
SHOWN = 5  # candidates that an ambiguous record is listed with
MANY = 5_000  # new rows after which the planner needs fresh statistics

# Who else stands for a unique value of a newcomer: those linked, by what they were settled on and what was read, then the newcomers.
TWINS = """
with wanted as (select distinct lower(fields->>:name) as value from newcomer where side = :side and matched_id is null),
linked as not materialized (
  select l.* from sync.link l where l.integration_id = :integration_id and l.entity = any(:family) and l.{side}_id is not null
    and not exists (select 1 from staging.record d where d.batch_id = :id and d.batch_day = :day and d.entity = l.entity
      and d.side = :side and d.record_id = l.{side}_id and d.is_deleted)),
seen as (
  select r.entity, r.side, r.record_id, w.value from staging.record r join wanted w on w.value = lower(r.fields->>:name)
  where r.batch_id = :id and r.batch_day = :day and r.entity = any(:family) and not r.is_deleted),
holder as (
  select w.value, l.{side}_id as id, 0 as rank from linked l join wanted w on w.value = lower(l.base->>:name) where l.state = 'live'
  union all select s.value, l.{side}_id, 0 from seen s join linked l on s.side = 'salesforce' and l.entity = s.entity
    and l.salesforce_id = s.record_id and l.state in ('live', 'pending')
  union all select s.value, l.{side}_id, 0 from seen s join linked l on s.side = 'app' and l.entity = s.entity
    and l.app_id = s.record_id and l.state in ('live', 'pending')
  union all select lower(fields->>:name), record_id, case when matched_id is null then 2 else 1 end from newcomer
    where side = :side and not is_ambiguous and twin_of is null and fields->>:name is not null
      and (half_of is null and is_valid or matched_id is not null)),
first as (select distinct on (value) value, id from holder order by value, rank, id)
update newcomer n set twin_of = f.id, twin_by = :name from first f where n.side = :side and n.matched_id is null
  and not n.is_ambiguous and n.twin_of is null and n.half_of is null and n.is_valid
  and lower(n.fields->>:name) = f.value and f.id <> n.record_id
"""


def link_new(connection: Connection, batch: Batch) -> Iterator[EntitySettings]:
    """Create the links of this batch's new records: in all entities the matched pairs, then the singles.

    Yields each entity once its pairs are matched; what could not be told is then in `newcomer` and `candidate`.
    """
    connection.execute(text("drop table if exists single, undecided"))
    for table in ("single", "undecided"):
        connection.execute(text(f"create temporary table {table} (entity text, side text, record_id text) on commit drop"))
    for entity in batch.entities():
        _link_matched(connection, batch, entity)
        yield entity
    _link_singles(connection, batch)


def _link_matched(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Link what matches one to one, and note the singles.

    Works on the temporary table `newcomer` (live, unlinked records of the batch; a rejected one is matched too, lest its
    counterpart be created a second time, but never comes in by itself). First what a person chose, then keys in order: the
    cross-reference either side carries, the entity's match keys; a pair counts only when it is the only one for both.
    """
    siblings = siblings_of(batch.integration.settings, entity)
    values = {
        "id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name, "siblings": list(siblings),
    }  # fmt: skip
    connection.execute(text("drop table if exists newcomer, candidate"))
    connection.execute(
        text(
            f"create temporary table newcomer on commit drop as select r.side, r.record_id, r.reference, {_keys(entity)} as fields, r.origin,"
            " null::text as matched_id, false as is_ambiguous, null::text as twin_of, null::bigint as half_of, r.verdict = 'valid' as is_valid,"
            " null::text as twin_by, null::json as blocked_by, false as is_alone"
            " from staging.record r where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and not r.is_deleted"
            " and not exists (select 1 from sync.link l where l.integration_id = :integration_id and l.entity = :entity"
            "  and l.salesforce_id = r.record_id and r.side = 'salesforce')"
            " and not exists (select 1 from sync.link l where l.integration_id = :integration_id"
            "  and (l.entity = :entity or l.entity = any(:siblings)) and l.app_id = r.record_id and r.side = 'app')"
            " and not exists (select 1 from undecided u where u.entity = any(:siblings) and u.record_id = r.record_id and r.side = 'app')"
        ),
        values,
    )
    connection.execute(
        text(
            "create temporary table candidate (salesforce_id text, app_id text, key text, primary key (salesforce_id, app_id)) on commit drop"
        )
    )
    _add_halves(connection, entity, values)
    connection.execute(text("analyze newcomer"))
    match_chosen(connection, batch, entity)
    if entity.salesforce_reference or entity.app_references:
        _match_by(connection, "reference", "case side when 'salesforce' then record_id else reference end")
        _match_by(connection, "reference", "case side when 'salesforce' then reference else record_id end")
    if entity.blocked_by:
        mark_blocked(connection, batch, entity)
    else:
        for name in entity.match:
            _match_by(connection, name, f"lower(fields->>'{name}')")
    _mark_twins(connection, batch, entity)
    half = "select half_of from newcomer where half_of is not null and matched_id is not null"
    connection.execute(text(f"delete from sync.link where id in ({half})"))
    connection.execute(
        text(
            "insert into sync.link (integration_id, entity, salesforce_id, app_id, salesforce_digest, app_digest, batch_id)"
            " select :integration_id, :entity, s.record_id, a.record_id, case when a.half_of is not null then :gone end,"
            "  case when s.half_of is not null then :gone end, :id from newcomer s join newcomer a on a.record_id = s.matched_id"
            " where s.side = 'salesforce' and a.side = 'app' and (s.origin <> 'match' or a.origin <> 'match')"
            ' order by s.record_id collate "C"'
        ),
        {**values, "gone": GONE},
    )
    sources = [side for side in SIDES if batch.is_open(entity, OTHER[side]) and entity.creates_on(OTHER[side])]
    sources += ["app"] if "app" not in sources and replaces(connection, batch, entity) else []
    connection.execute(
        text(
            "insert into single select :entity, side, record_id from newcomer where matched_id is null and not is_ambiguous"
            " and twin_of is null and half_of is null and blocked_by is null and is_valid and origin <> 'match' and side = any(:sources)"
        ),
        {**values, "sources": sources},
    )
    connection.execute(
        text(
            "insert into undecided select :entity, side, record_id from newcomer where side = 'app'"
            " and (is_ambiguous or twin_of is not null or blocked_by is not null)"
        ),
        values,
    )


def _link_singles(connection: Connection, batch: Batch) -> None:
    """Begin the links of records that are made on the other side, unless a sibling has the app's record by now."""
    for entity in batch.entities():
        siblings = siblings_of(batch.integration.settings, entity)
        created = connection.execute(
            text(
                "insert into sync.link (integration_id, entity, salesforce_id, app_id, batch_id) select :integration_id, n.entity,"
                " case when n.side = 'salesforce' then n.record_id end, case when n.side = 'app' then n.record_id end, :id"
                " from single n where n.entity = :entity and not (n.side = 'app' and exists (select 1 from sync.link l"
                "  where l.integration_id = :integration_id and l.entity = any(:siblings) and l.app_id = n.record_id))"
                " and not (n.side = 'app' and exists (select 1 from undecided u where u.entity = any(:siblings) and u.record_id = n.record_id))"
                ' order by n.side, n.record_id collate "C"'
            ),
            {"integration_id": batch.integration_id, "entity": entity.name, "siblings": list(siblings), "id": batch.id},
        )
        if created.rowcount > MANY:
            connection.execute(text("analyze sync.link"))


def _keys(entity: EntitySettings) -> str:
    """The fields that matching looks at, as an SQL expression: the others would only be carried along."""
    names = dict.fromkeys((*entity.match, *entity.unique))
    pairs = ", ".join(f"'{name}', r.fields->'{name}'" for name in names)
    return f"jsonb_build_object({pairs})"


def _add_halves(connection: Connection, entity: EntitySettings, values: Mapping[str, Any]) -> None:
    """Let records whose counterpart is deleted, by now or in this batch, meet a new one; by themselves they stay as they are."""
    for side in SIDES:
        other = OTHER[side]
        connection.execute(
            text(
                f"insert into newcomer select r.side, r.record_id, r.reference, {_keys(entity)}, r.origin, null, false, null, l.id,"
                " r.verdict = 'valid', null, null, false"
                f" from (select id, {side}_id as record_id from sync.link where integration_id = :integration_id and entity = :entity"
                f"  and state = 'tombstone' and {other}_digest = any(:absent) union select l.id, l.{side}_id from staging.record d"
                f"  join sync.link l on l.integration_id = :integration_id and l.entity = :entity and l.{other}_id = d.record_id"
                "  where d.batch_id = :id and d.batch_day = :day and d.entity = :entity and d.is_deleted"
                f"  and d.side = '{other}') l join staging.record r on r.record_id = l.record_id"
                " where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and not r.is_deleted"
                f" and r.side = '{side}'"
            ),
            {**values, "absent": list(ABSENT)},
        )


def _match_by(connection: Connection, key: str, value: str) -> None:
    """Pair the newcomers that have the same `value` (an SQL expression) one to one; mark the others that share it as ambiguous.

    These are listed with a few candidates, not all: a thousand people behind one telephone number would make a million pairs.
    """
    connection.execute(text("drop table if exists keyed"))
    connection.execute(
        text(
            f"create temporary table keyed on commit drop as select side, record_id, {value} as value,"
            f" row_number() over (partition by side, {value} order by record_id) as place from newcomer"
            f" where matched_id is null and not is_ambiguous and not is_alone and {value} is not null"
        )
    )
    connection.execute(text("analyze keyed"))
    shared = (
        "select value, count(*) = 2 as is_only, min(record_id) filter (where side = 'salesforce') as salesforce_id,"
        " min(record_id) filter (where side = 'app') as app_id from keyed group by value"
        " having count(*) filter (where side = 'app') between 1 and count(*) - 1"
    )
    connection.execute(
        text(
            f"with shared as ({shared}) update newcomer n set is_ambiguous = not s.is_only, matched_id = case when s.is_only"
            "  then case n.side when 'salesforce' then s.app_id else s.salesforce_id end end"
            " from keyed k join shared s on s.value = k.value where n.side = k.side and n.record_id = k.record_id"
        )
    )
    for side in ("s", "a"):
        connection.execute(
            text(
                f"with shared as ({shared}) insert into candidate select s.record_id, a.record_id, :key from shared"
                " join keyed s on s.value = shared.value and s.side = 'salesforce'"
                " join keyed a on a.value = shared.value and a.side = 'app'"
                f" where not shared.is_only and {side}.place <= :shown on conflict do nothing"
            ),
            {"key": key, "shown": SHOWN},
        )


def _mark_twins(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Mark newcomers whose unique value another record of their own side already stands for (the oldest id stays).

    A linked record stands for what it was settled on, and for what either record of its link has by now: that is about to be written.
    """
    family = [entity.name, *siblings_of(batch.integration.settings, entity)]
    values = {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "family": family}
    for name in entity.unique:
        for side in SIDES:
            connection.execute(text(TWINS.format(side=side)), {**values, "name": name, "side": side})
