"""Opt-outs: who is linked and opts out on one side is taken off the other, as if the record were deleted. Nobody is put back for it."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, text

from connectors.contract import Record
from sync.batch import Batch
from sync.settings import EntitySettings, Side

LINKED = """
select l.{side}_id from sync.link l where l.integration_id = :id and l.entity = :entity and l.{side}_id = any(:ids)
  and l.state in ('live', 'pending') and (l.salesforce_id is not null and l.app_id is not null
    or exists (select 1 from sync.action a where a.link_id = l.id and a.operation = 'create' and a.state = 'accepted'))
"""


def end_opted_out(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, records: Sequence[Record]
) -> list[Record]:
    """Return `records`, those of linked people who opted out as deleted ones: the policy for deletions says what follows.

    Who was taken by the other side and is shown there later counts as linked: no later list of changes tells of the opt-out.
    """
    out = [record.id for record in records if not record.is_deleted and has_ended(entity, side, record)]
    if not out:
        return list(records)
    values = {"id": batch.integration_id, "entity": entity.name, "ids": out}
    ended = set(connection.execute(text(LINKED.format(side=side)), values).scalars())
    return [replace(record, is_deleted=True) if record.id in ended else record for record in records]


def has_ended(entity: EntitySettings, side: Side, record: Record) -> bool:
    """Tell whether a record is deleted, or has opted out, which comes to the same for one that is linked."""
    return record.is_deleted or is_ticked(record.raw.get(entity.opt_out.get(side, "")))


def is_ticked(value: object) -> bool:
    """Tell whether a check box is ticked, as any API writes it."""
    return value is True or str(value).strip().casefold() in ("true", "1", "yes")
