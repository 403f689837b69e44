"""Imports: rows that are added or updated in bulk, by and by, with statistics that come late."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.exchange import Answer
from sandbox.getresponse import contacts
from sandbox.getresponse.account import Account, Row, stamp
from sandbox.getresponse.catalogue import add_tag
from sandbox.getresponse.errors import Refusal, invalid, missing, not_found, taken
from sandbox.getresponse.exchange import Ask, Collection
from sandbox.getresponse.shapes import BASE, reference

ACTIVE = ("uploaded", "to_review", "review", "approved")
ACTIVE_LIMIT, DAY_LIMIT = 2, 20
ERRORS = ("syntaxErrors", "alreadyInQueue", "invalidDomains", "blacklist", "policyFailures", "mismatchedCriteria")


def start_import(ask: Ask) -> Answer:
    """Answer `POST /imports`."""
    account, given = ask.account, ask.fields()
    mapping, rows = given.get("fieldMapping"), given.get("contacts")
    if account.get("campaigns", given.get("campaignId")) is None:
        raise missing("Campaign", given.get("campaignId"))
    if not isinstance(mapping, list) or "email" not in mapping:
        raise invalid("fieldMapping", "It must name email", 1005)
    if not isinstance(rows, list) or any(len(row) != len(mapping) for row in rows):
        raise invalid("contacts", "Every row must be as long as fieldMapping", 1004)
    _check_room(account, str(given["campaignId"]))
    row = {
        "importId": account.new_id("imports"), "campaignId": given["campaignId"], "createdOn": account.now(), "mapping": mapping,
        "due": account.later(account.switch("import_seconds")), "rows": rows, "statistics": None,
    }  # fmt: skip
    account.put("imports", row)
    return Answer(201, view(account, row))


def list_imports(ask: Ask) -> Answer:
    """Answer `GET /imports`."""
    return IMPORTS.answer(ask, ask.account.rows("imports"))


def view_import(ask: Ask) -> Answer:
    """Answer `GET /imports/{id}`."""
    row = ask.account.get("imports", ask.words["id"])
    if row is None:
        raise not_found(importId=ask.words["id"])
    return Answer(200, view(ask.account, row))


def work(account: Account) -> None:
    """Carry out the imports that are due."""
    for row in account.rows("imports"):
        if row["statistics"] is None and row["due"] <= account.now():
            counts = {"uploaded": len(row["rows"]), "invalid": 0, "updated": 0, "addedToList": 0}
            for cells in row["rows"]:
                counts[_bring_in(account, row["campaignId"], dict(zip(row["mapping"], cells, strict=True)))] += 1
            account.put("imports", {**row, "statistics": counts})


def view(account: Account, row: Row) -> dict[str, Any]:
    """Return an import; the numbers come one step after its end."""
    is_done = row["statistics"] is not None
    is_counted = is_done and stamp(datetime.fromisoformat(row["due"]) + timedelta(seconds=1)) <= account.now()
    blank = {"uploaded": len(row["rows"]), "invalid": 0, "updated": 0, "addedToList": 0}
    return {
        "importId": row["importId"], "campaign": reference(account, row["campaignId"]),
        "status": "finished" if is_done else "uploaded", "statistics": row["statistics"] if is_counted else blank,
        "errorStatistics": dict.fromkeys(ERRORS, 0), "createdOn": row["createdOn"],
        "finishedOn": row["due"] if is_done else None, "href": f"{BASE}/imports/{row['importId']}",
    }  # fmt: skip


IMPORTS = Collection(view, exact=("campaignId",), ranges=("createdOn",), sorts=("createdOn",), id_name="importId")


def _check_room(account: Account, campaign_id: str) -> None:
    active = [row for row in account.rows("imports") if row["statistics"] is None]
    if len(active) >= ACTIVE_LIMIT or any(row["campaignId"] == campaign_id for row in active):
        raise taken("import")
    day = stamp(account.store.clock.now() - timedelta(days=1))
    if sum(row["createdOn"] > day for row in account.rows("imports")) >= DAY_LIMIT:
        raise Refusal(1015, "Too many imports in 24 hours")


def _bring_in(account: Account, campaign_id: str, cells: dict[str, str]) -> str:
    given: dict[str, Any] = {name: cells[name] for name in ("email", "name") if cells.get(name)}
    customs, tags = [], []
    for name, value in cells.items():
        field = account.named("custom_fields", name)
        if name.startswith("tag:") and value == "1":
            tag = account.named("tags", name[4:]) or add_tag(account, name[4:])
            tags.append(tag["tagId"])
        elif field is not None and value:
            customs.append({"customFieldId": field["customFieldId"], "value": [value]})
    try:
        fields = contacts.checked(account, {**given, "customFieldValues": customs}, contacts.WRITABLE)
    except Refusal:
        return "invalid"
    old = account.holder(campaign_id, fields["email"])
    if old is None:
        contacts.appear(account, {**fields, "campaignId": campaign_id, "tags": tags}, origin="import")
        return "addedToList"
    merged = {**old["customs"], **fields.pop("customs")}
    row = {**old, **fields, "customs": merged, "tags": list(dict.fromkeys([*old["tags"], *tags]))}
    contacts.written(account, row, is_core=True)
    return "updated"
