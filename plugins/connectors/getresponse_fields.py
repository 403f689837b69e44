"""GetResponse's fields in the words of the contract: those every contact has, and the account's custom ones.

Custom values are arrays of texts in the API; here a field that takes one value is that text, one that takes several is a list.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Field, FieldType, NewField
from connectors.errors import PermanentError

CUSTOM = "custom_fields."
SEVERAL = ("multi_select", "checkbox")
CHOOSING = ("single_select", "radio", "multi_select", "checkbox")
TEXT_LENGTH = 255
VALUE_TYPES: Mapping[str, FieldType] = {
    "number": "number", "date": "date", "datetime": "datetime", "phone": "phone", "url": "url",
}  # fmt: skip
# The transform that writes what a typed field takes, where plain text often does not fit.
FORMS: Mapping[str, str] = {"country": "country_name", "phone": "phone_e164"}
FORMATS = ("text", "textarea", "radio", "checkbox", "single_select", "multi_select")

CORE: tuple[Field, ...] = (
    Field("email", "Email", "email", 255, is_required=True, is_unique=True),
    Field("name", "Name", "text", 128),
    Field("note", "Note", "text", 255),
    Field("scoring", "Scoring", "number"),
    Field("dayOfCycle", "Day of cycle", "text"),
    Field("tags", "Tags", "tags"),
)
READ_ONLY: Mapping[str, FieldType] = {
    "contactId": "id", "campaign": "text", "origin": "text", "createdOn": "datetime", "changedOn": "datetime", "timeZone": "text",
    "engagementScore": "integer", "ipAddress": "text",
}  # fmt: skip
# Type and format of a new field; what is not named here is a text of one line, a check box too, whose value reads true or false.
NEW_TYPES: Mapping[NewField, tuple[str, str]] = {
    "long_text": ("string", "textarea"), "number": ("number", "text"), "date": ("date", "text"), "datetime": ("datetime", "text"),
}  # fmt: skip
NEW_FIELD_NAME = re.compile(r"[a-z0-9_]{1,128}")


def fields_of(rows: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Return the fields of contacts: the fixed ones and the custom fields described in `rows`."""
    fixed = [Field(name, name, kind, is_createable=False, is_updateable=False) for name, kind in READ_ONLY.items()]
    return [*CORE, *fixed, *map(field_of, rows)]


def field_of(row: Mapping[str, Any]) -> Field:
    """Return one custom field; older descriptions put the widget into `type`."""
    format, kind = format_of(row), str(row.get("valueType") or row.get("type"))
    options = tuple(map(str, row.get("values") or ())) or None
    is_chosen = format in CHOOSING and options is not None
    return Field(
        name=CUSTOM + row["name"],
        label=str(row["name"]),
        type=_type(format, kind, is_chosen),
        length=TEXT_LENGTH if format == "text" else 0,
        options=options if is_chosen else None,
        is_restricted=is_chosen,
        is_custom=True,
        form=FORMS.get(kind, ""),
    )


def format_of(row: Mapping[str, Any]) -> str:
    """Return the widget of a custom field."""
    found = str(row.get("format") or row.get("fieldType") or "")
    return found if found in FORMATS else "text"


def _type(format: str, kind: str, is_chosen: bool) -> FieldType:
    if format in SEVERAL:
        return "multipicklist" if is_chosen else "tags"
    return "picklist" if is_chosen else VALUE_TYPES.get(kind, "text")


def raw_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contact, from a list or in full, as one flat mapping."""
    raw = {name: row.get(name) for name in (*(field.name for field in CORE if field.name != "tags"), *READ_ONLY)}
    raw["campaign"] = (row.get("campaign") or {}).get("name")
    if "tags" in row:
        raw["tags"] = [tag["name"] for tag in row["tags"]]
    for each in row.get("customFieldValues") or ():
        values = each.get("values") or each.get("value") or []
        raw[CUSTOM + each["name"]] = list(values) if format_of(each) in SEVERAL else next(iter(values), None)
    return raw


def texts_of(value: Any) -> list[str]:
    """Return a value as the API takes it: an array of texts, empty for no value."""
    listed = value if isinstance(value, list | tuple) else [value]
    return [_text(each) for each in listed if each is not None and each != ""]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def new_field(name: str, kind: NewField) -> dict[str, Any]:
    """Return the request body for a custom field, a reference hidden. Raises PermanentError for a name that the API does not take."""
    if not NEW_FIELD_NAME.fullmatch(name):
        raise PermanentError(
            f"GetResponse's custom fields take small letters, digits and _: write {CUSTOM}{_as_name(name)} instead."
        )
    type, format = NEW_TYPES.get(kind, ("string", "text"))
    return {"name": name, "type": type, "format": format, "hidden": str(kind == "reference").lower(), "values": []}


def _as_name(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", name.casefold()).strip("_") or "sf_contact_id"
