"""Which fields the settings and the mapping need that people have to make in the systems, and of what kind."""

from collections.abc import Mapping

from connectors.contract import NewField
from connectors.salesforce_related import RELATED
from sync.mapping import Mapping as FieldMapping
from sync.settings import TOWARDS, EntitySettings, Side
from sync.transforms import Transform

KINDS: Mapping[str, NewField] = {
    "text": "text", "number": "number", "boolean": "checkbox", "date": "date", "datetime": "datetime", "list": "text",
}  # fmt: skip
STATUS: Mapping[str, NewField] = {"state": "text", "time": "datetime"}


def references(entity: EntitySettings, side: Side) -> tuple[str, ...]:
    """Return the fields of `side` that hold the other side's id."""
    if side == "app":
        return entity.app_references
    return (entity.salesforce_reference,) if entity.salesforce_reference else ()


def needed_fields(entity: EntitySettings, mapping: FieldMapping | None, side: Side) -> dict[str, NewField]:
    """Return the fields of `side` by name with what each has to be; rows whose kind is not plain are left out."""
    needed: dict[str, NewField] = dict.fromkeys(references(entity, side), "reference")
    if side == "salesforce":
        needed |= {name: STATUS[part] for part, name in entity.status_fields.items()}
    if entity.deletes.get(TOWARDS[side]) == "flag" and TOWARDS[side] in entity.flag_fields:
        needed[entity.flag_fields[TOWARDS[side]]] = "checkbox"
    needed |= {name: _kind_of(value) for name, value in entity.on_create.get(side, {}).items()}
    for row in mapping.rows if mapping else ():
        kind = _kind(row.transform)
        names = [name for name in row.fields(side) if side == "app" or "." not in name]
        kind = "long_text" if kind and RELATED.keys() & set(row.salesforce_fields) else kind
        needed |= {name: kind for name in names if kind and name not in needed}
    return needed


def _kind(transform: Transform) -> NewField | None:
    return None if transform.name == "list" else KINDS.get(transform.common_type)


def _kind_of(value: object) -> NewField:
    return "checkbox" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"
