"""ForceManager's fields: which are references and to what, and the schema of a resource in the words of the contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Entity, Field, FieldType
from connectors.forcemanager_list import VALUES_LIMIT

ENTITIES: Mapping[str, Entity] = {
    name: Entity(name, path, "id", "dateUpdated", has_delete_feed=True, ids_per_call=VALUES_LIMIT)
    for name, path in (
        ("account", "accounts"), ("contact", "contacts"), ("opportunity", "opportunities"), ("activity", "activities"),
        ("event", "calendar"), ("task", "calendar"),
    )
}  # fmt: skip
IS_TASK = {"event": False, "task": True}  # both live in the calendar
RECORDS = frozenset({"accountId", "accountId1", "accountId2", "accountId3", "contactId", "opportunityId"})
USERS = frozenset({"salesRepId", *(f"salesRepId{number}" for number in range(1, 6))})
LISTS: Mapping[str, Mapping[str, str]] = {
    "accounts": {
        "branchId": "branches", "countryId": "countries", "typeId": "accountTypes", "statusId": "accountStatuses",
        "segmentId": "accountSegments",
    },
    "contacts": {"typeId": "contactTypes", "countryId": "countries", "gender": "genders"},
    "opportunities": {
        "type_id": "opportunityTypes", "statusId": "opportunityStatuses", "currencyId": "currencies", "branchId": "branches",
        "countryId": "countries",
    },
    "activities": {"typeId": "activityTypes"},
    "calendar": {"typeId": "activityTypes", "branchId": "branches"},
}  # fmt: skip
GENDERS = {"Male": 0, "Female": 1}
# Mandatory by the vendor's documentation; the schema does not tell.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "account": ("name", "branchId", "salesRepId1"),
    "contact": ("accountId", "firstName", "lastName", "salesRepId"),
    "opportunity": ("reference", "statusId", "accountId1", "salesRepId"),
    "activity": ("typeId", "day", "salesRepId"),
    "event": ("subject", "start", "salesRepId"),
    "task": ("subject", "startDate", "salesRepId"),
}
RENAMED = {"UseCompanyAddress": "useCompanyAddress"}  # read so, written so
# Put together by the connector: what Salesforce keeps in one field, or the day of a moment.
MADE_UP: Mapping[str, Mapping[str, FieldType]] = {
    "activity": {"day": "date"},
    **{name: {"start": "datetime", "end": "datetime"} for name in IS_TASK},
}
KNOWN: Mapping[str, FieldType] = {
    "id": "id", "email": "email", "email2": "email", "email3": "email", "phone": "phone", "phone1": "phone",
    "phone2": "phone", "phone3": "phone", "fax": "phone", "website": "url", "linkedin": "url", "birthday": "date",
    "salesForecastDate": "date", "startDate": "date", "endDate": "date", "date": "datetime", "checkoutDate": "datetime",
    "closedDate": "datetime", "wonDate": "datetime", "lostDate": "datetime", "dateCreated": "datetime",
    "dateUpdated": "datetime", "dateDeleted": "datetime", "total": "number", "salesProbability": "number",
}  # fmt: skip
JSON_TYPES: Mapping[str, FieldType] = {"boolean": "boolean", "integer": "integer", "number": "number", "string": "text"}


def is_extra(name: str) -> bool:
    """Tell whether an administrator made the field."""
    return name.startswith(("Z_", "z_"))


def is_number(path: str, name: str) -> bool:
    """Tell whether conditions on a field take a bare number."""
    return name == "id" or name in RECORDS or name in USERS or name in LISTS[path]


def fields_of(entity: str, properties: Mapping[str, Any], options: Mapping[str, Sequence[str]]) -> list[Field]:
    """Return the fields of a schema, with those that are put together here; `options` holds the labels of value lists."""
    path = ENTITIES[entity].path
    described = [_field(entity, path, RENAMED.get(name, name), words, options) for name, words in properties.items()]
    made_up = MADE_UP.get(entity, {}).items()
    return described + [Field(name, name, kind, is_required=name in REQUIRED[entity]) for name, kind in made_up]


def _field(entity: str, path: str, name: str, words: Mapping[str, Any], options: Mapping[str, Sequence[str]]) -> Field:
    labels = options.get(name)
    is_writable = not words.get("readOnly", False) and name != "id"
    return Field(
        name=name,
        label=str(words.get("description") or words.get("label") or name),
        type=_type(path, name, words),
        length=int(words.get("maxLength") or 0),
        options=tuple(labels) if labels is not None else None,
        is_restricted=labels is not None,
        is_required=name in REQUIRED[entity] or bool(words.get("required_via_api")),
        is_createable=is_writable,
        is_updateable=is_writable,
        is_custom=is_extra(name),
    )


def _type(path: str, name: str, words: Mapping[str, Any]) -> FieldType:
    if name in LISTS[path]:
        return "picklist"
    if name in RECORDS or name in USERS:
        return "reference"
    if name in KNOWN:
        return KNOWN[name]
    given = words.get("type")
    kinds = [given] if isinstance(given, str) else [kind for kind in given or () if kind != "null"]
    if words.get("format") == "date-time":
        return "datetime"
    return JSON_TYPES.get(kinds[0], "other") if kinds else "other"
