"""The rules of contacts: creates that are taken first and appear later, updates that replace what they name, removals."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.getresponse.account import LIVE, Account, Row
from sandbox.getresponse.errors import Refusal, invalid, missing, not_found, taken
from sandbox.getresponse.typed import fault

NAME_LIMIT, NOTE_LIMIT, TAGS_LIMIT = 128, 255, 500
WRITABLE = ("name", "campaign", "email", "dayOfCycle", "scoring", "note", "tags", "customFieldValues")
CREATE_ONLY = ("ipAddress",)
QUEUE = "queue"
_EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@.,;<>()]+")

BLANK: Row = {
    "name": None, "note": None, "origin": "api", "dayOfCycle": None, "scoring": None, "engagementScore": None,
    "timeZone": "Europe/Berlin", "ipAddress": None, "tags": [], "customs": {}, "state": LIVE, "reason": None, "deletedOn": None,
}  # fmt: skip


def accept(account: Account, given: Mapping[str, Any]) -> None:
    """Check a create and queue it: 202 says no more."""
    fields = checked(account, given, (*WRITABLE, *CREATE_ONLY))
    for name in ("email", "campaignId"):
        if name not in fields:
            raise invalid("campaign" if name == "campaignId" else name, "It must not be empty", 1005)
    _check_free(account, fields)
    number = account.store.next_number(QUEUE)
    due = account.later(account.switch("create_delay_seconds"))
    account.store.put(QUEUE, number, {"number": number, "due": due, "email": fields["email"], "fields": fields})
    account.store.calls.records_written += 1
    settle(account)


def settle(account: Account) -> None:
    """Let appear what is due, or vanish without a word what the account does not want."""
    now = account.now()
    for number, queued in list(account.store.table(QUEUE).items()):
        if queued["due"] <= now:
            account.store.remove(QUEUE, number)
            if not is_dropped(account, queued["fields"]):
                appear(account, queued["fields"])


def appear(account: Account, fields: Mapping[str, Any], **more: Any) -> Row:
    """Put a new contact on its list; on lists with double opt-in it waits unseen for its confirmation."""
    campaign = account.get("campaigns", fields["campaignId"]) or {"optinTypes": {}}
    state = "unconfirmed" if campaign["optinTypes"].get("api") == "double" else LIVE
    former = next(iter(account.members(fields["campaignId"], fields["email"])), None)
    keeps_id = former is not None and account.switch("readd_keeps_id")
    id = former["contactId"] if former is not None and keeps_id else account.new_id("contacts")
    now = account.now()
    row = {**BLANK, "contactId": id, "createdOn": now, "changedOn": now, "state": state, **fields, **more}
    account.put("contacts", row)
    return row


def is_dropped(account: Account, fields: Mapping[str, Any]) -> bool:
    """Tell whether an accepted create never appears."""
    was_removed = any(row["state"] == "removed" for row in account.members(fields["campaignId"], fields["email"]))
    return (
        _is_listed(fields["email"], account.switch("dropped"))
        or (was_removed and account.switch("readd_removed") == "drops")
        or account.holder(fields["campaignId"], fields["email"]) is not None
    )


def found(account: Account, id: str) -> Row:
    """Return an active contact; anything else is not found."""
    row = account.contact(id)
    if row is None:
        raise not_found(contactId=id)
    return row


def update(account: Account, id: str, given: Mapping[str, Any]) -> Row:
    """Check and apply an update: keys left out stay, tags and custom values are replaced as a whole."""
    old = found(account, id)
    _strike(account, id)
    fields = checked(account, given, WRITABLE)
    row = {**old, **fields}
    if account.holder(row["campaignId"], row["email"], own=id) is not None:
        raise taken(row["email"])
    is_core = bool(fields.keys() - {"tags", "customs"})
    return written(account, row, is_core, is_move=row["campaignId"] != old["campaignId"])


def add_customs(account: Account, id: str, given: Any) -> Row:
    """Set the custom values named, leave the others."""
    old = found(account, id)
    _strike(account, id)
    return written(account, {**old, "customs": {**old["customs"], **_customs(account, given)}}, is_core=False)


def add_tags(account: Account, id: str, given: Any) -> Row:
    """Attach tags, leave the others."""
    old = found(account, id)
    _strike(account, id)
    return written(account, {**old, "tags": list(dict.fromkeys([*old["tags"], *_tags(account, given)]))}, is_core=False)


def written(account: Account, row: dict[str, Any], is_core: bool, is_move: bool = False) -> Row:
    """Store a changed contact with the stamp that the account's rules give it."""
    if is_core or account.switch("changed_on") == "all":
        row["changedOn"] = account.now()
    if is_move and not account.switch("move_keeps_id"):
        account.store.remove("contacts", row["contactId"])
        row["contactId"] = account.new_id("contacts")
    account.put("contacts", row)
    account.store.calls.records_written += 1
    return row


