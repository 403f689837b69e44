"""What belongs to the whole account: its lists (campaigns), custom fields and tags."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.exchange import Answer
from sandbox.getresponse.account import Account, Row
from sandbox.getresponse.errors import invalid, not_found, taken
from sandbox.getresponse.exchange import Ask, Collection
from sandbox.getresponse.shapes import campaign_row, campaign_view, contact_row, field_view, tag_view
from sandbox.getresponse.typed import CHOOSING, COUNTRY_NAMES, FORMATS, GENDERS, TYPES

RESERVED = ("name", "email", "twitter", "facebook", "buzz", "myspace", "linkedin", "digg", "googleplus", "pinterest", "responder",
            "campaign", "change")  # fmt: skip
CAMPAIGNS = Collection(campaign_row, ("name",), ("isDefault",), (), ("name", "createdOn"), "campaignId")
MEMBERS = Collection(contact_row, ("email", "name"), (), ("createdOn",), ("email", "name", "createdOn"), "contactId")
FIELDS = Collection(field_view, ("name",), (), (), ("name",), "customFieldId")
TAGS = Collection(tag_view, ("name",), (), ("createdAt",), ("createdAt",), "tagId")

_FIELD_NAME = re.compile(r"[a-z0-9_]{1,128}")
_TAG_NAME = re.compile(r"[_a-zA-Z0-9]{2,64}")
_LIST_NAME = re.compile(r"[^/\\@\[\]]{3,64}")


def list_campaigns(ask: Ask) -> Answer:
    """Answer `GET /campaigns`."""
    return CAMPAIGNS.answer(ask, ask.account.rows("campaigns"), ask.account.switch("campaign_page_cap"))


def create_campaign(ask: Ask) -> Answer:
    """Answer `POST /campaigns`."""
    return Answer(201, campaign_view(ask.account, add_campaign(ask.account, ask.fields())))


def view_campaign(ask: Ask) -> Answer:
    """Answer `GET /campaigns/{id}`."""
    return Answer(200, campaign_view(ask.account, _found(ask, "campaigns", "campaignId")))


def list_members(ask: Ask) -> Answer:
    """Answer `GET /campaigns/{id}/contacts`: the active contacts of one list; it knows no changedOn."""
    campaign = _found(ask, "campaigns", "campaignId")
    rows = (row for row in ask.account.rows("contacts") if row["campaignId"] == campaign["campaignId"])
    return MEMBERS.answer(ask, (row for row in rows if row["state"] == "subscribed"))


def list_fields(ask: Ask) -> Answer:
    """Answer `GET /custom-fields`."""
    return FIELDS.answer(ask, ask.account.rows("custom_fields"))


def create_field(ask: Ask) -> Answer:
    """Answer `POST /custom-fields`."""
    given = ask.fields()
    for name in ("name", "type", "format", "hidden", "values"):
        if name not in given:
            raise invalid(name, "It must not be empty", 1005)
    return Answer(201, field_view(ask.account, add_field(ask.account, given)))


def view_field(ask: Ask) -> Answer:
    """Answer `GET /custom-fields/{id}`."""
    return Answer(200, field_view(ask.account, _found(ask, "custom_fields", "customFieldId")))


def update_field(ask: Ask) -> Answer:
    """Answer `POST /custom-fields/{id}`: only its visibility and its values can change."""
    old, given = _found(ask, "custom_fields", "customFieldId"), ask.fields()
    for name in given.keys() - {"hidden", "values"}:
        raise invalid(name, "Not allowed field")
    row = {**old, **given, "hidden": str(given.get("hidden", old["hidden"])).lower() == "true"}
    ask.account.put("custom_fields", row)
    return Answer(200, field_view(ask.account, row))


def delete_field(ask: Ask) -> Answer:
    """Answer `DELETE /custom-fields/{id}`: the field goes with all its values."""
    drop_field(ask.account, str(_found(ask, "custom_fields", "customFieldId")["name"]))
    return Answer(204)


def list_tags(ask: Ask) -> Answer:
    """Answer `GET /tags`."""
    return TAGS.answer(ask, ask.account.rows("tags"))


def create_tag(ask: Ask) -> Answer:
    """Answer `POST /tags`."""
    return Answer(201, tag_view(ask.account, add_tag(ask.account, str(ask.fields().get("name", "")))))


def view_tag(ask: Ask) -> Answer:
    """Answer `GET /tags/{id}`."""
    return Answer(200, tag_view(ask.account, _found(ask, "tags", "tagId")))


def delete_tag(ask: Ask) -> Answer:
    """Answer `DELETE /tags/{id}`: all contacts lose it."""
    tag_id = _found(ask, "tags", "tagId")["tagId"]
    for row in ask.account.rows("contacts"):
        if tag_id in row["tags"]:
            ask.account.put("contacts", {**row, "tags": [id for id in row["tags"] if id != tag_id]})
    ask.account.store.remove("tags", tag_id)
    return Answer(204)


def add_campaign(account: Account, given: Mapping[str, Any]) -> Row:
    """Make a list; its name is its own in the account."""
    name = str(given.get("name", ""))
    if not _LIST_NAME.fullmatch(name):
        raise invalid("name", "It must have 3 to 64 characters, none of / \\ @ [ ]", 1007)
    if account.named("campaigns", name):
        raise taken(name)
    opt_in = {"email": "single", "api": "single", "import": "single", "webform": "single"} | (given.get("optinTypes") or {})
    row = {
        "campaignId": account.new_id("campaigns"), "name": name, "languageCode": str(given.get("languageCode", "EN")),
        "isDefault": not account.rows("campaigns"), "optinTypes": opt_in, "createdOn": account.now(),
    }  # fmt: skip
    account.put("campaigns", row)
    return row


def add_field(account: Account, given: Mapping[str, Any]) -> Row:
    """Make a custom field."""
    name, kind, format = str(given["name"]), given.get("type", "string"), given.get("format", "text")
    if not _FIELD_NAME.fullmatch(name) or name in RESERVED:
        raise invalid("name", "It must be small letters, digits and _, and no word of the messages", 1003)
    if kind not in TYPES or format not in FORMATS:
        raise invalid("type" if kind not in TYPES else "format", "It is not among the allowed values")
    if account.named("custom_fields", name):
        raise taken(name)
    values = list(given.get("values") or {"country": COUNTRY_NAMES, "gender": GENDERS}.get(kind, ()))
    if format in CHOOSING and len(values) < 2:
        raise invalid("values", "It must have at least two elements", 1004)
    row = {
        "customFieldId": account.new_id("custom_fields"), "name": name, "type": kind, "format": format,
        "hidden": str(given.get("hidden", False)).lower() == "true", "values": values,
    }  # fmt: skip
    account.put("custom_fields", row)
    return row


def drop_field(account: Account, name: str) -> None:
    """Remove a custom field and its values."""
    field = account.named("custom_fields", name)
    if field is None:
        raise KeyError(name)
    for row in account.rows("contacts"):
        if field["customFieldId"] in row["customs"]:
            kept = {id: values for id, values in row["customs"].items() if id != field["customFieldId"]}
            account.put("contacts", {**row, "customs": kept})
    account.store.remove("custom_fields", field["customFieldId"])


def add_tag(account: Account, name: str) -> Row:
    """Make a tag."""
    if not _TAG_NAME.fullmatch(name):
        raise invalid("name", "It must have 2 to 64 letters, digits or _", 1003)
    if account.named("tags", name):
        raise taken(name)
    row = {"tagId": account.new_id("tags"), "name": name, "createdAt": account.now()}
    account.put("tags", row)
    return row


def _found(ask: Ask, kind: str, id_name: str) -> Row:
    row = ask.account.get(kind, ask.words["id"])
    if row is None:
        raise not_found(**{id_name: ask.words["id"]})
    return row
