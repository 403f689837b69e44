"""The endpoints of contacts, and the account itself."""

from sandbox.exchange import Answer
from sandbox.getresponse import contacts
from sandbox.getresponse.account import LIVE
from sandbox.getresponse.errors import Refusal, invalid
from sandbox.getresponse.exchange import Ask, Collection
from sandbox.getresponse.shapes import BASE, contact_row, contact_view, tag_view

ACCOUNT_ID = "p3Xk"
BATCH_LIMIT = 1000
CONTACTS = Collection(
    contact_row,
    like=("email", "name"),
    exact=("campaignId", "origin"),
    ranges=("createdOn", "changedOn"),
    sorts=("email", "name", "createdOn", "changedOn", "campaignId"),
    id_name="contactId",
)


def view_account(ask: Ask) -> Answer:
    """Answer `GET /accounts`."""
    return Answer(
        200,
        {
            "accountId": ACCOUNT_ID, "email": "ingrid.hansen@nordwerk.example", "firstName": "Ingrid", "lastName": "Hansen",
            "companyName": "Nordwerk", "phone": "+4943155500", "state": "", "city": "Kiel", "street": "Hafenweg 7",
            "zipCode": "24103", "countryCode": {"countryCodeId": "54", "countryCode": "DE"}, "industryTag": {"industryTagId": "1"},
            "timeZone": {"name": "Europe/Berlin", "offset": "+01:00"}, "numberOfEmployees": "50", "timeFormat": "24h",
            "href": f"{BASE}/accounts",
        },
    )  # fmt: skip


def list_contacts(ask: Ask) -> Answer:
    """Answer `GET /contacts`: active contacts only."""
    return CONTACTS.answer(ask, (row for row in ask.account.rows("contacts") if row["state"] == LIVE))


def create_contact(ask: Ask) -> Answer:
    """Answer `POST /contacts`: taken, without an id; it appears later."""
    contacts.accept(ask.account, ask.fields())
    return Answer(202)


def create_contacts(ask: Ask) -> Answer:
    """Answer `POST /contacts/batch`: rows that cannot be added are left out without a word."""
    given = ask.fields()
    rows = given.get("contacts")
    if not isinstance(rows, list) or not 0 < len(rows) <= BATCH_LIMIT:
        raise invalid("contacts", f"It must have 1 to {BATCH_LIMIT} elements", 1004)
    for row in rows:
        tags = [{"tagId": id} for id in (row.get("tags") or {}).get("ids", ())]
        fields = {**row, "tags": tags, "campaign": {"campaignId": given.get("campaignId")}}
        try:
            contacts.accept(ask.account, fields)
        except Refusal as refusal:
            if refusal.code == 1001:
                raise
    return Answer(202)


def view_contact(ask: Ask) -> Answer:
    """Answer `GET /contacts/{id}`: an active contact in full."""
    shown = contact_view(ask.account, contacts.found(ask.account, ask.words["id"]))
    wanted = [name.strip() for name in ask.query.get("fields", "").split(",") if name.strip()]
    return Answer(200, {name: value for name, value in shown.items() if not wanted or name in ("contactId", *wanted)})


def update_contact(ask: Ask) -> Answer:
    """Answer `POST /contacts/{id}`."""
    return Answer(200, contact_view(ask.account, contacts.update(ask.account, ask.words["id"], ask.fields())))


def delete_contact(ask: Ask) -> Answer:
    """Answer `DELETE /contacts/{id}`; with a message it counts as that message's unsubscription."""
    contacts.remove(ask.account, ask.words["id"], "unsubscribe" if "messageId" in ask.query else "api")
    ask.account.store.calls.records_written += 1
    return Answer(204)


def upsert_customs(ask: Ask) -> Answer:
    """Answer `POST /contacts/{id}/custom-fields`."""
    row = contacts.add_customs(ask.account, ask.words["id"], ask.fields().get("customFieldValues"))
    return Answer(200, [{"customFieldId": id, "values": values} for id, values in row["customs"].items()])


def upsert_tags(ask: Ask) -> Answer:
    """Answer `POST /contacts/{id}/tags`."""
    row = contacts.add_tags(ask.account, ask.words["id"], ask.fields().get("tags"))
    tags = [ask.account.get("tags", id) for id in row["tags"]]
    return Answer(200, [tag_view(ask.account, tag) for tag in tags if tag])


def list_activities(ask: Ask) -> Answer:
    """Answer `GET /contacts/{id}/activities`: nobody opens mails here."""
    contacts.found(ask.account, ask.words["id"])
    return Answer(200, [], {"TotalCount": "0", "TotalPages": "0", "CurrentPage": "1"})
