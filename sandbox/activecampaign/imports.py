"""Bulk import: up to 250 contacts in one call, done later, refused as a whole when a row is wrong or the minute is used up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from sandbox.activecampaign import contacts, records
from sandbox.activecampaign.exchange import Ask
from sandbox.activecampaign.moments import central
from sandbox.activecampaign.panel import Panel
from sandbox.activecampaign.resources import CONTACT_LISTS, CONTACT_TAGS, TAGS
from sandbox.exchange import Answer, Refusal

CONTACTS_LIMIT = 250
BYTES_LIMIT = 400_000
NAMES = {"first_name": "firstName", "last_name": "lastName", "phone": "phone", "customer_acct_name": "orgname"}


def start_import(ask: Ask) -> Answer:
    """Answer `POST /import/bulk_import`."""
    panel, rows = ask.panel, ask.body.get("contacts") if isinstance(ask.body, dict) else None
    if not isinstance(rows, list) or not rows:
        raise _refused("Contact data is missing.", [])
    if len(rows) > CONTACTS_LIMIT or len(msgspec.json.encode(ask.body)) >= BYTES_LIMIT:
        raise _refused("The request is too large.", [f"Up to {CONTACTS_LIMIT} contacts and {BYTES_LIMIT} bytes are allowed."])
    if panel.switch("import_limit") and not panel.meter.take_import(panel.store.clock.now(), len(rows)):
        raise _refused("Rate limit exceeded.", ["Up to 100 imports may be requested per minute, 20 of a single contact."])
    wrong = [
        {"contact": place, "failureReason": "Email address is invalid."}
        for place, row in enumerate(rows)
        if not contacts.ADDRESS.match(str(row.get("email") or ""))
    ]
    if wrong:
        raise _refused("Some contacts are invalid.", wrong)
    number = panel.new_id("imports")
    batch = f"00000000-0000-4000-8000-{number:012x}"
    due = panel.store.clock.now() + timedelta(seconds=float(panel.switch("import_seconds")))
    panel.put("imports", {"id": number, "batch": batch, "due": due.isoformat(), "rows": rows, "success": None, "failure": []})
    settle(panel)
    return Answer(200, {"success": 1, "queued_contacts": len(rows), "batchId": batch, "message": "Contact import queued"})


def list_imports(ask: Ask) -> Answer:
    """Answer `GET /import/bulk_import`."""
    batches = list(ask.panel.rows("imports"))
    waiting = [batch for batch in batches if batch["success"] is None]
    day = str(central(ask.panel.now()))[:10]
    outstanding = {"forDate": day, "batches": str(len(waiting)), "contacts": str(sum(len(each["rows"]) for each in waiting))}
    done = [{"batchId": batch["batch"], "status": "completed"} for batch in batches if batch["success"] is not None]
    return Answer(200, {"outstanding": [outstanding] if waiting else [], "recentlyCompleted": done[-10:]})


def view_import(ask: Ask) -> Answer:
    """Answer `GET /import/info?batchId=`."""
    name = ask.param("batchId")
    if not name:
        raise Refusal(400, {"success": 0, "message": "'batchId' is a required field."})
    batch = next(iter(ask.panel.of("imports", "batch", name)), None)
    if batch is None:
        raise Refusal(404, {"message": "No Result found"})
    is_done = batch["success"] is not None
    status = "completed" if is_done else "waiting"
    return Answer(200, {"status": status, "success": batch["success"] or [], "failure": batch["failure"]})


def settle(panel: Panel) -> None:
    """Do the imports that are due."""
    now = panel.store.clock.now()
    for batch in list(panel.rows("imports")):
        if batch["success"] is None and datetime.fromisoformat(batch["due"]) <= now:
            panel.put("imports", {**batch, "success": [_import(panel, row) for row in batch["rows"]]})


def _import(panel: Panel, row: Mapping[str, Any]) -> str:
    given = {name: row[word] for word, name in NAMES.items() if word in row}
    given["fieldValues"] = [{"field": each.get("id"), "value": each.get("value")} for each in row.get("fields") or ()]
    old = contacts.by_email(panel, str(row["email"]))
    if old is None:
        record, _ = contacts.create(panel, {**given, "email": row["email"]})
    else:
        record, _ = contacts.update(panel, old, given)
        if not panel.switch("import_moves_udate"):
            panel.put("contacts", {**record, "udate": old["udate"]})
    _tag(panel, record["id"], row.get("tags") or ())
    for verb, status in (("subscribe", 1), ("unsubscribe", 2)):
        for each in row.get(verb) or ():
            _put_on_list(panel, str(record["id"]), str(each.get("listid")), status)
    return str(record["id"])


def _tag(panel: Panel, contact: int, names: Any) -> None:
    for name in names:
        tag = next(iter(panel.of("tags", "tag", str(name))), None) or records.create(panel, TAGS, {"tag": str(name)})
        if not any(row["tag"] == str(tag["id"]) for row in panel.of("contactTags", "contact", str(contact))):
            records.create(panel, CONTACT_TAGS, {"contact": contact, "tag": tag["id"]})


def _put_on_list(panel: Panel, contact: str, of_list: str, status: int) -> None:
    """Set a list status; somebody who unsubscribed is not subscribed again this way."""
    old = next((row for row in panel.of("contactLists", "contact", contact) if row["list"] == of_list), None)
    if old is None:
        records.create(panel, CONTACT_LISTS, {"contact": contact, "list": of_list, "status": status})
    elif status == 2 or str(old["status"]) != "2":
        records.update(panel, CONTACT_LISTS, old, {"status": status})


def _refused(message: str, reasons: list[Any]) -> Refusal:
    return Refusal(400, {"success": 0, "message": message, "failureReasons": reasons})
