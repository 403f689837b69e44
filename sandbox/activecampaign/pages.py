"""The endpoints of everything but lists of records, deals and imports, from request to answer."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.activecampaign import contacts, records
from sandbox.activecampaign.errors import invalid
from sandbox.activecampaign.exchange import Ask
from sandbox.activecampaign.listing import sub_rows
from sandbox.activecampaign.panel import Panel, Row
from sandbox.activecampaign.resources import (
    ACCOUNT_CONTACTS,
    CONTACT_LISTS,
    CONTACT_TAGS,
    FIELD_OPTIONS,
    FIELD_VALUES,
    FIELDS,
    LISTS,
    TAGS,
    USERS,
    Resource,
)
from sandbox.activecampaign.values import set_value
from sandbox.exchange import Answer, Refusal

SUB_KINDS = ("contactTags", "contactLists", "fieldValues", "accountContacts")
EMPTY_SUB_KINDS = (
    "bounceLogs", "contactData", "contactGoals", "contactLogs", "contactDeals", "deals", "geoIps", "notes", "organization",
    "plusAppend", "trackingLogs", "automationEntryCounts", "scoreValues", "contactAutomations",
)  # fmt: skip


def view(resource: Resource, ask: Ask) -> Answer:
    """Answer `GET /{kind}/{id}`."""
    record = records.found(ask.panel, resource, ask.id(resource.model))
    return Answer(200, {resource.singular: records.show(resource, record, ask.base)})


def create(resource: Resource, ask: Ask) -> Answer:
    """Answer `POST /{kind}`."""
    given = ask.given(resource.singular)
    record = records.create(ask.panel, resource, given)
    ask.panel.store.calls.records_written += 1
    return _made(ask, resource, record, given)


def update(resource: Resource, ask: Ask) -> Answer:
    """Answer `PUT /{kind}/{id}`; a list answers nothing."""
    given = ask.given(resource.singular)
    record = records.update(ask.panel, resource, records.found(ask.panel, resource, ask.id(resource.model)), given)
    ask.panel.store.calls.records_written += 1
    if resource.kind == "lists":
        return Answer(200)
    return Answer(200, {resource.singular: records.show(resource, record, ask.base, given)})


def delete(resource: Resource, ask: Ask) -> Answer:
    """Answer `DELETE /{kind}/{id}`."""
    records.delete(ask.panel, resource, ask.id(resource.model))
    ask.panel.store.calls.records_written += 1
    return Answer(200, None if resource is FIELD_OPTIONS else {})


def view_contact(ask: Ask) -> Answer:
    """Answer `GET /contacts/{id}`: related rows come along, tags do not."""
    record = contacts.found(ask.panel, ask.id(contacts.MODEL))
    shown = contacts.show(ask.panel, record, ask.base)
    beside = {kind: sub_rows(ask.panel, kind, record["id"], ask.base) for kind in SUB_KINDS if kind != "contactTags"}
    shown |= {kind: [row["id"] for row in rows] for kind, rows in beside.items()}
    return Answer(200, {"contactAutomations": [], "deals": [], "geoIps": [], **beside, "contact": shown})


def view_sub_rows(ask: Ask) -> Answer:
    """Answer `GET /contacts/{id}/{kind}`."""
    record, kind = contacts.found(ask.panel, ask.id(contacts.MODEL)), ask.words["kind"]
    return Answer(200, {kind: sub_rows(ask.panel, kind, record["id"], ask.base) if kind in SUB_KINDS else []})


def create_contact(ask: Ask) -> Answer:
    """Answer `POST /contacts`."""
    return _created(ask, *contacts.create(ask.panel, ask.given("contact")))


def sync_contact(ask: Ask) -> Answer:
    """Answer `POST /contact/sync`: 201 for a new contact, 200 for one that was there by its address."""
    given = ask.given("contact")
    old = contacts.by_email(ask.panel, str(given.get("email") or "").strip())
    if old is None:
        return _created(ask, *contacts.create(ask.panel, given))
    return _updated(ask, *contacts.update(ask.panel, old, given))


def update_contact(ask: Ask) -> Answer:
    """Answer `PUT /contacts/{id}`."""
    old = contacts.found(ask.panel, ask.id(contacts.MODEL))
    return _updated(ask, *contacts.update(ask.panel, old, ask.given("contact")))


def delete_contact(ask: Ask) -> Answer:
    """Answer `DELETE /contacts/{id}`."""
    contacts.delete(ask.panel, ask.id(contacts.MODEL))
    return Answer(200, {})


def create_tag(ask: Ask) -> Answer:
    """Answer `POST /tags`."""
    given = ask.given("tag")
    old = next(iter(ask.panel.of("tags", "tag", given.get("tag"))), None)
    if old is not None and ask.panel.switch("duplicate_tag") == "answer":
        return Answer(201, {"tag": records.show(TAGS, old, ask.base)})
    return create(TAGS, ask)


def tag_contact(ask: Ask) -> Answer:
    """Answer `POST /contactTags`: moves the contact's `udate`."""
    given = ask.given("contactTag")
    for name in ("contact", "tag"):
        if not given.get(name):
            parameter = f"contactTag.{name}"
            title, detail = f"Invalid value for query parameter {parameter}", f"No {name} id provided"
            raise Refusal(400, {"errors": [{"title": title, "detail": detail, "source": {"parameter": parameter}}]})
    for name, kind, label in (("contact", "contacts", "Contact"), ("tag", "tags", "Tag")):
        if ask.panel.get(kind, given[name]) is None:
            raise Refusal(404, {"errors": [{"status": 404, "title": "Not Found", "detail": f"{label} not found"}]})
    tagged = ask.panel.of("contactTags", "contact", str(given["contact"]))
    record = next((row for row in tagged if row["tag"] == str(given["tag"])), None)
    if record is not None and ask.panel.switch("tag_again") == "refuse":
        raise invalid("contact,tag", "The contact has this tag already.", "duplicate")
    if record is None:
        record = records.create(ask.panel, CONTACT_TAGS, given)
        ask.panel.touch(int(given["contact"]))
        ask.panel.store.calls.records_written += 1
    return _beside_contact(ask, CONTACT_TAGS, record, given, 201)


