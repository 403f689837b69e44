"""Map: from each system's raw values to the common fields of the mapping, with a digest that tells whether anything changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import text

from connectors.contract import UNREADABLE
from connectors.errors import shorten
from sync.batch import Batch, note_counts
from sync.database import NULL, copy_lines, escape, stream, to_json
from sync.mapping import Row
from sync.rejections import Rejection, reason, reject, withdraw
from sync.settings import EntitySettings, Side
from sync.staging import create_view

SIDES: tuple[Side, Side] = ("salesforce", "app")
COLUMNS = (
    "batch_id", "batch_day", "integration_id", "entity", "side", "record_id", "modified_at", "is_deleted", "origin", "digest",
    "reference", "verdict", "fields",
)  # fmt: skip
Reader = Callable[[Mapping[str, Any]], tuple[dict[str, Any], list[dict[str, str]]]]


def map_batch(batch: Batch) -> dict[str, Any]:
    """Write the common fields of every staged record to `staging.record`; return counts per entity.

    A value that its transform refuses rejects the record, with every such field. Runs again from scratch when repeated.
    """
    counts: dict[str, Any] = {}
    with batch.engine.begin() as connection, batch.engine.connect() as source:
        values = {"id": batch.id, "day": batch.day}
        connection.execute(text("delete from staging.record where batch_id = :id and batch_day = :day"), values)
        withdraw(connection, batch, "map")
        for entity in batch.entities():
            create_view(connection, batch, batch.integration.mappings[entity.name])
            rejections: list[Rejection] = []
            mapped = 0
            for side in SIDES:
                rows = stream(source, RAW_QUERY, {**values, "entity": entity.name, "side": side})
                mapped += copy_lines(connection, "staging.record", COLUMNS, _lines(batch, entity, side, rows, rejections))
            counts[entity.name] = {"mapped": mapped, "rejected": reject(connection, batch, rejections)}
        note_counts(connection, batch, "map", counts)
    with batch.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze staging.record"))
    return counts


RAW_QUERY = """
select record_id, modified_at::text, is_deleted, origin, raw from staging.raw
where batch_id = %(id)s and batch_day = %(day)s and entity = %(entity)s and side = %(side)s
"""


def compile_reader(rows: Sequence[Row], side: Side) -> Reader:
    """Return the function from a raw record of `side` to its common fields and what is wrong with them."""
    steps = [(row.name, row.fields(side), row.transform.read(side), _reads_empty(row)) for row in rows]
    plain = [(name, fields[0], read, reads_empty) for name, fields, read, reads_empty in steps if len(fields) == 1]
    joined = [(name, fields, read) for name, fields, read, _ in steps if len(fields) != 1]

    blank: dict[str, Any] = dict.fromkeys(row.name for row in rows)  # one order on both sides: equal fields, equal digest

    def read_record(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
        fields = blank.copy()
        problems: list[dict[str, str]] = []
        get = raw.get
        for name, source, read, reads_empty in plain:
            value = get(source)
            try:
                fields[name] = read(value) if reads_empty or value is not None else None
            except ValueError as error:
                problems.append(reason(name, "bad_value", f"{source}: {shorten(str(error))}"))
        for name, sources, read in joined:
            try:
                fields[name] = read(*map(get, sources))
            except ValueError as error:
                problems.append(reason(name, "bad_value", f"{' + '.join(sources)}: {shorten(str(error))}"))
        return fields, problems

    return read_record


def _reads_empty(row: Row) -> bool:
    """Tell whether an empty cell means something: a box that is not ticked, a value that is translated."""
    return row.transform.common_type == "boolean" or row.transform.name == "values"


def digest(document: str) -> str:
    """The digest of common fields, given as JSON in the order of the mapping."""
    return blake2b(document.encode(), digest_size=16).hexdigest()


GONE = digest("{}")  # the digest of a deleted record
MISSED = (
    "missed"  # stands for it where a write found the record gone: no read has shown the deletion yet, nothing was carried over
)
ABSENT = (GONE, MISSED)


def reference_field(entity: EntitySettings, side: Side) -> str | None:
    """The raw field in which `side` carries the id of the other side."""
    return entity.salesforce_reference if side == "salesforce" else next(iter(entity.app_references), None)


def _lines(
    batch: Batch, entity: EntitySettings, side: Side, rows: Iterator[list[Any]], rejections: list[Rejection]
) -> Iterator[str]:
    read = compile_reader(batch.integration.mappings[entity.name].rows, side)
    reference = reference_field(entity, side)
    head = f"{batch.id}\t{batch.day}\t{batch.integration_id}\t{entity.name}\t{side}\t"
    for page in rows:
        for record_id, modified_at, is_deleted, origin, raw in page:
            if UNREADABLE in raw:
                reasons = [reason("", "unreadable", words) for words in raw[UNREADABLE]]
                rejections.append(Rejection(entity.name, side, record_id, "map", reasons))
                continue
            fields, problems = ({}, []) if is_deleted else read(raw)
            if problems:
                rejections.append(Rejection(entity.name, side, record_id, "map", problems))
            document = to_json(fields)
            carried = raw.get(reference) if reference else None
            other_id = escape(str(carried)) if carried else NULL
            verdict = "rejected" if problems else "valid"
            yield (
                f"{head}{escape(record_id)}\t{modified_at}\t{'t' if is_deleted else 'f'}\t{origin}\t{digest(document)}\t"
                f"{other_id}\t{verdict}\t{escape(document)}"
            )
