"""Fields of ActiveCampaign: the fixed ones, the custom ones with their names, and their values in the API's spelling.

A custom field of contacts is `fields.<merge tag>` (`fields.CITY`), one of deals `fields.<letters and digits of its label>`
(`fields.CLOSEDATE`); the API's own id works as well (`fields.12`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.activecampaign_calls import Row
from connectors.contract import Field, FieldType, NewField
from connectors.flat import to_json

PREFIX = "fields."
LIST_PREFIX = "lists."
OPTED_OUT = "opted_out"
TEXT_LENGTH = 255
TYPES: Mapping[str, FieldType] = {
    "text": "text", "textarea": "text", "hidden": "text", "date": "date", "datetime": "datetime", "dropdown": "picklist",
    "radio": "picklist", "listbox": "multipicklist", "checkbox": "multipicklist", "multiselect": "multipicklist",
    "number": "number", "currency": "number",
}  # fmt: skip
NEW_TYPES: Mapping[NewField, str] = {
    "reference": "text", "text": "text", "long_text": "textarea", "checkbox": "text", "number": "text", "date": "date",
    "datetime": "datetime",
}  # fmt: skip
LISTS_OF_VALUES = frozenset({"listbox", "checkbox", "multiselect"})
STATUSES = ("unconfirmed", "active", "unsubscribed", "bounced")
FIXED: Mapping[str, tuple[tuple[str, FieldType, bool], ...]] = {  # name, type, may be written
    "contact": (
        ("id", "id", False), ("email", "email", True), ("firstName", "text", True), ("lastName", "text", True),
        ("phone", "phone", True), ("account", "reference", True), ("account_name", "text", True), ("tags", "tags", True),
        (OPTED_OUT, "boolean", True),
        ("cdate", "datetime", False), ("udate", "datetime", False),
    ),
    "account": (
        ("id", "id", False), ("name", "text", True), ("accountUrl", "url", True), ("owner", "other", True),
        ("createdTimestamp", "datetime", False), ("updatedTimestamp", "datetime", False),
    ),
    "deal": (
        ("id", "id", False), ("title", "text", True), ("description", "text", True), ("contact", "reference", True),
        ("account", "reference", True), ("amount", "number", True), ("value", "integer", True), ("currency", "text", True),
        ("group", "other", True), ("stage", "other", True), ("stage_title", "picklist", True), ("owner", "other", True),
        ("percent", "integer", True), ("status", "text", True), ("cdate", "datetime", False), ("mdate", "datetime", False),
    ),
}  # fmt: skip
REQUIRED: Mapping[str, tuple[str, ...]] = {"contact": ("email",), "account": ("name",), "deal": ("title",)}


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field; `options` are the values of a choice."""

    id: str
    name: str  # without the prefix
    label: str
    type: str
    options: tuple[str, ...] = ()

    def described(self) -> Field:
        """Return the field as the contract describes it."""
        kind = TYPES.get(self.type, "text")
        has_options = kind in ("picklist", "multipicklist")
        length = TEXT_LENGTH if self.type in ("text", "hidden") else 0
        options = self.options if has_options and self.options else None
        return Field(PREFIX + self.name, self.label, kind, length, options, is_restricted=bool(options), is_custom=True)

    def read(self, value: Any) -> Any:
        """Return a value as read: lists for fields of several values, None for nothing."""
        if value in (None, "", []):
            return None
        if self.type not in LISTS_OF_VALUES or isinstance(value, list):
            return value
        return [part for part in str(value).split("||") if part] or None


class CustomFields:
    """The custom fields of one kind of record, by id and by name."""

    def __init__(self, fields: Iterable[CustomField]) -> None:
        self.by_id = {each.id: each for each in fields}
        self._by_name = {each.name.upper(): each for each in self.by_id.values()}

    def named(self, name: str) -> CustomField | None:
        """Return the field that a raw name such as `fields.CITY` or `fields.12` means."""
        word = name.removeprefix(PREFIX)
        return self._by_name.get(word.upper()) or self.by_id.get(word)

    def values(self, by_id: Mapping[str, Any]) -> dict[str, Any]:
        """Return every field with its value, None where there is none, under its name and its id."""
        flat: dict[str, Any] = {}
        for each in self.by_id.values():
            value = each.read(by_id.get(each.id))
            flat |= {PREFIX + each.name: value, PREFIX + each.id: value}
        return flat


def contact_fields(rows: Iterable[Row], options: Iterable[Row]) -> CustomFields:
    """Read the answer of `GET /fields`."""
    values: dict[str, list[str]] = {}
    for option in options:
        values.setdefault(str(option["field"]), []).append(str(option.get("value") or option.get("label")))
    return CustomFields(
        CustomField(
            str(row["id"]), str(row.get("perstag") or row["id"]), str(row["title"]), str(row["type"]),
            tuple(values.get(str(row["id"]), ())),
        )
        for row in rows
    )  # fmt: skip


def deal_fields(rows: Iterable[Row]) -> CustomFields:
    """Read the answer of `GET /dealCustomFieldMeta`."""
    return CustomFields(
        CustomField(
            str(row["id"]), word_of(str(row["fieldLabel"])), str(row["fieldLabel"]), str(row["fieldType"]),
            tuple(map(str, row.get("fieldOptions") or ())),
        )
        for row in rows
    )  # fmt: skip


def described(entity: str, custom: CustomFields | None, lists: Iterable[str] = (), stages: Iterable[str] = ()) -> list[Field]:
    """Return all fields of `entity`; `lists` are string ids, `stages` the titles that a deal's stage may have."""
    fields = [
        Field(
            name, name, kind, is_required=name in REQUIRED[entity], is_createable=is_open, is_updateable=is_open,
            is_unique=name == "email",
        )
        for name, kind, is_open in FIXED[entity]
        if name != "stage_title"
    ]  # fmt: skip
    fields += [
        Field(f"{LIST_PREFIX}{name}", f"Status on {name}", "picklist", options=STATUSES, is_restricted=True) for name in lists
    ]
    if entity == "deal":
        titles = tuple(dict.fromkeys(stages))
        fields.append(Field("stage_title", "Stage", "picklist", options=titles, is_restricted=True))
    return fields + [each.described() for each in (custom.by_id.values() if custom else ())]


def word_of(label: str) -> str:
    """Return the letters and digits of a label in capitals."""
    return re.sub(r"[^A-Z0-9]", "", label.upper())


def sent(value: Any) -> Any:
    """Return a contact's custom value as the API takes it: lists between double bars, nothing as an empty text."""
    if value is None or value == []:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return "".join(f"||{part}" for part in value) + "||"
    return str(int(value)) if isinstance(value, bool) else to_json(value)
