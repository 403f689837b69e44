"""What the audit does about unexplained differences: makes sure of missing records, and queues records for the next run."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Record
from connectors.errors import BudgetError
from sync.audit_facts import Difference, Scope, class_of
from sync.batch import Batch
from sync.database import to_json
from sync.opt_out import has_ended
from sync.rejections import WAITS, reason
from sync.settings import SIDES, EntitySettings, Side
from sync.staging import to_storable_json, wanted_fields

log = logging.getLogger(__name__)
CONFIRMED = 500  # missing records that are asked for by id; so many are a finding by themselves
WORDS = {
    "changed": "the nightly audit found values that no run has seen",
    "missing": "the nightly audit found that the record is gone, or has opted out",
    "unlinked": "the nightly audit found it without a counterpart",
}


def confirm_missing(
    found: Sequence[Difference], entity: EntitySettings, connectors: Mapping[Side, Connector], scope: Scope
) -> list[Difference]:
    """Ask for records that were not shown: one that is there after all was left out; a deletion may be on its way."""
    for side in SIDES:
        missing = [each for each in found if each.kind == "missing" and each.side == side and class_of(each) == "unexplained"]
        records = _read(missing[:CONFIRMED], entity, side, connectors[side], scope.batch)
        for each in missing[:CONFIRMED]:
            record = records.get(each.record_id)
            is_over = record is not None and has_ended(entity, side, record)
            each.is_left_out = record is not None and not is_over
            each.is_moving = record is not None and is_over and record.modified_at >= scope.read_to[side]
    return list(found)


def fetch(found: Sequence[Difference], batch: Batch, connectors: Mapping[Side, Connector]) -> None:
    """Read the records that were vouched for and not shown; where the calls do not last for them, the next audit does."""
    blank = [each for each in found if each.raw is None and each.kind != "missing"]
    for entity in batch.entities():
        for side in SIDES:
            mine = [each for each in blank if (each.entity, each.side) == (entity.name, side)]
            try:
                records = _read(mine, entity, side, connectors[side], batch)
            except BudgetError as error:
                log.warning("%s %s: %d records are left to the next audit: %s", batch.name, entity.name, len(mine), error)
                continue
            for each in mine:
                record = records.get(each.record_id)
                each.raw = record.raw if record and not record.is_deleted else None


def _read(
    asked: Sequence[Difference], entity: EntitySettings, side: Side, connector: Connector, batch: Batch
) -> dict[str, Record]:
    ids = [each.record_id for each in asked]
    pages = connector.read(entity.reads_as(side), ids, wanted_fields(batch, entity, side)) if ids else ()
    return {record.id: record for page in pages for record in page.records}


def requeue(connection: Connection, batch: Batch, found: Sequence[Difference]) -> int:
    """Let the next run look at these records as if they had just changed (a missing one: as deleted); return how many."""
    rows = [_row(batch, each) for each in found if each.raw is not None or each.kind == "missing"]
    if rows:
        connection.execute(
            text(
                "insert into sync.rejection (integration_id, entity, side, record_id, stage, reasons, raw, modified_at, mapping_digest,"
                " retry_at, first_batch_id, last_batch_id, is_deleted) values (:integration_id, :entity, :side, :record_id, 'load',"
                " cast(:reasons as jsonb), cast(:raw as jsonb), :modified_at, :digest, now(), :batch_id, :batch_id, :is_deleted)"
                " on conflict do nothing"
            ),
            rows,
        )
    for each in found:
        each.is_requeued = each.raw is not None or each.kind == "missing"
    return len(rows)


def _row(batch: Batch, each: Difference) -> dict[str, Any]:
    entities = {entity.name: entity for entity in batch.entities()}
    wanted = wanted_fields(batch, entities[each.entity], each.side)
    document = to_storable_json({name: each.raw.get(name) for name in wanted} if each.raw else {})[1]
    return {
        "integration_id": batch.integration_id, "entity": each.entity, "side": each.side, "record_id": each.record_id,
        "reasons": to_json([reason("", WAITS, WORDS[each.kind])]), "raw": document, "digest": batch.integration.digest,
        "modified_at": each.modified_at or datetime.now(UTC), "batch_id": batch.id, "is_deleted": each.kind == "missing",
    }  # fmt: skip