def remove(account: Account, id: str, reason: str | None = "api") -> None:
    """Take a contact off its list; from then on only the search of removed contacts shows it."""
    row = found(account, id)
    if reason == "user" and not account.switch("removed_listed"):
        account.store.remove("contacts", id)
        return
    state = "undelivered" if reason == "bounce" else "removed"
    account.put("contacts", {**row, "state": state, "reason": reason, "deletedOn": account.now()})


def checked(account: Account, given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a request as they are stored. Raises Refusal with the first thing that is wrong."""
    unknown = [name for name in given if name not in names]
    if unknown:
        raise invalid(unknown[0], "Not allowed field")
    fields = {name: value for name, value in given.items() if name not in ("campaign", "tags", "customFieldValues")}
    _check_texts(fields)
    if "campaign" in given:
        fields["campaignId"] = _campaign_id(account, given["campaign"])
    if "tags" in given:
        fields["tags"] = _tags(account, given["tags"])
    if "customFieldValues" in given:
        fields["customs"] = _customs(account, given["customFieldValues"])
    return fields


def _check_texts(fields: dict[str, Any]) -> None:
    email = fields.get("email", "a@b.c")
    if not isinstance(email, str) or not _EMAIL.fullmatch(email.strip()):
        raise invalid("email", "It is not a valid address", 1003)
    if "email" in fields:
        fields["email"] = email.strip()
    for name, limit in (("name", NAME_LIMIT), ("note", NOTE_LIMIT)):
        value = fields.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            raise invalid(name, f"It must be a text of at most {limit} characters", 1007)
    scoring = fields.get("scoring")
    if scoring is not None and (isinstance(scoring, bool) or not isinstance(scoring, int | float)):
        raise invalid("scoring", "It must be a number", 1006)


def _campaign_id(account: Account, given: Any) -> str:
    id = given.get("campaignId") if isinstance(given, dict) else None
    if account.get("campaigns", id) is None:
        raise missing("Campaign", id)
    return str(id)


def _tags(account: Account, given: Any) -> list[str]:
    if not isinstance(given, list):
        raise invalid("tags", "It must be an array", 1006)
    ids = [tag.get("tagId") if isinstance(tag, dict) else None for tag in given]
    for id in ids:
        if account.get("tags", id) is None:
            raise missing("Tag", id)
    if len(ids) > TAGS_LIMIT:
        raise invalid("tags", f"It can have at most {TAGS_LIMIT} elements", 1004)
    return list(dict.fromkeys(map(str, ids)))


def _customs(account: Account, given: Any) -> dict[str, list[str]]:
    if not isinstance(given, list):
        raise invalid("customFieldValues", "It must be an array", 1006)
    customs: dict[str, list[str]] = {}
    for entry in given:
        id = entry.get("customFieldId") if isinstance(entry, dict) else None
        field = account.get("custom_fields", id)
        if field is None:
            raise missing("Custom field", id)
        values = entry.get("value", entry.get("values"))
        words = fault(field, values, account.switch("typed_fields")) if isinstance(values, list) else "It must be an array"
        if words:
            raise invalid(f"customFieldValues[{field['name']}]", words)
        customs[str(id)] = values
    return customs


def _check_free(account: Account, fields: Mapping[str, Any]) -> None:
    email, campaign_id = fields["email"], fields["campaignId"]
    _strike(account, email)
    if _is_listed(email, account.switch("blocklist")):
        raise Refusal(1002, "The address is on a blocklist", {"email": email})
    if account.holder(campaign_id, email) is not None or (account.switch("queued_again") == 409 and _is_queued(account, fields)):
        raise taken(email)
    was_removed = any(row["state"] != LIVE for row in account.members(campaign_id, email))
    if was_removed and account.switch("readd_removed") == "refuses":
        raise Refusal(1002, "The contact was removed earlier", {"email": email})
    limit = account.switch("contact_limit")
    if limit and sum(row["state"] == LIVE for row in account.rows("contacts")) >= limit:
        raise Refusal(1027, "The account cannot hold more contacts")


def _is_queued(account: Account, fields: Mapping[str, Any]) -> bool:
    queued = (account.store.table(QUEUE)[key]["fields"] for key in account.store.find(QUEUE, "email", fields["email"]))
    return any(each["campaignId"] == fields["campaignId"] for each in queued)


def _is_listed(email: str, listed: list[str]) -> bool:
    return any(email.casefold() == each.casefold() or email.casefold().endswith(f"@{each.casefold()}") for each in listed)


def _strike(account: Account, victim: str) -> None:
    """Refuse a record if a fault `bad_record` was armed for it: by e-mail for a create, by id for an update."""
    fault = account.store.faults.take_row("bad_record", victim)
    if fault is not None:
        raise Refusal(int(fault.options.get("code", 1000)), str(fault.options.get("message", "injected fault")))
