"""Salesforce's field descriptions in the words of the contract, and the making of a reference field."""

from collections.abc import Mapping
from typing import Any

from connectors.contract import Field, FieldType
from connectors.errors import AuthError, PermanentError
from connectors.salesforce_calls import ApiError, SalesforceCalls
from connectors.salesforce_soql import quote, select

PERMISSION_SET = "Lockstep_Sync"
ALREADY_THERE = frozenset({"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"})
TYPES: Mapping[str, FieldType] = {
    "id": "id", "string": "text", "textarea": "text", "combobox": "text", "encryptedstring": "text", "phone": "phone",
    "email": "email", "url": "url", "boolean": "boolean", "int": "integer", "long": "integer", "double": "number",
    "currency": "number", "percent": "number", "date": "date", "datetime": "datetime", "picklist": "picklist",
    "multipicklist": "multipicklist", "reference": "reference",
}  # fmt: skip


def field_of(row: Mapping[str, Any]) -> Field:
    """Return one field of a describe; `options` are the active values, which is what writes take, not the labels."""
    kind = TYPES.get(row["type"], "other")
    has_options = kind in ("picklist", "multipicklist")
    return Field(
        name=row["name"],
        label=row["label"],
        type=kind,
        length=row["length"],
        options=tuple(v["value"] for v in row["picklistValues"] if v["active"]) if has_options else None,
        is_restricted=row["restrictedPicklist"],
        is_required=row["createable"] and not row["nillable"] and not row["defaultedOnCreate"],
        is_createable=row["createable"],
        is_updateable=row["updateable"],
        is_calculated=row["calculated"] or row["autoNumber"],
        is_unique=row["unique"],
        is_custom=row["custom"],
    )


def create_reference_field(calls: SalesforceCalls, source: str, name: str, label: str) -> None:
    """Create a unique external-id text field and let the permission set `Lockstep_Sync` use it; both only if missing.

    A field made through the API is visible to nobody, not even to its maker, until a permission set names it.
    """
    try:
        _create_field(calls, source, name, label)
        _grant(calls, source, name)
    except (ApiError, AuthError) as error:
        raise PermanentError(
            f"The field {source}.{name} could not be created: {error} An administrator's user (Customize Application) is "
            f"needed once; or create it by hand: text 255, unique, external id."
        ) from error


def _create_field(calls: SalesforceCalls, source: str, name: str, label: str) -> None:
    details = {
        "label": label,
        "type": "Text",
        "length": 255,
        "required": False,
        "unique": True,
        "externalId": True,
        "caseSensitive": False,
        "description": "Set by the sync. Do not edit.",
    }
    body = {"FullName": f"{source}.{name}", "Metadata": details}
    try:
        calls.call("POST", "tooling/sobjects/CustomField", "write", is_safe=True, json=body)
    except ApiError as error:
        if error.code not in ALREADY_THERE:
            raise


def _grant(calls: SalesforceCalls, source: str, name: str) -> None:
    sets = calls.rows(select(["Id"], "PermissionSet", f"Name = {quote(PERMISSION_SET)}"))
    if not sets:
        raise PermanentError(
            f"Salesforce has no permission set {PERMISSION_SET!r}: create it (Setup, Permission Sets), assign it to the "
            f"integration user and run this again; until then nobody sees {source}.{name}."
        )
    parent, full_name = sets[0]["Id"], f"{source}.{name}"
    where = f"ParentId = {quote(parent)} AND Field = {quote(full_name)}"
    if calls.rows(select(["Id"], "FieldPermissions", where)):
        return
    body = {
        "ParentId": parent,
        "SobjectType": source,
        "Field": full_name,
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    try:
        calls.call("POST", "sobjects/FieldPermissions", "write", is_safe=True, json=body)
    except ApiError as error:
        if error.code not in ALREADY_THERE:
            raise