def untag_contact(ask: Ask) -> Answer:
    """Answer `DELETE /contactTags/{id}`: the id is that of the association."""
    record = records.found(ask.panel, CONTACT_TAGS, ask.id(CONTACT_TAGS.model))
    if ask.panel.switch("untag_moves_udate"):
        ask.panel.touch(int(record["contact"]))
    return delete(CONTACT_TAGS, ask)


def set_list_status(ask: Ask) -> Answer:
    """Answer `POST /contactLists`, which also changes a status that is there."""
    given = ask.given("contactList")
    rows = ask.panel.of("contactLists", "contact", str(given.get("contact")))
    old = next((row for row in rows if row["list"] == str(given.get("list"))), None)
    record = records.update(ask.panel, CONTACT_LISTS, old, given) if old else records.create(ask.panel, CONTACT_LISTS, given)
    if ask.panel.switch("list_moves_udate"):
        ask.panel.touch(int(given["contact"]))
    ask.panel.store.calls.records_written += 1
    return _beside_contact(ask, CONTACT_LISTS, record, given, int(ask.panel.switch("created_status")))


def create_field(ask: Ask) -> Answer:
    """Answer `POST /fields`."""
    given = ask.given("field")
    record = add_field(ask.panel, given)
    return _made(ask, FIELDS, record, given | {"perstag": record["perstag"]})


def add_field(panel: Panel, given: Mapping[str, Any]) -> Row:
    """Keep a new custom field; its tag for merging is upper-cased, letters and digits only."""
    perstag = re.sub(r"[^A-Za-z0-9]", "", str(given.get("perstag") or given.get("title") or "")).upper()
    return records.create(panel, FIELDS, {**given, "perstag": perstag})


