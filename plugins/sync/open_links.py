"""Open links: those that a run has to look at though no list of changes may name their records.

A link that has moved to a successor is looked at on both sides. A digest that was left open (by `settle`, `outbox.look_again` or an
undo) says that its record has to be compared once more: where no stamp tells of what was written, nothing else would bring it.
A record that is not there, or does not pass the filter, is not waited for: once it comes back, its stamp has moved.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Record
from sync.approval import IN_HELD_PLAN
from sync.batch import Batch
from sync.opt_out import end_opted_out
from sync.rejections import forget
from sync.settings import SIDES, EntitySettings, Side
from sync.staging import copy_raw, drop_repeats, wanted_fields
from sync.successors import drop_gone_up, gone_up

REJECTED = """
exists (select 1 from sync.rejection r where r.integration_id = l.integration_id and r.entity = l.entity and r.closed_at is null
  and (r.side = 'salesforce' and r.record_id = l.salesforce_id or r.side = 'app' and r.record_id = l.app_id))
"""
STAGED = """
select record_id from staging.raw where batch_id = :id and batch_day = :day and integration_id = :integration_id
  and entity = :entity and side = :side and record_id = any(:ids)
"""


def stage_open(batch: Batch, entity: EntitySettings, connectors: Mapping[Side, Connector], reads: Mapping[str, Any]) -> int:
    """Stage both records of links that have moved, by now or in a run that broke off, the app's of those that end, and the records
    whose digest is open. `reads`: when each side was read. Return how many were fetched."""
    count = 0
    with batch.engine.begin() as connection:
        moved = _moved(connection, batch, entity)
        ended = gone_up(connection, batch, entity) if entity.facts("salesforce") else ()
        wanted = {"salesforce": [row.salesforce_id for row in moved], "app": [row.app_id for row in (*moved, *ended)]}
        for side in SIDES:
            count += _complete_copies(connection, batch, entity, side, connectors[side])
            opened = _opened(connection, batch, entity, side) if batch.request.is_whole else []
            count += _stage(connection, batch, entity, side, connectors[side], wanted[side], opened)
        if count:
            drop_repeats(connection, batch, entity)
            drop_gone_up(connection, batch, entity, reads["salesforce"])
    return count


def _values(batch: Batch, entity: EntitySettings) -> dict[str, Any]:
    return {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name}


def _moved(connection: Connection, batch: Batch, entity: EntitySettings) -> Sequence[Any]:
    """Links that have moved and were not settled since, because their run broke off or only planned."""
    query = text(
        "select salesforce_id, app_id from sync.link l where integration_id = :integration_id and entity = :entity and state = 'pending'"
        f" and salesforce_digest = '' and salesforce_id is not null and app_id is not null and not {IN_HELD_PLAN}"
    )
    return connection.execute(query, _values(batch, entity)).all()


def _opened(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> list[str]:
    """The records of which the digest was left open. Those of which a rejection is open come back with that."""
    query = text(
        f"select l.{side}_id from sync.link l where l.integration_id = :integration_id and l.entity = :entity and l.state = 'live'"
        f" and l.{side}_digest = '' and not {IN_HELD_PLAN} and not {REJECTED}"
    )
    return list(connection.execute(query, _values(batch, entity)).scalars())


def _stage(
    connection: Connection,
    batch: Batch,
    entity: EntitySettings,
    side: Side,
    connector: Connector,
    moved: Sequence[str],
    opened: Sequence[str],
) -> int:
    """Fetch the records that the batch has not staged yet."""
    values = {**_values(batch, entity), "side": side, "ids": [*moved, *opened]}
    missing = sorted({*values["ids"]} - {*connection.execute(text(STAGED), values).scalars()}) if values["ids"] else []
    count = 0
    for page in connector.read(entity.reads_as(side), missing, wanted_fields(batch, entity, side)) if missing else ():
        records = end_opted_out(connection, batch, entity, side, page.records)
        kept = [each for each in records if each.id in moved or _is_wanted(each, entity, side)]
        count += copy_raw(connection, batch, entity, side, "match", kept)
    _forget_absent(connection, batch, entity, side, {*opened} & {*missing})
    return count


def _complete_copies(connection: Connection, batch: Batch, entity: EntitySettings, side: Side, connector: Connector) -> int:
    """Read the records again of which our own copy lacks a field that the mapping has got since: it would seem empty."""
    wanted = wanted_fields(batch, entity, side)
    mine = "batch_id = :id and batch_day = :day and entity = :entity and side = :side"
    query = text(
        f"select record_id from staging.raw where {mine} and origin = 'retry' and not is_deleted"
        " and not jsonb_exists_all(raw::jsonb, cast(:wanted as text[]))"
    )
    values = {**_values(batch, entity), "side": side}
    ids = list(connection.execute(query, {**values, "wanted": list(wanted)}).scalars())
    count = 0
    for page in connector.read(entity.reads_as(side), ids, wanted) if ids else ():
        records = end_opted_out(connection, batch, entity, side, page.records)
        kept = [each for each in records if _is_wanted(each, entity, side) or each.raw.get("IsConverted") is True]
        read = text(f"delete from staging.raw where {mine} and record_id = any(:ids)")
        connection.execute(read, {**values, "ids": [each.id for each in records]})
        forget(connection, batch, entity, side, sorted({each.id for each in records} - {each.id for each in kept}))
        count += copy_raw(connection, batch, entity, side, "retry", kept)
    return count


def _is_wanted(record: Record, entity: EntitySettings, side: Side) -> bool:
    return record.is_deleted or entity.passes(side, record.raw)


def _forget_absent(connection: Connection, batch: Batch, entity: EntitySettings, side: Side, ids: Collection[str]) -> None:
    """Take those that were asked for and did not come for unknown, not for open."""
    query = text(
        f"update sync.link set {side}_digest = null where integration_id = :integration_id and entity = :entity"
        f" and {side}_id = any(:ids) and {side}_digest = '' and {side}_id not in ({STAGED})"
    )
    if ids:
        connection.execute(query, {**_values(batch, entity), "side": side, "ids": sorted(ids)})
