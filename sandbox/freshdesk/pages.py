"""The endpoints of contacts and companies, from request to answer."""

from collections.abc import Iterator
from typing import Any

from sandbox.exchange import Answer
from sandbox.freshdesk import companies, contacts, lifecycle
from sandbox.freshdesk.desk import Desk, Row
from sandbox.freshdesk.errors import invalid, not_found
from sandbox.freshdesk.exchange import Ask
from sandbox.freshdesk.order import LIVE
from sandbox.freshdesk.shapes import company_view, contact_view

SUGGESTIONS = 20
WHOLE_LIST = 10**9


def show_contact(desk: Desk, record: Row) -> dict[str, Any]:
    """Return a contact in the single view."""
    return contact_view(record, desk.custom_names("contacts"), desk.switch("modern_account"))


def show_company(desk: Desk, record: Row) -> dict[str, Any]:
    """Return a company in the single view."""
    return company_view(record, desk.custom_names("companies"), desk.switch("company_offset"))


def view_contact(ask: Ask) -> Answer:
    """Answer `GET /contacts/{id}`, deleted and blocked ones too."""
    record = ask.desk.get("contacts", ask.id())
    if record is None:
        raise not_found()
    return Answer(200, show_contact(ask.desk, record))


def create_contact(ask: Ask) -> Answer:
    """Answer `POST /contacts`."""
    record = contacts.create(ask.desk, ask.fields())
    return Answer(201, show_contact(ask.desk, record), _location(ask, record))


def update_contact(ask: Ask) -> Answer:
    """Answer `PUT /contacts/{id}`."""
    return Answer(200, show_contact(ask.desk, contacts.update(ask.desk, ask.id(), ask.fields())))


def delete_contact(ask: Ask) -> Answer:
    """Answer `DELETE /contacts/{id}`."""
    lifecycle.soft_delete(ask.desk, ask.id())
    return _done(ask)


def restore_contact(ask: Ask) -> Answer:
    """Answer `PUT /contacts/{id}/restore`."""
    lifecycle.restore(ask.desk, ask.id())
    return _done(ask)


def erase_contact(ask: Ask) -> Answer:
    """Answer `DELETE /contacts/{id}/hard_delete`."""
    ask.check_query("force")
    lifecycle.erase(ask.desk, ask.id(), ask.query.get("force", "").lower() == "true")
    return _done(ask)


def merge_contacts(ask: Ask) -> Answer:
    """Answer `POST /contacts/merge`."""
    lifecycle.merge(ask.desk, ask.fields())
    return _done(ask)


def invite_contact(ask: Ask) -> Answer:
    """Answer `PUT /contacts/{id}/send_invite`; no mail leaves, but the call is counted."""
    contacts.writable(ask.desk, ask.id(), "PUT")
    return Answer(204)


def suggest_contacts(ask: Ask) -> Answer:
    """Answer `GET /contacts/autocomplete?term=`."""
    return Answer(200, list(_suggestions(ask, "contacts", "term")))


def view_company(ask: Ask) -> Answer:
    """Answer `GET /companies/{id}`."""
    return Answer(200, show_company(ask.desk, companies.found(ask.desk, ask.id())))


def create_company(ask: Ask) -> Answer:
    """Answer `POST /companies`."""
    record = companies.create(ask.desk, ask.fields())
    return Answer(201, show_company(ask.desk, record), _location(ask, record))


def update_company(ask: Ask) -> Answer:
    """Answer `PUT /companies/{id}`."""
    return Answer(200, show_company(ask.desk, companies.update(ask.desk, ask.id(), ask.fields())))


def delete_company(ask: Ask) -> Answer:
    """Answer `DELETE /companies/{id}`."""
    companies.delete(ask.desk, ask.id())
    return _done(ask)


def suggest_companies(ask: Ask) -> Answer:
    """Answer `GET /companies/autocomplete?name=`."""
    return Answer(200, {"companies": list(_suggestions(ask, "companies", "name"))})


def _suggestions(ask: Ask, kind: str, key: str) -> Iterator[dict[str, Any]]:
    ask.check_query(key)
    term = ask.query.get(key, "").casefold()
    if not term:
        raise invalid(key, "It should be a/an String", "missing_field")
    table = ask.desk.store.table(kind)
    matches = (
        table[number]
        for number in ask.desk.page(kind, LIVE, 0, WHOLE_LIST)
        if any(word.startswith(term) for word in table[number]["name"].casefold().split())
    )
    for record, _ in zip(matches, range(SUGGESTIONS), strict=False):
        yield {"id": record["id"], "name": record["name"]}


def _location(ask: Ask, record: Row) -> dict[str, str]:
    return {"Location": f"{ask.base}{ask.path}/{record['id']}"}


def _done(ask: Ask) -> Answer:
    ask.desk.store.calls.records_written += 1
    return Answer(204)
