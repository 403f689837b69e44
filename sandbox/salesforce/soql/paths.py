"""Finds the fields that paths of a query name, and reads them from records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.answers import ApiError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import BY_PREFIX
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.tree import Path
from sandbox.salesforce.soql.words import refused

Getter = Callable[[Mapping[str, Any]], Any]
ANY_OBJECT = "Name"  # the object behind a reference of several kinds
_ANY_FIELDS = {
    name.lower(): Field(name, "string", name, 255, flags="n")
    for name in ("Name", "FirstName", "LastName", "Email", "Phone", "Title", "Username", "Alias", "Type")
} | {"id": Field("Id", "id", "Id", 18)}
_ADDRESS_PARTS = ("street", "city", "state", "postalCode", "country", "latitude", "longitude", "geocodeAccuracy")


@dataclass(frozen=True, slots=True)
class Found:
    """A path that exists: the links to follow and the field at its end."""

    links: tuple[Field, ...]
    field: Field

    def getter(self, org: Org) -> Getter:
        """Return a function from record to the value of the field."""
        read = value_of(self.field)
        for link in reversed(self.links):
            read = _through(org, link, read)
        return read


def find(org: Org, name: str, path: Path, text: str) -> Found:
    """Return the field that `path` names from object `name`; raises INVALID_FIELD."""
    steps = path.steps[1:] if len(path.steps) > 1 and path.steps[0].lower() == name.lower() else path.steps
    links: list[Field] = []
    table = name
    for step in steps[:-1]:
        links.append(_link(org, table, step, path, text))
        table = links[-1].references[0] if len(links[-1].references) == 1 else ANY_OBJECT
    field = fields_of(org, table).get(steps[-1].lower())
    if field is None:
        raise _no_column(steps[-1], table, path, text)
    return Found(tuple(links), field)


def comparable(org: Org, name: str, path: Path, text: str, verb: str) -> Found:
    """Return the field `path` names if its values can be put in order; raises INVALID_FIELD."""
    found = find(org, name, path, text)
    if not found.field.is_filterable:
        message = f"field '{found.field.name}' can not be {verb} in a query call"
        raise refused(text, path.place, message, "INVALID_FIELD")
    return found


def fields_of(org: Org, table: str) -> Mapping[str, Field]:
    """Return the fields of an object, or those any object behind a mixed reference has."""
    try:
        return org.fields(table)
    except KeyError:
        return _ANY_FIELDS


def value_of(field: Field) -> Getter:
    """Return a function from record to the value of one of its own fields."""
    name = field.name
    if field.type == "boolean":
        return lambda record: record.get(name, False)
    if field.type == "address":
        return _address(name.removesuffix("Address"))
    return lambda record: record.get(name)


def _through(org: Org, link: Field, read: Getter) -> Getter:
    def follow(record: Mapping[str, Any]) -> Any:
        record_id = record.get(link.name)
        found = BY_PREFIX.get(record_id[:3]) if record_id else None
        parent = org.store.get(found.name, record_id) if found and record_id else None
        return None if parent is None or found is None else read({"Type": found.name, **parent} if mixed else parent)

    mixed = len(link.references) != 1
    return follow


def _address(prefix: str) -> Getter:
    names = [(part, prefix + part[0].upper() + part[1:]) for part in _ADDRESS_PARTS]

    def read(record: Mapping[str, Any]) -> Any:
        parts = {part: record.get(name) for part, name in names}
        return parts if any(value is not None for value in parts.values()) else None

    return read


def _link(org: Org, table: str, step: str, path: Path, text: str) -> Field:
    for field in fields_of(org, table).values():
        if field.relationship and field.relationship.lower() == step.lower():
            return field
    message = f"Didn't understand relationship '{step}' in field path. If you are attempting to use a custom relationship,"
    message += " be sure to append the '__r' after the custom relationship name."
    raise refused(text, path.place, message, "INVALID_FIELD")


def _no_column(step: str, table: str, path: Path, text: str) -> ApiError:
    message = f"No such column '{step}' on entity '{table}'. If you are attempting to use a custom field, be sure to append the"
    message += " '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    return refused(text, path.place, message, "INVALID_FIELD")
