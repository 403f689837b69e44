"""Salesforce's field descriptions in the words of the contract, and the making of a reference field."""

from collections.abc import Mapping
from typing import Any

from connectors.contract import Field, FieldType, NewField
from connectors.errors import AuthError, EditionError, PermanentError
from connectors.salesforce_calls import ApiError, SalesforceCalls
from connectors.salesforce_shapes import ANSWERS, Made, Whoami
from connectors.salesforce_soql import quote, select

PERMISSION_SET = "Lockstep_Sync"
PERMISSION_SET_LABEL = "Lockstep Sync"
DETAILS: Mapping[NewField, Mapping[str, Any]] = {
    "reference": {
        "type": "Text", "length": 255, "unique": True, "externalId": True, "caseSensitive": True,  # short ids of apps may differ in case only
        "description": "Set by the sync. Do not edit.",
    },
    "text": {"type": "Text", "length": 255},
    "long_text": {"type": "LongTextArea", "length": 32768, "visibleLines": 5},
    "checkbox": {"type": "Checkbox", "defaultValue": "false"},
    "number": {"type": "Number", "precision": 18, "scale": 4},
    "date": {"type": "Date"},
    "datetime": {"type": "DateTime"},
}  # fmt: skip
BY_HAND: Mapping[NewField, str] = {"reference": "Text, length 255", "text": "Text, length 255", "datetime": "Date/Time"}
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


def create_custom_field(calls: SalesforceCalls, source: str, name: str, label: str, kind: NewField) -> None:
    """Create a field (a reference as a unique external id) and let the permission set `Lockstep_Sync` use it; both only if missing.

    A field made through the API is visible to nobody, not even to its maker, until a permission set names it. The set is
    made too, and assigned to the user of the connection.
    """
    try:
        _create_field(calls, source, name, {"label": label, **DETAILS[kind]})
        parent = _ensure_permission_set(calls)
        _ensure_assignment(calls, parent)
        _grant(calls, parent, source, name)
    except EditionError:
        raise
    except (ApiError, AuthError) as error:
        raise PermanentError(
            f"The field {source}.{name} could not be made: {error} Connect an administrator's user for once (Customize "
            f"Application, Manage Users), or do it by hand. {by_hand(source, name, kind)}"
        ) from None


def home_of(source: str) -> str:
    """Return the object on which a custom field of `source` is made: tasks and events share theirs."""
    return "Activity" if source in ("Task", "Event") else source


def by_hand(source: str, name: str, kind: NewField) -> str:
    """Say what to click where the API may not make the field."""
    type_ = BY_HAND.get(kind, str(DETAILS[kind]["type"]))
    hidden = ", unique, external ID, visible to no profile" if kind == "reference" else ""
    return (
        f"Setup, Object Manager, {home_of(source)}, Fields & Relationships, New: {type_}, name {name.removesuffix('__c')}{hidden}. "
        f"Then Setup, Permission Sets, New: {PERMISSION_SET}; Object Settings, {source}: Read and Edit Access for {name}; "
        "Manage Assignments: add the integration user."
    )


def _create_field(calls: SalesforceCalls, source: str, name: str, details: Mapping[str, Any]) -> None:
    body = {"FullName": f"{home_of(source)}.{name}", "Metadata": details}
    try:
        calls.call("POST", "tooling/sobjects/CustomField", "write", is_safe=True, json=body)
    except ApiError as error:
        if error.code not in ALREADY_THERE:
            raise


def _ensure_permission_set(calls: SalesforceCalls) -> str:
    body = {"Name": PERMISSION_SET, "Label": PERMISSION_SET_LABEL, "Description": "Fields that only the sync uses."}
    return _ensure(calls, "PermissionSet", f"Name = {quote(PERMISSION_SET)}", body)


def _ensure_assignment(calls: SalesforceCalls, parent: str) -> None:
    user = str(ANSWERS.read(calls.call("GET", "/services/oauth2/userinfo", "read"), Whoami)["user_id"])
    where = f"PermissionSetId = {quote(parent)} AND AssigneeId = {quote(user)}"
    _ensure(calls, "PermissionSetAssignment", where, {"PermissionSetId": parent, "AssigneeId": user})


def _grant(calls: SalesforceCalls, parent: str, source: str, name: str) -> None:
    full_name = f"{source}.{name}"
    body = {
        "ParentId": parent,
        "SobjectType": source,
        "Field": full_name,
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    _ensure(calls, "FieldPermissions", f"ParentId = {quote(parent)} AND Field = {quote(full_name)}", body)


def _ensure(calls: SalesforceCalls, source: str, where: str, body: Mapping[str, Any]) -> str:
    """Return the id of the setup record that `where` finds, made from `body` if there is none."""
    found = calls.rows(select(["Id"], source, where), "Id")
    if found:
        return str(found[0]["Id"])
    try:
        return str(ANSWERS.read(calls.call("POST", f"sobjects/{source}", "write", is_safe=True, json=body), Made)["id"])
    except ApiError as error:
        if error.code not in ALREADY_THERE:
            raise
        found = calls.rows(select(["Id"], source, where), "Id")
        if not found:
            raise
        return str(found[0]["Id"])
