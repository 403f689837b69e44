"""What a person does in the account's own pages, and records in the handy form that tests and seeds use.

A contact then carries `fields` by merge tag, `tags` by name, `lists` by the list's string id and the name of its `account`; a
deal carries `fields`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.activecampaign import contacts, deals, records
from sandbox.activecampaign.panel import Panel, Row
from sandbox.activecampaign.resources import ACCOUNT_CONTACTS, ACCOUNTS, CONTACT_LISTS, CONTACT_TAGS, RESOURCES, TAGS
from sandbox.activecampaign.values import set_value

BASE = "https://nordwerk.api-us1.com"
STATUSES = {"unconfirmed": 0, "active": 1, "unsubscribed": 2, "bounced": 3}


def put_contacts(panel: Panel, rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Put contacts as they are, with their values, tags and lists."""
    now, made = panel.now(), []
    for row in rows:
        key = int(row.get("id") or panel.new_id("contacts"))
        plain = {name: row.get(name) for name in contacts.ATTRIBUTES}
        stamps = {"cdate": row.get("cdate", now), "udate": row.get("udate", now)}
        panel.put("contacts", plain | stamps | {"id": key})
        _dress(panel, key, row)
        made.append(key)
    panel.note_ids("contacts", made)
    return made


def edit_contact(panel: Panel, key: int, given: Mapping[str, Any]) -> None:
    """Change a contact; `udate` moves unless it is given."""
    old = panel.get("contacts", key)
    if old is None:
        raise KeyError(f"contacts {key}")
    plain = {name: value for name, value in given.items() if name in (*contacts.ATTRIBUTES, "udate", "cdate")}
    panel.put("contacts", {**old, "udate": panel.now(), **plain})
    _dress(panel, key, given)


def contact_of(panel: Panel, record: Row) -> dict[str, Any]:
    """Return a contact with its values, tags and lists."""
    key = str(record["id"])
    by_field = {row["field"]: row["value"] for row in panel.of("fieldValues", "contact", key)}
    fields = {str(field["perstag"]): by_field.get(str(field["id"])) for field in panel.rows("fields")}
    tags = [found["tag"] for row in panel.of("contactTags", "contact", key) if (found := panel.get("tags", row["tag"]))]
    words = {number: word for word, number in STATUSES.items()}
    lists = {
        found["stringid"]: words[int(row["status"])]
        for row in panel.of("contactLists", "contact", key)
        if (found := panel.get("lists", row["list"]))
    }
    joined = next(iter(panel.of("accountContacts", "contact", key)), None)
    account = panel.get("accounts", joined["account"]) if joined else None
    dressed = {"fields": fields, "tags": sorted(tags), "lists": lists, "account": account["name"] if account else None}
    return contacts.show(panel, record, BASE) | dressed


