"""Answers: what a system says of a record after our write goes into staging, so that reading it back finds nothing new."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Record, Result
from sync.batch import Batch
from sync.database import to_json
from sync.map import Reader, digest, reference_field
from sync.rejections import refresh
from sync.settings import EntitySettings, Side
from sync.staging import raw_digest, storable, wanted_fields

FEWEST_KEPT = 40  # characters of a text that was cut off: nobody shortens one to its beginning by chance


def seen_fields(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return the common fields that this batch read of records, by id."""
    query = text(
        "select record_id, fields from staging.record where batch_id = :id and batch_day = :day and entity = :entity and side = :side"
        " and record_id = any(:ids) and not is_deleted"
    )
    values = {"id": batch.id, "day": batch.day, "entity": entity.name, "side": side, "ids": list(ids)}
    return {row.record_id: row.fields for row in connection.execute(query, values)}


def storable_result(result: Result) -> Result:
    """Return `result` with the record as Postgres can keep it."""
    return replace(result, record=replace(result.record, raw=storable(result.record.raw))) if result.record else result


def mapped_fields(read: Reader, record: Record | None) -> dict[str, Any] | None:
    """Return the common fields of an answer, None where it cannot be mapped."""
    if record is None or record.is_deleted:
        return None
    fields, problems = read(record.raw)
    return None if problems else fields


def is_alike(sent: Any, shown: Any) -> bool:
    """Tell whether `shown` may be how a system writes what was sent: but for case, blanks and signs, or cut off at its end."""
    first, second = (_bare(each) for each in (sent, shown))
    return first == second or (len(second) >= FEWEST_KEPT and str(first).startswith(str(second)))


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(_bare(each) for each in value)
    return "" if value is None or value is False else re.sub(r"[\W_]+", "", str(value).casefold())


def store_answers(
    connection: Connection,
    batch: Batch,
    entity: EntitySettings,
    side: Side,
    answers: Sequence[tuple[Record, str]],
    read: Reader,
) -> None:
    """Put what we wrote into staging, so that this batch, rerun, and the next one, reading it back, see nothing new.

    `answers`: records, each with the digest that its link was given, blank where that was left open.
    """
    wanted = wanted_fields(batch, entity, side)
    carried = reference_field(entity, side)
    rows = []
    for record, known in answers:
        fields = mapped_fields(read, record) or {}
        raw = {name: record.raw.get(name) for name in wanted}
        seen = raw_digest(raw, wanted, False) if known else ""
        rows.append(
            {
                "id": batch.id,
                "day": batch.day,
                "integration_id": batch.integration_id,
                "entity": entity.name,
                "side": side,
                "record_id": record.id,
                "modified_at": record.modified_at,
                "seen": seen,
                "raw": to_json(raw),
                "digest": known or digest(to_json(fields)),
                "fields": to_json(fields),
                "reference": raw.get(carried) if carried else None,
            }
        )
    if not rows:
        return
    key = (
        "integration_id = :integration_id and batch_id = :id and batch_day = :day and entity = :entity and side = :side"
        " and record_id = :record_id"
    )
    connection.execute(
        text(
            "update staging.record set fields = cast(:fields as jsonb), digest = :digest, reference = :reference,"
            f" modified_at = :modified_at where {key}"
        ),
        rows,
    )
    connection.execute(text(f"delete from staging.raw where {key} and origin = 'answer'"), rows)
    connection.execute(
        text(
            "update staging.raw set raw = cast(:raw as json), digest = :seen, modified_at = :modified_at,"
            f" origin = case origin when 'match' then 'answer' else origin end where {key}"
        ),
        rows,
    )
    connection.execute(
        text(
            "insert into staging.raw (batch_id, batch_day, integration_id, entity, side, record_id, modified_at, is_deleted, origin,"
            " digest, raw) select :id, :day, :integration_id, :entity, :side, :record_id, :modified_at, false, 'answer', :seen,"
            f" cast(:raw as json) where not exists (select 1 from staging.raw where {key})"
        ),
        rows,
    )
    seen_now = ("entity", "side", "record_id", "raw", "modified_at")
    refresh(connection, batch, [{name: row[name] for name in seen_now} | {"is_deleted": False} for row in rows])


def forget_seen(connection: Connection, batch: Batch, entity: EntitySettings, side: Side, ids: Sequence[str]) -> None:
    """Take no later form of records that we wrote and did not see since for one that was worked through before the write."""
    query = text(
        "update staging.raw set digest = '' where integration_id = :id and entity = :entity and side = :side and record_id = any(:ids)"
    )
    if ids:
        connection.execute(query, {"id": batch.integration_id, "entity": entity.name, "side": side, "ids": list(ids)})
