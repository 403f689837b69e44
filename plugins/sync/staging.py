"""The staging tables: raw rows in, typed views out.

`staging.raw` holds what the systems answered (only mapped fields), `staging.record` the common fields, one row per record and
batch; `staging.<app>_<entity>` is a typed view of it for analysts and for the data-quality checks.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import UNREADABLE, Record
from sync.batch import Batch
from sync.database import copy_lines, escape, to_json
from sync.erase_block import without_erased
from sync.mapping import Mapping as FieldMapping
from sync.settings import EntitySettings, Side

RAW_COLUMNS = (
    "batch_id", "batch_day", "integration_id", "entity", "side", "record_id", "modified_at", "is_deleted", "origin", "digest", "raw",
)  # fmt: skip
SQL_TYPES = {
    "text": "text", "reference": "text", "number": "numeric", "boolean": "boolean", "date": "date", "datetime": "timestamptz",
    "list": "jsonb",
}  # fmt: skip
IS_BUILT_ON = """
select exists (select 1 from pg_depend d join pg_rewrite r on r.oid = d.objid
  where d.classid = 'pg_rewrite'::regclass and d.refobjid = to_regclass(:name) and r.ev_class <> to_regclass(:name))
"""
NUL = "\\u0000"  # as JSON spells it
log = logging.getLogger(__name__)


def wanted_fields(batch: Batch, entity: EntitySettings, side: Side) -> tuple[str, ...]:
    """The raw fields of `entity` that this integration reads on `side`, without repeats."""
    rows = batch.integration.mappings[entity.name].rows
    mapped = [name for row in rows for name in (row.salesforce_fields if side == "salesforce" else row.app_fields)]
    references = (entity.salesforce_reference,) if side == "salesforce" else entity.app_references
    unmapped = (*references, entity.new_since.get(side), entity.opt_out.get(side), *entity.facts(side))
    return tuple(dict.fromkeys([*mapped, *(name for name in unmapped if name), *entity.filters.get(side, {})]))


def raw_digest(raw: Mapping[str, Any], wanted: Sequence[str], is_deleted: bool) -> str:
    """A digest of the wanted raw values: equal digests mean that nothing we read has changed."""
    return blake2b(to_json([is_deleted, *map(raw.get, wanted)]).encode(), digest_size=16).hexdigest()


def storable(value: Any) -> Any:
    """Return `value` as Postgres can keep it in JSON: texts without NUL characters and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, Mapping):
        return {storable(key): storable(inner) for key, inner in value.items()}
    return [storable(each) for each in value] if isinstance(value, list | tuple) else value


def to_storable_json(value: Any) -> tuple[Any, str]:
    """Return `value`, made storable where it must be, and its JSON."""
    try:
        document = to_json(value)
    except UnicodeEncodeError:
        document = NUL
    if NUL not in document:
        return value, document
    value = storable(value)
    return value, to_json(value)


def raw_lines(
    batch: Batch, entity: str, side: Side, origin: str, wanted: Sequence[str], records: Iterable[Record]
) -> Iterator[str]:
    """Yield COPY lines for `records`."""
    head = f"{batch.id}\t{batch.day}\t{batch.integration_id}\t{entity}\t{side}\t"
    for record in records:
        raw, deleted = record.raw, record.is_deleted
        names = (*wanted, UNREADABLE) if UNREADABLE in raw else wanted
        kept, document = to_storable_json({name: raw.get(name) for name in names})
        digest = raw_digest(kept, names, deleted)
        stamp = record.modified_at.isoformat()
        yield f"{head}{escape(record.id)}\t{stamp}\t{'t' if deleted else 'f'}\t{origin}\t{digest}\t{escape(document)}"


def copy_raw(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, origin: str, records: Iterable[Record]
) -> int:
    """COPY `records` into staging.raw, but for those of erased people; return how many."""
    wanted = wanted_fields(batch, entity, side)
    records = without_erased(connection, batch, entity, side, records)
    return copy_lines(connection, "staging.raw", RAW_COLUMNS, raw_lines(batch, entity.name, side, origin, wanted, records))


def drop_repeats(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Keep one row per record, the newest: paging may give a record twice. A change is never taken for a mere match."""
    connection.execute(
        text(
            "delete from staging.raw where ctid in (select ctid from (select ctid, row_number() over"
            " (partition by side, record_id order by origin = 'match', modified_at desc, ctid desc) as place from staging.raw"
            " where batch_id = :id and batch_day = :day and entity = :entity) x where place > 1)"
            " and batch_id = :id and batch_day = :day"
        ),
        {"id": batch.id, "day": batch.day, "entity": entity.name},
    )


def view_name(batch: Batch, entity: str) -> str:
    """The typed view of `entity`, schema included."""
    return f"staging.{batch.integration.settings.app}_{entity}"


def create_view(connection: Connection, batch: Batch, fields: FieldMapping) -> None:
    """Create or change the typed view of one entity after its mapping; an unchanged one is left alone.

    Where others have built on the former view, it is kept for them under another name.
    """
    name, mark = view_name(batch, fields.entity), batch.integration.digest
    present = text("select obj_description(to_regclass(:name), 'pg_class')")
    if connection.scalar(present, {"name": name}) == mark:
        return
    columns = "".join(f", {_typed(row.name, row.transform.common_type)}" for row in fields.rows)
    integration = batch.name.replace("'", "''")
    if connection.scalar(text(IS_BUILT_ON), {"name": name}):
        kept = f"{name}_until_{batch.id}"
        connection.execute(text(f"alter view {name} rename to {kept.partition('.')[2]}"))
        log.warning("%s: views of others are built on %s; they keep the former one, now called %s", batch.name, name, kept)
    connection.execute(text(f"drop view if exists {name}"))
    connection.execute(
        text(
            f"create view {name} as select r.batch_id, r.side, r.record_id, r.modified_at, r.is_deleted, r.verdict{columns}"
            " from staging.record r join sync.integration i on i.id = r.integration_id"
            f" where i.name = '{integration}' and r.entity = '{fields.entity}'"
        )
    )
    connection.execute(text(f"comment on view {name} is '{mark}'"))


def _typed(name: str, common_type: str) -> str:
    """A column of the view; what a former mapping of another type has left in it reads as null."""
    value, kind = f"r.fields->>'{name}'", SQL_TYPES[common_type]
    if kind == "jsonb":
        return f"r.fields->'{name}' as \"{name}\""
    if kind == "text":
        return f'{value} as "{name}"'
    return f"case when sync.is_valid_input({value}, '{kind}') then ({value})::{kind} end as \"{name}\""
