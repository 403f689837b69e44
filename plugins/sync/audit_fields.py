"""The audit's second look at a changed record: which fields differ from what the link holds; none when only the mapping changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from sync.audit_facts import Difference
from sync.batch import Batch
from sync.map import compile_reader
from sync.mapping import Row
from sync.merge import is_empty
from sync.settings import SIDES, USER, EntitySettings, Side


def name_fields(
    connection: Connection, batch: Batch, entity: EntitySettings, found: Iterable[Difference]
) -> Iterator[Difference]:
    """Yield the differences, the changed ones with their fields; one without such a field is none."""
    listed = list(found)
    rows = batch.integration.mappings[entity.name].rows
    for side in SIDES:
        changed = [each for each in listed if each.kind == "changed" and each.side == side and each.raw is not None]
        _compare(connection, batch, rows, side, changed)
    yield from (each for each in listed if each.kind != "changed" or each.fields)


def _compare(connection: Connection, batch: Batch, rows: Sequence[Row], side: Side, changed: Sequence[Difference]) -> None:
    read = compile_reader(rows, side)
    references = {r.name: r.transform.argument for r in rows if r.transform.common_type == "reference"}
    present = [(each, *read(each.raw or {})) for each in changed]
    links = _links(connection, batch, side, references, [fields for _, fields, _ in present])
    for each, fields, problems in present:
        settled = each.settled or {}
        names = [problem["field"] for problem in problems]
        for name, value in fields.items():
            if name not in settled or references.get(name) == USER:
                continue
            shown = links.get((references[name], str(value))) if name in references and value else value
            if shown != settled[name] and not (is_empty(shown) and is_empty(settled[name])):
                names.append(name)
        each.fields = tuple(dict.fromkeys(names))


def _links(
    connection: Connection, batch: Batch, side: Side, references: Mapping[str, str], present: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], int]:
    """The links of the records referred to, by entity and id."""
    known: dict[tuple[str, str], int] = {}
    for name, entity in references.items():
        ids = sorted({str(fields[name]) for fields in present if fields.get(name)})
        query = text(
            f"select {side}_id, id from sync.link where integration_id = :id and entity = :entity and {side}_id = any(:ids)"
        )
        rows = connection.execute(query, {"id": batch.integration_id, "entity": entity, "ids": ids}) if ids else ()
        known |= {(entity, row[0]): row[1] for row in rows}
    return known
