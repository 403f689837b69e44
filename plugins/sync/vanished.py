"""Vanished: find out whether a reference became empty because its record was deleted, where no delete feed tells.

A help desk that deletes a company takes it out of its contacts as well. Nobody edited those, so nothing must be emptied
elsewhere: the company's link becomes a tombstone here, and reconcile takes the empty reference for what it is.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from connectors.contract import Connector
from sync.batch import Batch
from sync.map import GONE
from sync.mapping import Row
from sync.settings import EntitySettings, Side

SIDES: tuple[Side, Side] = ("salesforce", "app")


def note_vanished(batch: Batch, entity: EntitySettings, connectors: Mapping[Side, Connector]) -> int:
    """Make tombstones of the links whose records are gone, judged by emptied references; return how many."""
    targets = {each.name: each for each in batch.integration.settings.entities}
    count = 0
    for row in batch.integration.mappings[entity.name].rows:
        for side in SIDES if row.transform.common_type == "reference" and row.transform.argument in targets else ():
            target = targets[row.transform.argument].reads_as(side)
            if not connectors[side].entities[target.partition("@")[0]].has_delete_feed:
                count += _bury(batch, entity, side, row, target, connectors[side])
    return count


def _bury(batch: Batch, entity: EntitySettings, side: Side, row: Row, target: str, connector: Connector) -> int:
    with batch.engine.begin() as connection:
        asked = _emptied(connection, batch, entity, side, row)
        if not asked:
            return 0
        pages = connector.read(target, sorted(asked), ())
        missing = set(asked) - {record.id for page in pages for record in page.records if not record.is_deleted}
        connection.execute(
            text(f"update sync.link set state = 'tombstone', {side}_digest = :gone, updated_at = now() where id = any(:ids)"),
            {"gone": GONE, "ids": [asked[record_id] for record_id in missing]},
        )
    return len(missing)


def _emptied(connection: Connection, batch: Batch, entity: EntitySettings, side: Side, row: Row) -> dict[str, int]:
    """The records that `row` referred to and does no more, by their id on `side`, with their links."""
    base = "l.base" if side == "salesforce" else "(l.base || l.app_base)"
    query = text(
        f"select distinct t.{side}_id, t.id from staging.raw r join sync.link l on l.integration_id = r.integration_id"
        f" and l.entity = r.entity and l.{side}_id = r.record_id and l.state = 'live'"
        f" join sync.link t on t.id = ({base}->>:name)::bigint and t.state = 'live'"
        " where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = :side and not r.is_deleted"
        " and r.raw->>:field is null"
    )
    values = {
        "id": batch.id, "day": batch.day, "entity": entity.name, "side": side, "name": row.name, "field": row.fields(side)[0],
    }  # fmt: skip
    return {row[0]: row[1] for row in connection.execute(query, values)}
