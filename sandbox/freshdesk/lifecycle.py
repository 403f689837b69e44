"""Deleting, restoring, erasing, blocking and merging contacts."""

from collections.abc import Mapping
from typing import Any

from sandbox.freshdesk import checks
from sandbox.freshdesk.contacts import CHECKS, writable
from sandbox.freshdesk.desk import Desk, Row
from sandbox.freshdesk.errors import invalid, not_found, refuse_if

KEPT_ONCE = ("phone", "mobile", "twitter_id", "unique_external_id")
MERGE_CHECKS = {name: CHECKS[name] for name in ("email", "other_emails", *KEPT_ONCE)} | {
    "company_ids": checks.each(checks.integer)
}


def soft_delete(desk: Desk, key: int) -> None:
    """Delete a contact so that it can be restored."""
    _mark(desk, writable(desk, key, "DELETE"), deleted=True)


def restore(desk: Desk, key: int) -> None:
    """Bring a soft-deleted contact back."""
    record = desk.get("contacts", key)
    if record is None or not record.get("deleted"):
        raise not_found()
    _mark(desk, record, deleted=False)


def erase(desk: Desk, key: int, is_forced: bool) -> None:
    """Remove a contact for good."""
    record = desk.get("contacts", key)
    if record is None:
        raise not_found()
    if not record.get("deleted") and not is_forced:
        raise invalid("force", "The contact must be soft deleted first", "inconsistent_state")
    desk.remove("contacts", key)


def block(desk: Desk, key: int, is_blocked: bool) -> None:
    """Block a contact or lift the block, as an agent does on the page."""
    record = desk.get("contacts", key)
    if record is None:
        raise not_found()
    _mark(desk, record, blocked=is_blocked)


def merge(desk: Desk, given: Mapping[str, Any]) -> None:
    """Merge the secondary contacts into the primary one."""
    primary = _party(desk, "primary_contact_id", given.get("primary_contact_id"))
    secondaries = [_party(desk, "secondary_contact_ids", key) for key in given.get("secondary_contact_ids") or ()]
    if not secondaries or primary in secondaries:
        raise invalid("secondary_contact_ids", "It should be a/an Array", "missing_field")
    chosen = given.get("contact") or {}
    refuse_if(checks.check_all(chosen, MERGE_CHECKS))
    record = _united(primary, secondaries, chosen)
    for secondary in secondaries:
        _retire(desk, secondary)
    desk.put("contacts", record | {"updated_at": desk.now()})


def _mark(desk: Desk, record: Row, **marks: bool) -> None:
    kept = {name: value for name, value in record.items() if name not in marks}
    stamp = {"updated_at": desk.now()} if desk.switch("delete_moves_stamp") else {}
    desk.put("contacts", kept | {name: True for name, value in marks.items() if value} | stamp)


def _party(desk: Desk, field: str, key: Any) -> Row:
    record = desk.get("contacts", key) if isinstance(key, int) else None
    if record is None or record.get("deleted"):
        raise invalid(field, f"There is no contact matching the given {field}")
    return record


def _united(primary: Row, secondaries: list[Row], chosen: Mapping[str, Any]) -> dict[str, Any]:
    record = dict(primary)
    for name in KEPT_ONCE:
        values = [party[name] for party in (primary, *secondaries) if name in party]
        if len(set(values)) > 1 and name not in chosen:
            raise invalid(name, "It should be a/an String", "missing_field")
        record |= {name: chosen.get(name, values[0])} if values else {}
    addresses = [party["email"] for party in (primary, *secondaries) if "email" in party]
    addresses += [address for party in (primary, *secondaries) for address in party.get("other_emails", ())]
    first = chosen.get("email") or next(iter(addresses), None)
    others = chosen.get("other_emails") or [address for address in dict.fromkeys(addresses) if address != first]
    record |= ({"email": first} if first else {}) | ({"other_emails": others} if others else {})
    return record | ({"company_id": chosen["company_ids"][0]} if chosen.get("company_ids") else {})


def _retire(desk: Desk, secondary: Row) -> None:
    if desk.switch("merge_leaves") == "gone":
        desk.remove("contacts", secondary["id"])
        return
    stripped = {name: value for name, value in secondary.items() if name not in (*KEPT_ONCE, "email", "other_emails")}
    _mark(desk, stripped, deleted=True)
