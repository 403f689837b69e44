"""Contacts and companies as stored (flat, nothing empty) and as the API shows them (nested, every key)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

Row = dict[str, Any]

CUSTOM = "cf:"
_INDIA = timezone(timedelta(hours=5, minutes=30))
_EMPTY: tuple[Any, ...] = (None, False, "", [])
_FIRST_ORG_CONTACT = 1848295000000000000
_LIST_KEYS = ("active", "address", "description", "email", "id", "job_title", "language", "mobile", "name", "phone",
              "time_zone", "twitter_id", "company_id", "unique_external_id")  # fmt: skip


def pack(raw: Mapping[str, Any]) -> Row:
    """Return a record in the API's shape as it is stored: custom fields flat, empty values left out."""
    row = {key: value for key, value in raw.items() if key != "custom_fields" and value not in _EMPTY}
    custom = raw.get("custom_fields") or {}
    return row | {CUSTOM + key: value for key, value in custom.items() if value is not None and value != ""}


def custom_fields(record: Mapping[str, Any], names: Iterable[str]) -> Row:
    """Return the custom fields of a stored record under their own names, None where empty."""
    return {name: record.get(CUSTOM + name) for name in names}


def contact_row(record: Mapping[str, Any], names: Iterable[str]) -> Row:
    """Return a contact as lists show it: without tags, other e-mails and other things only the single view has."""
    get = record.get
    row = {key: get(key) for key in _LIST_KEYS}
    row["active"] = get("active", False)
    row["language"] = get("language", "en")
    row["time_zone"] = get("time_zone", "Berlin")
    row["other_companies"] = [other["company_id"] for other in get("other_companies", ())]
    row["custom_fields"] = custom_fields(record, names)
    row["created_at"], row["updated_at"] = record["created_at"], record["updated_at"]
    row |= {"facebook_id": None, "csat_rating": None, "preferred_source": None, "other_phone_numbers": []}
    row |= {"first_name": _first_name(record["name"]), "last_name": (record["name"].split() or [""])[-1]}
    row["visitor_id"] = f"5b1e0d86-0000-4000-8000-{record['id']:012x}"
    row["org_contact_id"] = _FIRST_ORG_CONTACT + record["id"]
    return row | ({"deleted": True} if get("deleted") else {})


def contact_view(record: Mapping[str, Any], names: Iterable[str], is_modern: bool) -> Row:
    """Return a contact as the single view, create and update show it."""
    get = record.get
    row = contact_row(record, names) | {
        "other_companies": get("other_companies", []),
        "other_emails": get("other_emails", []),
        "tags": get("tags", []),
        "view_all_tickets": get("view_all_tickets", False),
        "avatar": None,
    }
    modern = {"contact_type": get("contact_type", "contact"), "social_handler": get("social_handler", [])}
    return row | (modern if is_modern else {})


def company_view(record: Mapping[str, Any], names: Iterable[str], has_offset: bool) -> Row:
    """Return a company, in lists as alone."""
    get = record.get
    stamps = {key: _in_india(record[key]) if has_offset else record[key] for key in ("created_at", "updated_at")}
    return {
        "id": record["id"], "name": record["name"], "description": get("description"), "note": get("note"),
        "domains": get("domains", []), "health_score": get("health_score"), "account_tier": get("account_tier"),
        "renewal_date": get("renewal_date"), "industry": get("industry"), "custom_fields": custom_fields(record, names),
    } | stamps  # fmt: skip


def _first_name(name: str) -> str:
    words = name.split()
    return " ".join(words[:-1]) if len(words) > 1 else name


def _in_india(stamp: str) -> str:
    return datetime.fromisoformat(stamp).astimezone(_INDIA).isoformat()
