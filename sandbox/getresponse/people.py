"""Contacts as people handle them on the pages of the account: lists, tags and custom fields by their names."""

from collections.abc import Mapping
from typing import Any

from sandbox.getresponse.account import LIVE, Account, Row
from sandbox.getresponse.catalogue import add_campaign, add_field, add_tag
from sandbox.getresponse.contacts import BLANK, found
from sandbox.getresponse.errors import missing
from sandbox.getresponse.shapes import contact_view

BY_NAME = ("campaign", "tags", "custom_fields")


def show(account: Account, row: Row) -> dict[str, Any]:
    """Return a contact in full, with the names of its list, tags and fields."""
    shown = contact_view(account, row)
    customs = {each["name"]: each["value"] for each in shown["customFieldValues"]}
    more = {"list": shown["campaign"]["name"], "tag_names": [tag["name"] for tag in shown["tags"]], "state": row["state"]}
    single = {name: value[0] if len(value) == 1 else value for name, value in customs.items()}
    return shown | more | {"custom_fields": single, "reason": row["reason"], "deletedOn": row["deletedOn"]}


def put(account: Account, given: Mapping[str, Any]) -> str:
    """Put a contact without any rule; returns its id."""
    now = account.now()
    row = {**BLANK, "origin": "panel", "createdOn": now, "changedOn": now, **_packed(account, given, {})}
    row = {"contactId": account.new_id("contacts"), "campaignId": _campaign_id(account, ""), **row}
    account.put("contacts", row)
    return str(row["contactId"])


def edit(account: Account, id: str, given: Mapping[str, Any]) -> None:
    """Change a contact in the panel."""
    old = found(account, id)
    is_core = bool(given.keys() - {"tags", "custom_fields"})
    moved = {"changedOn": account.now()} if is_core or account.switch("changed_on") == "all" else {}
    account.put("contacts", {**old, **_packed(account, given, old["customs"]), **moved})


def confirm(account: Account, id: str) -> None:
    """Let a contact of a list with double opt-in click the link."""
    row = account.get("contacts", id)
    if row is None or row["state"] != "unconfirmed":
        raise missing("Contact", id)
    account.put("contacts", {**row, "state": LIVE, "changedOn": account.now()})


def move(account: Account, id: str, campaign: str) -> None:
    """Move a contact to another list."""
    edit(account, id, {"campaign": campaign})


def _packed(account: Account, given: Mapping[str, Any], customs: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in given.items() if name not in BY_NAME}
    if "campaign" in given:
        row["campaignId"] = _campaign_id(account, given["campaign"])
    if "tags" in given:
        tags = [account.named("tags", name) or add_tag(account, name) for name in given["tags"]]
        row["tags"] = [tag["tagId"] for tag in tags]
    row["customs"] = {**customs, **_customs(account, given.get("custom_fields", {}))}
    row["customs"] = {id: values for id, values in row["customs"].items() if values}
    return row


def _customs(account: Account, given: Mapping[str, Any]) -> dict[str, list[str]]:
    customs = {}
    for name, value in given.items():
        field = account.named("custom_fields", name) or add_field(account, {"name": name})
        listed = value if isinstance(value, list) else [value]
        customs[field["customFieldId"]] = [str(each) for each in listed if each not in (None, "")]
    return customs


def _campaign_id(account: Account, name: str) -> str:
    if not name:
        lists = account.rows("campaigns")
        return str(lists[0]["campaignId"])
    return str((account.named("campaigns", name) or add_campaign(account, {"name": name}))["campaignId"])
