"""The sandbox as the community's own client sees it."""

import warnings
from datetime import timedelta

import pytest
from freshdesk.v2.api import API
from freshdesk.v2.errors import (
    FreshdeskBadRequest,
    FreshdeskError,
    FreshdeskNotFound,
    FreshdeskRateLimited,
    FreshdeskUnauthorized,
)

from sandbox.client import RedirectAdapter


def client(desk, key="sandbox-freshdesk-key"):
    api = API("nordwerk.freshdesk.com", key)
    api._session.trust_env = False
    api._session.mount("https://", RedirectAdapter(desk.url))
    return api


@pytest.fixture
def api(desk):
    api = client(desk)
    with api._session:
        yield api


def test_contact_lives_and_dies(api, desk):
    made = api.contacts.create_contact(name="Mara Lind", email="mara@firma.example", tags=["vip"])
    assert api.contacts.get_contact(made.id).tags == ["vip"]
    assert api.contacts.update_contact(made.id, name="Mara Groß").name == "Mara Groß"
    api.contacts.soft_delete_contact(made.id)
    assert api.contacts.get_contact(made.id).deleted
    with pytest.raises(FreshdeskError, match="405"):
        api.contacts.update_contact(made.id, name="N")
    api.contacts.restore_contact(made.id)
    api.contacts.permanently_delete_contact(made.id)
    with pytest.raises(FreshdeskNotFound):
        api.contacts.get_contact(made.id)


def test_lists_of_the_company(api, desk):
    desk.reset("company")
    live = [row for row in desk.records("contacts") if not row.get("blocked")]
    assert {row.id for row in api.contacts.list_contacts()} == {row["id"] for row in live}
    assert {row.id for row in api.companies.list_companies()} == {row["id"] for row in desk.records("companies")}
    assert all(row.deleted for row in api.contacts.list_contacts(state="deleted"))
    one = next(row for row in live if row["email"])
    assert [row.id for row in api.contacts.list_contacts(email=one["email"])] == [one["id"]]
    newest = max(row["updated_at"] for row in live)
    assert newest in {f"{row.updated_at:%Y-%m-%dT%H:%M:%SZ}" for row in api.contacts.list_contacts(_updated_since=newest)}
    assert all(row.updated_at.utcoffset() == timedelta(0) for row in api.companies.list_companies())


def test_companies_and_search(api, desk):
    made = api.companies.create_company(name="Nordwerk", domains=["nordwerk.example"])
    api.contacts.create_contact(name="Mara", email="mara@nordwerk.example")
    assert [row.name for row in api.contacts.filter_contacts(query=f"company_id:{made.id} AND active:false")] == ["Mara"]
    assert [row.id for row in api.companies.filter_companies(query="domain:'nordwerk.example'")] == [made.id]
    assert api.companies.update_company(made.id, note="x").note == "x"
    api.companies.delete_company(made.id)
    with pytest.raises(FreshdeskNotFound):
        api.companies.get_company(made.id)


def test_errors_become_the_clients_own(api, desk):
    with pytest.raises(FreshdeskBadRequest, match="missing_field"):
        api.contacts.create_contact(name="Nobody")
    with pytest.raises(FreshdeskUnauthorized):
        client(desk, "wrong").agents.currently_authenticated_agent()
    assert api.agents.currently_authenticated_agent().contact["email"].endswith("@nordwerk.example")
    desk.fault("429", retry_after=3)
    with pytest.raises(FreshdeskRateLimited, match="3 seconds"):
        api.contacts.get_contact(1)


def test_link_keeps_the_vendors_host(api, desk):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        api.contacts.create_contact(name="A", phone="1")
        api.contacts.create_contact(name="B", phone="2")
        answer = api._session.get("https://nordwerk.freshdesk.com/api/v2/contacts?per_page=1")
    assert answer.links["next"]["url"] == "https://nordwerk.freshdesk.com/api/v2/contacts?per_page=1&page=2"
