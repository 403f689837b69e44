"""Captured contacts: listed in pages, read, changed, and marked with what became of their export."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sandbox.exchange import Refusal
from sandbox.lemontaps.answers import invalid, not_found, refusal
from sandbox.lemontaps.book import TEXTS, Book, Row, stamp

EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@.,;<>()]+")
LIST_KEYS = {"updated_since", "cursor", "limit", "include_deleted"}
STATUSES = ("pending", "succeeded", "failed")
WRITEABLE = {*TEXTS, "gdpr_consent", "gdpr_consent_at", "images"}


def list_contacts(book: Book, query: Mapping[str, str]) -> Row:
    """Answer `GET /contacts`: ascending by last change and id, from `updated_since` on, that moment included."""
    _need(book, "can_list")
    if unknown := set(query) - LIST_KEYS:
        raise invalid(**dict.fromkeys(unknown, "unknown"))
    limit = _limit(book, query.get("limit", str(book.switch("page_limit"))))
    is_wanted = query.get("include_deleted") == "true"
    start = _place(book, query["cursor"]) if "cursor" in query else (_since(query.get("updated_since", "")), "")
    rows = list(islice((row for row in book.from_place(start) if is_wanted or not row["deleted"]), limit + 1))
    more = _cursor(book, rows.pop()) if len(rows) > limit else None
    return {"data": [show(row) for row in rows], "next_cursor": more}


def view_contact(book: Book, key: str) -> Row:
    """Answer `GET /contacts/{id}`; a deleted contact is its tombstone."""
    _need(book, "can_list")
    return show(_found(book, key))


def change_contact(book: Book, key: str, version: str, given: Mapping[str, Any]) -> Row:
    """Answer `PATCH /contacts/{id}`: only of the version that was read, named by If-Match."""
    _need(book, "can_write_contacts")
    row = _found(book, key)
    if row["deleted"]:
        raise not_found()
    if not version:
        raise refusal(428, "precondition_required", "Send If-Match with the version of the contact.")
    if version.strip('"') != str(row["version"]):
        raise refusal(book.switch("stale_status"), "stale_version", f"The contact is at version {row['version']}.")
    strike(book, key)
    check(given)
    book.put(changed(book, row, given))
    book.store.calls.records_written += 1
    return show(_found(book, key))


def set_export(book: Book, key: str, given: Mapping[str, Any]) -> Row:
    """Answer `PUT /contacts/{id}/exports/salesforce`."""
    _need(book, "can_report_status")
    row = _found(book, key)
    if given.get("status") not in STATUSES:
        raise invalid(status=f"one of {', '.join(STATUSES)}")
    strike(book, key)
    export = {name: given.get(name) for name in ("status", "external_id", "exported_at", "error")}
    moved = {"updated_at": book.now()} if book.switch("export_moves_stamp") else {}
    book.put(row | moved | {"exports": {**row["exports"], "salesforce": export}})
    book.store.calls.records_written += 1
    return export


def show(row: Row) -> Row:
    """Return a contact as the API gives it."""
    return {"id": row["id"], "deleted": True, "updated_at": row["updated_at"]} if row["deleted"] else row


def changed(book: Book, row: Row, given: Mapping[str, Any]) -> Row:
    """Return `row` with `given` in it, one version and one stamp further."""
    return row | {"version": row["version"] + 1, "updated_at": book.now()} | dict(given)


def check(given: Mapping[str, Any]) -> None:
    """Refuse fields that cannot be changed and values that are none."""
    problems = {name: "unknown" for name in given if name not in WRITEABLE}
    problems |= {name: "not a text" for name in TEXTS if not isinstance(given.get(name), str | None)}
    emails = {name: given[name] for name in ("email", "email_work") if isinstance(given.get(name), str)}
    problems |= {name: "invalid" for name, value in emails.items() if not EMAIL.fullmatch(value)}
    if problems:
        raise invalid(**problems)


def strike(book: Book, key: str) -> None:
    """Refuse a contact for which a fault `bad_record` is armed."""
    fault = book.store.faults.take_row("bad_record", key)
    if fault is not None:
        words = {"code": "invalid", "message": "injected fault", **fault.options}
        raise refusal(422, words["code"], words["message"])


def _need(book: Book, capability: str) -> None:
    if not book.switch(capability):
        raise refusal(403, "not_available", f"This team's interface does not offer it ({capability}).")


def _found(book: Book, key: str) -> Row:
    row = book.get(key)
    if row is None:
        raise not_found()
    return row


def _limit(book: Book, text: str) -> int:
    highest = book.switch("page_limit")
    if not text.isdecimal() or not 1 <= int(text) <= highest:
        raise invalid(limit=f"from 1 to {highest}")
    return int(text)


def _since(text: str) -> str:
    if not text:
        return ""
    try:
        return stamp(datetime.fromisoformat(text).astimezone(UTC))
    except ValueError:
        raise invalid(updated_since="not a time") from None


def _cursor(book: Book, row: Row) -> str:
    place = [row["updated_at"], row["id"], book.now()]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(book: Book, cursor: str) -> tuple[str, str]:
    try:
        moment, key, made = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error):
        raise invalid(cursor="unknown") from None
    if stamp(datetime.fromisoformat(made) + timedelta(hours=book.switch("cursor_hours"))) < book.now():
        raise Refusal(410, {"error": {"code": "cursor_expired", "message": "Start again from your last known time."}})
    return moment, key
