"""The rules of writes: what a field takes, what must be there, what a write leaves behind."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sandbox.forcemanager.crm import API_USER, Crm, Row
from sandbox.forcemanager.errors import Refusal, bad, no_such
from sandbox.forcemanager.fields import AUDIT, Rule
from sandbox.forcemanager.where import stored_moment

EMAILS = ("email", "email2", "email3")
_EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@.,;<>()]+")
_HOUR = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
_PLAIN: Mapping[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "number": (int, float), "user": (int,)}


def create(crm: Crm, resource: str, given: Mapping[str, Any]) -> int:
    """Check and create a row; returns its id."""
    changes = checked(crm, resource, given)
    for rule in crm.rules(resource).values():
        if _is_needed(crm, resource, rule) and changes.get(rule.name) in (None, ""):
            raise bad(f"{rule.name} is mandatory")
    key = crm.new_id(resource)
    strike(crm, changes.get("email"), changes.get("name"), changes.get("lastName"))
    _check_unique(crm, resource, changes, key)
    audit = dict.fromkeys(AUDIT) | {"deleted": False, "dateCreated": crm.now(), "salesRepIdCreated": API_USER}
    _written(crm, resource, {"id": key, **audit, **changes})
    return key


def update(crm: Crm, resource: str, key: int, given: Mapping[str, Any]) -> None:
    """Check and apply a partial update."""
    old = writable(crm, resource, key)
    changes = checked(crm, resource, given)
    for rule in crm.rules(resource).values():
        if _is_needed(crm, resource, rule) and rule.name in changes and changes[rule.name] in (None, ""):
            raise bad(f"{rule.name} is mandatory")
    strike(crm, str(key))
    _check_unique(crm, resource, changes, key)
    _written(crm, resource, {**old, **changes, **edited(crm, API_USER)})


def delete(crm: Crm, resource: str, key: int, by: int = API_USER) -> None:
    """Turn a row into a tombstone."""
    old = writable(crm, resource, key)
    _written(crm, resource, {**old, "deleted": True, "dateDeleted": crm.now(), "salesRepIdDeleted": by})


def edited(crm: Crm, by: int) -> dict[str, Any]:
    """Return what an edit leaves behind besides its values."""
    return {"dateUpdated": crm.now(), "salesRepIdUpdated": by}


def writable(crm: Crm, resource: str, key: int) -> Row:
    """Return the row if it may be written."""
    row = crm.live(resource, key)
    if row is None:
        raise no_such(resource, key)
    if row.get("readOnly"):
        raise bad(f"{resource} {key} is read only")
    return row


def checked(crm: Crm, resource: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are stored; refuses the first that is wrong."""
    rules = crm.rules(resource)
    changes = {}
    for name, value in given.items():
        if name not in rules:
            raise bad(f"{name} is not a field of {resource}")
        if value is None and not crm.switch("takes_null"):
            continue
        changes[name] = None if value is None else _stored(crm, rules[name], value)
    return changes


def strike(crm: Crm, *keys: str | None) -> None:
    """Refuse a row if a fault `bad_record` was armed for it: by e-mail or name for a create, by id for an update."""
    fault = crm.store.faults.take_row("bad_record", *keys)
    if fault is not None:
        raise bad(str(fault.options.get("message", "injected fault")))


def _is_needed(crm: Crm, resource: str, rule: Rule) -> bool:
    is_waived = (resource, rule.name) == ("contacts", "accountId") and not crm.switch("contact_needs_account")
    return rule.is_required and not is_waived


def _stored(crm: Crm, rule: Rule, value: Any) -> Any:
    if rule.type == "ref":
        return _reference(crm, rule, value)
    if rule.type in _PLAIN:
        if isinstance(value, _PLAIN[rule.type]) and (rule.type == "bool" or not isinstance(value, bool)):
            return value
        raise _wrong(rule, value)
    if not isinstance(value, str):
        raise _wrong(rule, value)
    return _text(rule, value)


def _reference(crm: Crm, rule: Rule, value: Any) -> int:
    if isinstance(value, Mapping) and crm.switch("takes_objects"):
        value = value.get("id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(rule, value)
    row = {"deleted": value not in (0, 1)} if rule.table == "genders" else crm.get(rule.table, value)
    if row is None or row.get("deleted"):
        raise bad(f"{rule.name}: there is no {rule.table} {value}")
    return int(value)


def _text(rule: Rule, value: str) -> str | None:
    if value == "" and rule.type != "text":
        return None
    if rule.type == "moment":
        return _moment(rule, value)
    if rule.type == "day":
        return _day(rule, value)
    if rule.type == "hour" and not _HOUR.fullmatch(value):
        raise _wrong(rule, value)
    if rule.length and len(value) > rule.length:
        raise bad(f"{rule.name} has {len(value)} characters, at most {rule.length} are allowed")
    if rule.name in EMAILS and value and not _EMAIL.fullmatch(value):
        raise bad(f"{rule.name} is not an e-mail address")
    return value


def _moment(rule: Rule, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _wrong(rule, value) from None
    return stored_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _day(rule: Rule, value: str) -> str:
    text = f"20{value}".replace("/", "-") if re.fullmatch(r"\d\d/\d\d/\d\d", value) else value[:10]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _wrong(rule, value) from None


def _wrong(rule: Rule, value: Any) -> Refusal:
    return bad(f"{rule.name} does not take {str(value)[:40]!r}")


def _check_unique(crm: Crm, resource: str, changes: Mapping[str, Any], key: int) -> None:
    if not changes.get("extId") or not crm.switch("ext_id_unique"):
        return
    holders = crm.store.find(resource, "extId", changes["extId"])
    if any(holder != key and crm.live(resource, holder) for holder in holders):
        raise bad("extId exists already")


def _written(crm: Crm, resource: str, row: Row) -> None:
    crm.put(resource, row)
    crm.store.calls.records_written += 1
