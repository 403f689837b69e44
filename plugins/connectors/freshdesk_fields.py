"""Freshdesk's field descriptions (`/contact_fields`, `/company_fields`) in the words of the contract."""

import re
from collections.abc import Mapping
from typing import Any

from connectors.contract import Field, FieldType, NewField
from connectors.flat import unflatten

CUSTOM_TYPES: Mapping[str, FieldType] = {
    "custom_text": "text",
    "custom_paragraph": "text",
    "custom_checkbox": "boolean",
    "custom_number": "integer",
    "custom_dropdown": "picklist",
    "custom_phone_number": "phone",
    "custom_url": "url",
    "custom_date": "date",
}
NEW_TYPES: Mapping[NewField, str] = {
    "reference": "custom_text", "text": "custom_text", "long_text": "custom_paragraph", "checkbox": "custom_checkbox",
    "number": "custom_number", "date": "custom_date", "datetime": "custom_text",
}  # fmt: skip
# The name in a field description → the name in a record, and its type.
DEFAULT_FIELDS: Mapping[str, tuple[str, FieldType]] = {
    "email": ("email", "email"),
    "phone": ("phone", "phone"),
    "mobile": ("mobile", "phone"),
    "company_name": ("company_id", "reference"),
    "tag_names": ("tags", "tags"),
    "domains": ("domains", "tags"),
    "renewal_date": ("renewal_date", "date"),
    "health_score": ("health_score", "picklist"),
    "account_tier": ("account_tier", "picklist"),
    "industry": ("industry", "picklist"),
}
NOT_IN_RECORDS = frozenset({"twitter_profile_status", "twitter_followers_count"})
LENGTHS = {"custom_text": 255, "name": 255, "email": 255}
READ_ONLY: Mapping[str, tuple[tuple[str, FieldType], ...]] = {
    "account": (("id", "id"), ("created_at", "datetime"), ("updated_at", "datetime")),
    "contact": (("id", "id"), ("active", "boolean"), ("created_at", "datetime"), ("updated_at", "datetime")),
}
UNLISTED: Mapping[str, tuple[tuple[str, FieldType], ...]] = {
    "account": (),
    "contact": (("other_emails", "other"), ("view_all_tickets", "boolean"), ("unique_external_id", "text")),
}


def fields_of(entity: str, rows: list[Mapping[str, Any]]) -> list[Field]:
    """Return the fields of `entity`: those described in `rows` and those the API never describes."""
    described = [field_of(row) for row in rows if row["name"] not in NOT_IN_RECORDS]
    names = {field.name for field in described}
    unlisted = [Field(name, name, kind) for name, kind in UNLISTED[entity] if name not in names]
    fixed = [
        Field(name, name, kind, is_createable=False, is_updateable=False) for name, kind in READ_ONLY[entity] if name not in names
    ]
    return described + unlisted + fixed


def field_of(row: Mapping[str, Any]) -> Field:
    """Return one described field; older accounts spell `field_type` and `required_for_agent`."""
    api_type = str(row.get("type") or row.get("field_type") or "")
    name, kind = _name_and_type(row, api_type)
    is_required = bool(row.get("required_for_agents", row.get("required_for_agent", False)))
    return Field(
        name=name,
        label=str(row.get("label") or row["name"]),
        type=kind,
        length=LENGTHS.get(api_type, LENGTHS.get(name, 0)),
        options=options_of(row) if kind == "picklist" else None,
        is_restricted=kind == "picklist",
        is_required=is_required or name == "name",
        is_unique=bool(row.get("unique", False)) or name in ("email", "unique_external_id"),
        is_custom=is_custom(row),
    )


def is_custom(row: Mapping[str, Any]) -> bool:
    """Tell whether the account's administrator made the field."""
    return not row.get("default", not str(row.get("type") or row.get("field_type")).startswith("custom_"))


def options_of(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the options of a dropdown in any of the shapes the API has had; None where it lists none."""
    choices = row.get("choices")
    if isinstance(choices, Mapping):
        return tuple(str(choice) for choice in choices)
    if not choices:
        return None
    return tuple(str(choice.get("value", choice.get("label")) if isinstance(choice, Mapping) else choice) for choice in choices)


def new_field(entity: str, name: str, label: str, kind: NewField) -> dict[str, Any]:
    """Return the request body for a field; the API makes the name out of the label. A reference is unique and hidden from agents."""
    is_reference = kind == "reference"
    body: dict[str, Any] = {
        "label": label if slug(label) == name else name,
        "type": NEW_TYPES[kind],
        **({"unique": True} if is_reference else {}),
        "required_for_agents": False,
        "agents_can_edit": not is_reference,
        "displayed_for_agents": not is_reference,
    }
    if entity == "contact":
        body |= {
            "label_for_customers": body["label"],
            "customers_can_edit": False,
            "required_for_customers": False,
            "displayed_for_customers": False,
        }
    return body


def body_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of a write; ids are text with us, but Freshdesk takes the id of a company as a number only."""
    body = unflatten(fields)
    if str(body.get("company_id")).isdecimal():
        body["company_id"] = int(body["company_id"])
    return body


def slug(label: str) -> str:
    """Return the name that Freshdesk makes out of a label."""
    return re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")


def _name_and_type(row: Mapping[str, Any], api_type: str) -> tuple[str, FieldType]:
    name = str(row["name"])
    if is_custom(row):
        return f"custom_fields.{name}", CUSTOM_TYPES.get(api_type, "other")
    return DEFAULT_FIELDS.get(name, (name, "text"))
