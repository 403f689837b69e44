"""Counterparts: fetch for each new record what may be there already on the other side, before anything is matched."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Page
from sync.batch import Batch
from sync.chosen import chosen_ids
from sync.decisions import OTHER
from sync.mapping import Row
from sync.settings import EntitySettings, Side
from sync.siblings import siblings_of
from sync.staging import copy_raw, drop_repeats, wanted_fields
from sync.successors import drop_converted, drop_gone_up

SIDES: tuple[Side, Side] = ("salesforce", "app")


def stage_matches(batch: Batch, entity: EntitySettings, connectors: Mapping[Side, Connector], reads: Mapping[str, Any]) -> int:
    """Stage what the new records of either side may match on the other; return how many records were fetched.

    A side that was read whole needs no look-up, but for what its filter has left out: that stands for somebody, too.
    Keys are tried in order; a record found by one is not looked up by the next. What was found is looked up in its
    turn: another record of the side it was found for may match it just as well.
    """
    count = 0
    with batch.engine.begin() as connection:
        for side in SIDES:
            other = OTHER[side]
            named = {*_unsure_partners(connection, batch, entity, side), *chosen_ids(connection, batch, entity, side)}
            for page in (
                connectors[other].read(entity.reads_as(other), sorted(named), wanted_fields(batch, entity, other))
                if named
                else ()
            ):
                count += copy_raw(connection, batch, entity, other, "match", page.records)
            is_full = bool(reads[other].get("is_full"))
            if (is_full and not entity.filters.get(other)) or (side == "salesforce" and _only_blocks(entity)):
                continue
            rows = new_rows(connection, batch, entity, side)
            staged = _staged(connection, batch, entity, other) if is_full else _nothing
            for page in _counterparts(batch, entity, side, connectors[other], rows, entity.match, staged):
                count += copy_raw(connection, batch, entity, other, "match", page.records)
        if not reads["app"].get("is_full"):
            shared = [name for name in entity.match if name not in entity.unique]
            rows = new_rows(connection, batch, entity, "salesforce", "match")
            for page in _counterparts(batch, entity, "salesforce", connectors["app"], rows, shared):
                count += copy_raw(connection, batch, entity, "app", "match", page.records)
        if count:
            drop_repeats(connection, batch, entity)
            drop_converted(connection, batch, entity)
            drop_gone_up(connection, batch, entity, reads["salesforce"])
    return count


def _only_blocks(entity: EntitySettings) -> bool:
    """Tell whether a Salesforce record can do no more than block what comes: then nothing is looked for in the app."""
    return bool(entity.blocked_by) and not entity.writes_to("app")


def _unsure_partners(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> list[str]:
    """The ids on the other side of which the link does not tell how they stand by now, where the record on `side` is looked at.

    A deleted one may be there again; one that was settled under another mapping may have values that were never looked at.
    """
    other = OTHER[side]
    query = text(
        f"select l.{other}_id from staging.raw r join sync.link l on l.integration_id = r.integration_id and l.entity = r.entity"
        f" and l.{side}_id = r.record_id where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = :side"
        f" and not r.is_deleted and l.{other}_id is not null and (l.state = 'tombstone' and r.origin in ('change', 'request')"
        "  or l.state = 'live' and (select b.mapping_digest from sync.batch b where b.id = l.batch_id) is distinct from :digest)"
        " and not exists (select 1 from staging.raw o where o.batch_id = r.batch_id and o.batch_day = r.batch_day"
        f"  and o.integration_id = r.integration_id and o.entity = r.entity and o.side = '{other}' and o.record_id = l.{other}_id)"
    )
    values = {
        "id": batch.id, "day": batch.day, "entity": entity.name, "side": side, "digest": batch.integration.digest,
    }  # fmt: skip
    return sorted(connection.execute(query, values).scalars())


def new_rows(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, origin: str | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """The records of one side that have no link yet, and whose app record is in none of a sibling, with their raw fields."""
    query = text(
        "select r.record_id, r.raw from staging.raw r where r.batch_id = :id and r.batch_day = :day and r.entity = :entity"
        " and r.side = :side and r.origin = coalesce(:origin, r.origin) and not r.is_deleted"
        " and not exists (select 1 from sync.link l where l.integration_id = r.integration_id"
        f" and l.{side}_id = r.record_id and (l.entity = r.entity and l.state <> 'pending' or l.entity = any(:siblings)))"
    )
    siblings = siblings_of(batch.integration.settings, entity) if side == "app" else ()
    values = {"id": batch.id, "day": batch.day, "entity": entity.name, "side": side, "origin": origin, "siblings": list(siblings)}
    return [(row.record_id, row.raw) for row in connection.execute(query, values)]


def _nothing(_: str) -> set[str]:
    return set()


def _staged(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> Callable[[str], set[str]]:
    """Return what tells the values of a raw field that this batch holds of `side`, in small letters."""
    query = text(
        "select distinct lower(trim(raw->>:name)) from staging.raw where batch_id = :id and batch_day = :day and entity = :entity"
        " and side = :side and not is_deleted and raw->>:name is not null"
    )
    values = {"id": batch.id, "day": batch.day, "entity": entity.name, "side": side}
    return lambda name: set(connection.execute(query, {**values, "name": name}).scalars())


def _counterparts(
    batch: Batch,
    entity: EntitySettings,
    side: Side,
    connector: Connector,
    rows: list[tuple[str, dict[str, Any]]],
    keys: Sequence[str],
    staged: Callable[[str], set[str]] = _nothing,
) -> Iterator[Page]:
    """Yield what `connector` finds for `rows`; values that `staged` knows of a field are not looked for."""
    other = OTHER[side]
    name, wanted = entity.reads_as(other), wanted_fields(batch, entity, other)
    reference = entity.salesforce_reference if side == "salesforce" else next(iter(entity.app_references), None)
    ids = sorted({str(raw[reference]) for _, raw in rows if reference and raw.get(reference)})
    if ids:
        yield from connector.read(name, ids, wanted)
    if other == "salesforce" and entity.salesforce_reference and rows:
        yield from connector.find(name, entity.salesforce_reference, [record_id for record_id, _ in rows], wanted)
    by_name = batch.integration.mappings[entity.name].by_name
    for row in (by_name[name] for name in keys):
        mine, theirs = key_fields(row, side)
        values = {str(raw[mine]).strip().lower(): str(raw[mine]).strip() for _, raw in rows if raw.get(mine)}
        found = staged(theirs) if values else set()
        missing = sorted(value for low, value in values.items() if low not in found)
        if missing:
            for page in connector.find(name, theirs, missing, wanted):
                found |= {str(record.raw.get(theirs) or "").strip().lower() for record in page.records}
                yield page
        rows = [(key, raw) for key, raw in rows if str(raw.get(mine) or "").strip().lower() not in found]


def key_fields(row: Row, side: Side) -> tuple[str, str]:
    """The raw field of a match key on `side` and on the other side."""
    mine, theirs = (row.salesforce_fields[0], row.app_fields[0])
    return (mine, theirs) if side == "salesforce" else (theirs, mine)
