"""Contacts: finding, checking, keeping and showing them."""

import re
from collections.abc import Mapping
from hashlib import md5
from typing import Any

from sandbox.activecampaign.errors import duplicate, invalid, missing, not_found
from sandbox.activecampaign.moments import central, naive
from sandbox.activecampaign.panel import Panel, Row
from sandbox.activecampaign.records import sweep
from sandbox.activecampaign.resources import CONTACT_CASCADES
from sandbox.activecampaign.values import set_value

MODEL = "Subscriber"
ATTRIBUTES = ("email", "phone", "firstName", "lastName", "orgname")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+$")
LINKS = (
    "bounceLogs", "contactAutomations", "contactData", "contactGoals", "contactLists", "contactLogs", "contactTags",
    "contactDeals", "deals", "fieldValues", "geoIps", "notes", "organization", "plusAppend", "trackingLogs", "scoreValues",
    "accountContacts", "automationEntryCounts",
)  # fmt: skip


def found(panel: Panel, key: Any) -> Row:
    """Return a contact. Refuses with 404 where there is none."""
    record = panel.get("contacts", key)
    if record is None:
        raise not_found(MODEL, key)
    return record


def by_email(panel: Panel, email: str) -> Row | None:
    """Return the contact with this address."""
    return next(iter(panel.of("contacts", "email", email)), None) if email else None


def create(panel: Panel, given: Mapping[str, Any]) -> tuple[Row, list[Row]]:
    """Keep a new contact; return it with the field values sent along."""
    if not given.get("email"):
        raise missing("email")
    strike(panel, str(given["email"]))
    now = panel.now()
    record = {**_checked(panel, given, None), "cdate": now, "udate": now, "stale": now, "id": panel.new_id("contacts")}
    panel.put("contacts", record)
    panel.store.calls.records_written += 1
    return record, _set_values(panel, record, given)


def update(panel: Panel, old: Row, given: Mapping[str, Any]) -> tuple[Row, list[Row]]:
    """Keep the attributes given; return the contact with the field values sent along."""
    strike(panel, str(old["id"]))
    record = {**old, **_checked(panel, given, old["id"]), "stale": old["udate"], "udate": panel.now()}
    panel.put("contacts", record)
    panel.store.calls.records_written += 1
    return record, _set_values(panel, record, given)


def delete(panel: Panel, key: Any) -> None:
    """Remove a contact for good; the same address later gets a new id."""
    record = found(panel, key)
    sweep(panel, CONTACT_CASCADES, record["id"])
    panel.remove("contacts", record["id"])
    panel.store.calls.records_written += 1


def strike(panel: Panel, victim: str) -> None:
    """Refuse a contact if a fault `bad_record` was armed for it: by e-mail for a create, by id for an update."""
    fault = panel.store.faults.take_row("bad_record", victim)
    if fault is not None:
        raise invalid(
            "email", str(fault.options.get("message", "injected fault")), str(fault.options.get("code", "field_invalid"))
        )


def show(panel: Panel, record: Row, base: str) -> dict[str, Any]:
    """Return a contact as lists and full answers show it."""
    cdate, udate, stale = record["cdate"], record["udate"], record.get("stale") or record["udate"]
    key = str(record["id"])
    empty_date = "0000-00-00 00:00:00" if panel.switch("old_dates") else None
    return {
        "cdate": central(cdate), "email": record.get("email") or "", "phone": record.get("phone") or "",
        "firstName": record.get("firstName") or "", "lastName": record.get("lastName") or "", "orgid": "0",
        "orgname": record.get("orgname") or "", "segmentio_id": "", "bounced_hard": "0", "bounced_soft": "0",
        "bounced_date": empty_date, "ip": "0", "ua": None, "hash": _hash(record), "socialdata_lastcheck": empty_date,
        "email_local": "", "email_domain": "", "sentcnt": "0", "rating_tstamp": empty_date, "gravatar": "0", "deleted": "0",
        "anonymized": "0", "adate": empty_date, "udate": central(udate), "edate": None, "deleted_at": empty_date,
        "created_utc_timestamp": naive(cdate), "updated_utc_timestamp": naive(stale), "created_timestamp": naive(cdate),
        "updated_timestamp": naive(stale), "created_by": None, "updated_by": None, "email_empty": not record.get("email"),
        "mpp_tracking": "0", "scoreValues": [],
        "accountContacts": [str(row["id"]) for row in panel.of("accountContacts", "contact", key)],
        "links": _links(record, base), "id": key, "organization": None,
    }  # fmt: skip


def show_short(record: Row, base: str) -> dict[str, Any]:
    """Return a contact as a create shows it."""
    attributes = {name: record.get(name) or "" for name in ("email", "phone", "firstName", "lastName")}
    return attributes | {
        "email_empty": False, "cdate": central(record["cdate"]), "udate": central(record["udate"]), "orgid": "", "orgname": "",
        "links": _links(record, base), "hash": _hash(record), "id": str(record["id"]), "organization": "",
    }  # fmt: skip


def _checked(panel: Panel, given: Mapping[str, Any], key: int | None) -> dict[str, Any]:
    kept = {name: given[name] for name in ATTRIBUTES if name in given}
    if "email" in kept:
        email = str(kept["email"] or "").strip()
        kept["email"] = email.lower() if panel.switch("lowercase_emails") else email
        if not ADDRESS.match(email):
            raise invalid("email", "Email address is invalid.")
        owner = by_email(panel, email)
        if owner is not None and owner["id"] != key:
            raise duplicate("email", "Email address already exists in the system")
    return kept


def _set_values(panel: Panel, record: Row, given: Mapping[str, Any]) -> list[Row]:
    rows = [set_value(panel, record["id"], str(each.get("field")), each.get("value")) for each in given.get("fieldValues") or ()]
    return [row for row in rows if row]


def _links(record: Row, base: str) -> dict[str, str]:
    return {name: f"{base}/api/3/contacts/{record['id']}/{name}" for name in LINKS}


def _hash(record: Row) -> str:
    return md5(f"contact {record['id']}".encode(), usedforsecurity=False).hexdigest()
