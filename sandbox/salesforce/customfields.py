"""Custom fields: made from Tooling metadata, seen by the API only once a permission is granted."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import msgspec

from sandbox.salesforce.fields import LONG_TEXT, Field
from sandbox.salesforce.ids import ADMIN_USER_ID, INTEGRATION_USER_ID, PERMISSION_SET_ID, make_id
from sandbox.salesforce.moments import stamp
from sandbox.salesforce.shapes import Metadata
from sandbox.store import Record, Store

KIND = "CustomField"
PERMISSIONS = "FieldPermissions"
PREFIX = "00N"
ACTIVITY = "Activity"  # tasks and events have their custom fields in common, each with permissions of its own
_TYPES = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Html": "textarea", "Email": "email",
    "Phone": "phone", "Url": "url", "Number": "double", "Currency": "currency", "Percent": "percent",
    "Checkbox": "boolean", "Date": "date", "DateTime": "datetime", "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist", "Lookup": "reference",
}  # fmt: skip
_LENGTHS = {
    "email": 80, "phone": 40, "url": 255, "picklist": 255, "multipicklist": 4099, "reference": 18,
    **dict.fromkeys(("boolean", "date", "datetime", "double", "currency", "percent"), 0),
}  # fmt: skip


def granted(store: Store, name: str) -> Iterator[Field]:
    """Yield the custom fields of object `name` that a permission shows; without edit permission they are read-only."""
    permissions = {found["Field"].lower(): found for found in _permissions(store)}
    for custom in store.table(KIND).values():
        permission = permissions.get(f"{name}.{custom['DeveloperName']}__c".lower())
        if custom["TableEnumOrId"] == home(name) and permission and permission.get("PermissionsRead"):
            field = as_field(custom)
            yield field if permission.get("PermissionsEdit") else replace(field, flags=field.flags.strip("cu"))


def home(table: str) -> str:
    """Return the object that the custom fields of `table` belong to."""
    return ACTIVITY if table in ("Task", "Event") else table


def _permissions(store: Store) -> Iterator[Record]:
    assignments = store.table("PermissionSetAssignment").values()
    sets = {found["PermissionSetId"] for found in assignments if found["AssigneeId"] == INTEGRATION_USER_ID}
    for found in store.table(PERMISSIONS).values():
        if found["ParentId"] in sets and not found["IsDeleted"]:
            yield found


def as_field(custom: Record) -> Field:
    """Return the field a CustomField record describes; raises KeyError for an unknown type, ValidationError for the rest."""
    words = msgspec.convert(custom["Metadata"], Metadata)
    type_ = _TYPES[words.type]
    definition = words.valueSet and words.valueSet.valueSetDefinition
    options = definition.value if definition else []
    is_number = type_ in ("double", "currency", "percent")
    return Field(
        name=f"{custom['DeveloperName']}__c",
        type=type_,
        label=words.label,
        length=_LENGTHS.get(type_, words.length or LONG_TEXT),
        precision=words.precision if is_number else 0,
        scale=words.scale if is_number else 0,
        flags=_flags(type_, words),
        references=(words.referenceTo,) if type_ == "reference" else (),
        values=tuple(option.fullName for option in options),
        default=next((option.fullName for option in options if option.default), None),
    )


def _flags(type_: str, words: Metadata) -> str:
    if words.formula:
        return "nf"
    flags = {
        "n": type_ != "boolean" and not words.required,
        "d": type_ == "boolean",
        "x": words.externalId,
        "q": words.unique,
        "C": words.caseSensitive,
        "R": words.valueSet and words.valueSet.restricted,
    }
    return "cu" + "".join(flag for flag, is_set in flags.items() if is_set)


def add(store: Store, full_name: str, metadata: Mapping[str, Any]) -> str:
    """Create the custom field `Contact.Name__c`; returns its id. No permission comes with it."""
    table, _, name = full_name.partition(".")
    table = home(table)
    custom_id = make_id(PREFIX, store.next_number(KIND))
    record = {
        "Id": custom_id,
        **_stamps(store),
        "FullName": f"{table}.{name}",
        "DeveloperName": name.removesuffix("__c"),
        "TableEnumOrId": table,
        "Metadata": dict(metadata),
    }
    as_field(record)
    store.put(KIND, custom_id, record)
    touch(store)
    return custom_id


def grant(store: Store, full_name: str, can_edit: bool = True) -> None:
    """Show the field to the integration user."""
    permission_id = make_id("01k", store.next_number(PERMISSIONS))
    table = full_name.partition(".")[0]
    permission = {"ParentId": PERMISSION_SET_ID, "SobjectType": table, "Field": full_name, "PermissionsRead": True}
    record = {"Id": permission_id, **_stamps(store), **permission, "PermissionsEdit": can_edit}
    store.put(PERMISSIONS, permission_id, record)
    touch(store)


def hide(store: Store, full_name: str) -> None:
    """Hide the field from the integration user, as an administrator does; to the API it is gone."""
    for found in list(_permissions(store)):
        if found["Field"] == full_name:
            store.put(PERMISSIONS, found["Id"], {**found, "PermissionsRead": False, "PermissionsEdit": False})
    touch(store)


def _stamps(store: Store) -> dict[str, Any]:
    now = stamp(store.clock.now())
    moments = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
    return {"IsDeleted": False, **moments, **dict.fromkeys(("CreatedById", "LastModifiedById"), ADMIN_USER_ID)}


def touch(store: Store) -> None:
    """Note that the fields of some object changed."""
    store.set_value("schema_version", uuid4().hex)  # unlike any before, also across a reset


def find(store: Store, full_name: str) -> Record | None:
    """Return the CustomField record of that full name, in any case."""
    table, _, name = full_name.partition(".")
    found = store.find(KIND, "FullName", f"{home(table)}.{name}")
    return store.get(KIND, found[0]) if found else None
