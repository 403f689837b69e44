"""Records as the API shows them: in lists, in full, in searches; times in the zone that the caller asks for."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.getresponse.account import Account, Row, stamp

BASE = "https://api.getresponse.com/v3"
STAMPS = ("createdOn", "changedOn", "deletedOn", "createdAt", "finishedOn")

View = Callable[[Account, Row], dict[str, Any]]


def campaign_row(account: Account, row: Row) -> dict[str, Any]:
    """Return a list as the collection shows it."""
    return {
        "campaignId": row["campaignId"], "name": row["name"], "techName": row["campaignId"].lower(), "description": row["name"],
        "languageCode": row["languageCode"], "isDefault": str(row["isDefault"]).lower(), "createdOn": row["createdOn"],
        "href": f"{BASE}/campaigns/{row['campaignId']}",
    }  # fmt: skip


def campaign_view(account: Account, row: Row) -> dict[str, Any]:
    """Return a list in full."""
    return campaign_row(account, row) | {"optinTypes": dict(row["optinTypes"])}


def reference(account: Account, campaign_id: str) -> dict[str, Any]:
    """Return a list as its contacts name it."""
    campaign = account.get("campaigns", campaign_id) or {"name": ""}
    return {"campaignId": campaign_id, "name": campaign["name"], "href": f"{BASE}/campaigns/{campaign_id}"}


def field_view(account: Account, row: Row) -> dict[str, Any]:
    """Return a custom field."""
    return {
        "customFieldId": row["customFieldId"], "name": row["name"], "type": row["type"], "valueType": row["type"],
        "format": row["format"], "fieldType": row["format"], "hidden": str(row["hidden"]).lower(), "values": list(row["values"]),
        "href": f"{BASE}/custom-fields/{row['customFieldId']}",
    }  # fmt: skip


def tag_view(account: Account, row: Row) -> dict[str, Any]:
    """Return a tag."""
    return {
        "tagId": row["tagId"], "name": row["name"], "href": f"{BASE}/tags/{row['tagId']}", "color": "", "createdAt": row["createdAt"],
    }  # fmt: skip


def contact_row(account: Account, row: Row) -> dict[str, Any]:
    """Return a contact as lists show it: without tags and custom values."""
    href = f"{BASE}/contacts/{row['contactId']}"
    return {
        "contactId": row["contactId"], "name": row["name"], "origin": row["origin"], "timeZone": row["timeZone"],
        "activities": f"{href}/activities", "changedOn": row["changedOn"], "createdOn": row["createdOn"],
        "campaign": reference(account, row["campaignId"]), "email": row["email"], "dayOfCycle": row["dayOfCycle"],
        "scoring": row["scoring"], "engagementScore": row["engagementScore"], "href": href, "note": row["note"],
        "ipAddress": row["ipAddress"],
    }  # fmt: skip


def contact_view(account: Account, row: Row) -> dict[str, Any]:
    """Return a contact in full."""
    tags = [tag_view(account, tag) for tag in (account.get("tags", id) for id in row["tags"]) if tag]
    return contact_row(account, row) | {
        "geolocation": dict.fromkeys(
            ("latitude", "longitude", "continentCode", "countryCode", "region", "postalCode", "dmaCode", "city")
        ),
        "tags": [{name: tag[name] for name in ("tagId", "name", "href", "color")} for tag in tags],
        "customFieldValues": [
            _custom_value(field, values)
            for field, values in ((account.get("custom_fields", id), values) for id, values in row["customs"].items())
            if field
        ],
    }


def searched_row(account: Account, row: Row) -> dict[str, Any]:
    """Return a contact as a search shows it."""
    shown = contact_row(account, row)
    names = ("contactId", "name", "email", "origin", "dayOfCycle", "createdOn", "campaign")
    score = None if row["scoring"] is None else str(row["scoring"])
    return {name: shown[name] for name in names} | {"score": score, "reason": row["reason"], "deletedOn": row["deletedOn"]}


def _custom_value(field: Row, values: list[str]) -> dict[str, Any]:
    return {
        "customFieldId": field["customFieldId"], "name": field["name"], "value": list(values), "values": list(values),
        "type": field["format"], "fieldType": field["format"], "valueType": field["type"],
    }  # fmt: skip


def in_zone(value: Any, zone: ZoneInfo | None) -> Any:
    """Return an answer with its times moved to `zone`."""
    if zone is None:
        return value
    if isinstance(value, list):
        return [in_zone(each, zone) for each in value]
    if isinstance(value, dict):
        return {name: _moved(each, zone) if name in STAMPS and each else in_zone(each, zone) for name, each in value.items()}
    return value


def _moved(text: str, zone: ZoneInfo) -> str:
    moment = datetime.fromisoformat(text).astimezone(zone)
    return stamp(moment).removesuffix("+0000") + moment.strftime("%z")