def put_deals(panel: Panel, rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Put deals; custom values by the letters and digits of the field's label."""
    made = []
    for row in rows:
        fields = [
            {"customFieldId": _deal_field(panel, name), "fieldValue": value} for name, value in (row.get("fields") or {}).items()
        ]
        written = panel.store.calls.records_written
        record = deals.create(panel, {**row, "fields": fields})
        panel.store.calls.records_written = written
        stamps = {name: row[name] for name in ("cdate", "mdate") if name in row}
        panel.put("deals", {**record, **stamps})
        made.append(int(record["id"]))
    return made


def edit_deal(panel: Panel, key: int, given: Mapping[str, Any]) -> None:
    """Change a deal."""
    old = panel.get("deals", key)
    if old is None:
        raise KeyError(f"deals {key}")
    fields = [
        {"customFieldId": _deal_field(panel, name), "fieldValue": value} for name, value in (given.get("fields") or {}).items()
    ]
    written = panel.store.calls.records_written
    deals.update(panel, old, {**given, "fields": fields})
    panel.store.calls.records_written = written


def deal_of(panel: Panel, record: Row) -> dict[str, Any]:
    """Return a deal with its custom values and the title of its stage."""
    rows = {row["customFieldId"]: row["fieldValue"] for row in panel.of("dealCustomFieldData", "dealId", str(record["id"]))}
    fields = {word_of(field["fieldLabel"]): rows.get(str(field["id"])) for field in panel.rows("dealCustomFieldMeta")}
    stage = panel.get("dealStages", record["stage"])
    return deals.show(record, BASE) | {"fields": fields, "stage_title": stage["title"] if stage else None}


def word_of(label: str) -> str:
    """Return the letters and digits of a label in capitals."""
    return re.sub(r"[^A-Z0-9]", "", label.upper())


def tag(panel: Panel, contact: Any, name: str) -> None:
    """Add a tag to a contact."""
    found = next(iter(panel.of("tags", "tag", name)), None) or records.create(panel, TAGS, {"tag": name})
    if not any(row["tag"] == str(found["id"]) for row in panel.of("contactTags", "contact", str(contact))):
        records.create(panel, CONTACT_TAGS, {"contact": contact, "tag": found["id"]})


def untag(panel: Panel, contact: Any, name: str) -> None:
    """Take a tag off a contact."""
    found = next(iter(panel.of("tags", "tag", name)), None)
    for row in panel.of("contactTags", "contact", str(contact)):
        if found and row["tag"] == str(found["id"]):
            panel.remove("contactTags", row["id"])


def join(panel: Panel, contact: Any, name: str) -> None:
    """Put a contact into an account, which is made if need be."""
    found = next(iter(panel.of("accounts", "name", name)), None) or records.create(panel, ACCOUNTS, {"name": name})
    old = next(iter(panel.of("accountContacts", "contact", str(contact))), None)
    if old is None:
        records.create(panel, ACCOUNT_CONTACTS, {"contact": contact, "account": found["id"]})
    else:
        records.update(panel, ACCOUNT_CONTACTS, old, {"account": found["id"]})


def set_status(panel: Panel, contact: Any, of_list: str, status: str) -> None:
    """Set the status of a contact on a list, by the list's string id."""
    found = next(iter(panel.of("lists", "stringid", of_list)))
    rows = panel.of("contactLists", "contact", str(contact))
    old = next((row for row in rows if row["list"] == str(found["id"])), None)
    given = {"contact": contact, "list": found["id"], "status": STATUSES[status]}
    if old:
        records.update(panel, CONTACT_LISTS, old, given)
    else:
        records.create(panel, CONTACT_LISTS, given)


def rows_of(panel: Panel, kind: str) -> list[dict[str, Any]]:
    """Return all records of a kind in their handy form."""
    if kind == "contacts":
        return [contact_of(panel, record) for record in panel.rows(kind)]
    if kind == "deals":
        return [deal_of(panel, record) for record in panel.rows(kind)]
    if kind not in RESOURCES:
        raise KeyError(kind)
    return [records.show(RESOURCES[kind], record, BASE) for record in panel.rows(kind)]


def _dress(panel: Panel, contact: int, row: Mapping[str, Any]) -> None:
    for name, value in (row.get("fields") or {}).items():
        set_value(panel, contact, str(next(iter(panel.of("fields", "perstag", name)))["id"]), value)
    for name in row.get("tags") or ():
        tag(panel, contact, name)
    if row.get("account"):
        join(panel, contact, str(row["account"]))
    for name, status in (row.get("lists") or {}).items():
        set_status(panel, contact, name, status)
        if "udate" in row:
            _date_status(panel, contact, name, str(row["udate"]))


def _date_status(panel: Panel, contact: int, of_list: str, stamp: str) -> None:
    found = next(iter(panel.of("lists", "stringid", of_list)))
    for each in panel.of("contactLists", "contact", str(contact)):
        if each["list"] == str(found["id"]):
            panel.put("contactLists", {**each, "sdate": stamp, "udate": stamp})


def _deal_field(panel: Panel, name: str) -> str:
    return next(str(field["id"]) for field in panel.rows("dealCustomFieldMeta") if word_of(field["fieldLabel"]) == name)