def list_fields(plain: Callable[[Ask], Answer], ask: Ask) -> Answer:
    """Answer `GET /fields`: options and relations stand beside the fields."""
    answer = plain(ask)
    panel, body = ask.panel, answer.body
    for row in body["fields"]:
        row["options"] = [str(option["id"]) for option in panel.of("fieldOptions", "field", row["id"])]
        row["relations"] = [str(relation["id"]) for relation in panel.of("fieldRels", "field", row["id"])]
    options = [records.show(FIELD_OPTIONS, option, ask.base) for option in panel.rows("fieldOptions")]
    meta = {**body["meta"], "selected": None}
    return Answer(200, {"fieldOptions": options, "fieldRels": [], **body, "meta": meta})


def create_options(ask: Ask) -> Answer:
    """Answer `POST /fieldOption/bulk`."""
    given = ask.body.get("fieldOptions") if isinstance(ask.body, dict) else None
    if not given:
        raise Refusal(422, {"errors": "Bulk operation failed, no options given."})
    made = [records.create(ask.panel, FIELD_OPTIONS, each) for each in given]
    return Answer(201, {"fieldOptions": [records.show(FIELD_OPTIONS, option, ask.base) for option in made]})


def set_field_value(ask: Ask) -> Answer:
    """Answer `POST /fieldValues`; for a pair that is there it is an update."""
    if not isinstance(ask.body, dict) or "fieldValue" not in ask.body:
        raise Refusal(403, {"message": "Field id not valid"})
    given = ask.given("fieldValue")
    contact = contacts.found(ask.panel, given.get("contact"))
    record = set_value(ask.panel, contact["id"], str(given.get("field")), given.get("value"))
    if record is None:
        raise Refusal(403, {"message": "Field id not valid"})
    return _valued(ask, record, given, int(ask.panel.switch("created_status")))


def update_field_value(ask: Ask) -> Answer:
    """Answer `PUT /fieldValues/{id}`."""
    old, given = records.found(ask.panel, FIELD_VALUES, ask.id(FIELD_VALUES.model)), ask.given("fieldValue")
    record = set_value(ask.panel, int(old["contact"]), old["field"], given.get("value")) or old
    return _valued(ask, record, given, 200)


def join_account(ask: Ask) -> Answer:
    """Answer `POST /accountContacts`: a contact has one account."""
    given = ask.given("accountContact")
    if ask.panel.of("accountContacts", "contact", str(given.get("contact"))):
        raise invalid("account,contact", "The contact is in an account already.")
    return create(ACCOUNT_CONTACTS, ask)


def view_me(ask: Ask) -> Answer:
    """Answer `GET /users/me`."""
    record = records.found(ask.panel, USERS, 1)
    return Answer(200, {"user": records.show(USERS, record, ask.base)})


def _made(ask: Ask, resource: Resource, record: Row, given: Mapping[str, Any]) -> Answer:
    status = int(ask.panel.switch("created_status")) if resource in (LISTS, FIELDS) else 201
    return Answer(status, {resource.singular: records.show(resource, record, ask.base, given)})


def _created(ask: Ask, record: Row, values: list[Row]) -> Answer:
    shown = [records.show(FIELD_VALUES, row, ask.base) for row in values]
    return Answer(201, ({"fieldValues": shown} if shown else {}) | {"contact": contacts.show_short(record, ask.base)})


def _updated(ask: Ask, record: Row, values: list[Row]) -> Answer:
    shown = [records.show(FIELD_VALUES, row, ask.base) for row in values]
    body = ({"fieldValues": shown} if shown else {}) | {"contact": contacts.show(ask.panel, record, ask.base)}
    return Answer(200, body)


def _valued(ask: Ask, record: Row, given: Mapping[str, Any], status: int) -> Answer:
    ask.panel.touch(int(record["contact"]))
    ask.panel.store.calls.records_written += 1
    return _beside_contact(ask, FIELD_VALUES, record, given, status)


def _beside_contact(ask: Ask, resource: Resource, record: Row, given: Mapping[str, Any], status: int) -> Answer:
    contact = contacts.show(ask.panel, contacts.found(ask.panel, record["contact"]), ask.base)
    owner = {"owner": record["contact"]} if resource is FIELD_VALUES else {}
    shown = records.show(resource, record, ask.base, given) | owner
    return Answer(status, {"contacts": [contact], resource.singular: shown})
