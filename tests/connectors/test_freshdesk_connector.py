"""Freshdesk keeps the contract; then what is Freshdesk's own."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from connector_contract import HttpContract, until_stopped

from connectors.contract import Write
from connectors.errors import AuthError, PermanentError, TransientError
from connectors.freshdesk import WRITERS


class TestFreshdesk(HttpContract):
    @pytest.fixture
    def bench(self, freshdesk):
        return freshdesk


NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
STAMP = "2026-10-01T12:00:00Z"


def contacts(count):
    """Return rows last changed long before any test runs."""
    return [
        {"name": f"Person {number:05}", "email": f"p{number}@example.com", "created_at": STAMP, "updated_at": STAMP}
        for number in range(count)
    ]


def ids_of(pages):
    return [record.id for page in pages for record in page.records]


class Unrest:
    """Renames, adds and deletes contacts after every answer, so that rows move between the pages of a walk."""

    def __init__(self, client, ids):
        self.client, self.chance = client, random.Random(7)
        self.ids = [str(id) for id in ids]
        self.deleted = set()
        self.is_on = True

    def __call__(self, kind, headers):
        if not self.is_on:
            return
        for _ in range(2):
            self.client.edit("contacts", self.chance.choice(self.ids), {"name": f"Zoe {self.chance.random()}"})
        self.client.edit("contacts", self.chance.choice(self.ids), {"name": f"Aaron {self.chance.random()}"})
        self.client.insert("contacts", [{"name": f"Person {self.chance.randrange(10_000):05}", "email": None}])
        doomed = self.ids.pop(self.chance.randrange(len(self.ids)))
        self.deleted.add(doomed)
        self.client.delete("contacts", doomed)


@pytest.mark.parametrize("since", [None, NOW - timedelta(days=1)])
def test_none_is_missed_and_none_comes_twice_while_names_change_underneath(freshdesk, since):
    before = freshdesk.client.insert("contacts", contacts(10_000))
    unrest = Unrest(freshdesk.client, before)
    pages = list(freshdesk.build(on_call=unrest).read_changes("contact", since, ["name"]))
    live = [record.id for page in pages for record in page.records if not record.is_deleted]
    assert {str(id) for id in before} - unrest.deleted - set(live) == set()
    assert len(live) == len(set(live))


def test_a_plain_walk_would_miss_some_in_the_same_unrest(freshdesk):
    before = freshdesk.client.insert("contacts", contacts(10_000))
    unrest = Unrest(freshdesk.client, before)
    connector = freshdesk.build(on_call=unrest)
    seen = {row["id"] for page in range(1, 102) for row in connector._fetch("contacts", {}, None, page, 100).rows}
    assert {int(id) for id in unrest.ids} - seen


def test_a_calm_walk_costs_about_a_sixth_more_than_its_pages(freshdesk):
    freshdesk.client.insert("contacts", contacts(5_000))
    freshdesk.client.reset_calls()
    assert len(ids_of(freshdesk.connector.read_changes("contact", None, ["name"]))) == 5_000
    assert freshdesk.client.calls()["read"] <= 50 * 1.2 + 2


def test_a_list_that_stops_at_its_page_limit_is_an_error(freshdesk):
    freshdesk.client.insert("contacts", contacts(350))
    freshdesk.client.switches(page_limit=2)
    with pytest.raises(PermanentError):
        ids_of(freshdesk.connector.read_changes("contact", None, ["name"]))


@pytest.mark.parametrize("name", ["updated_since", "_updated_since"])
def test_either_name_of_the_filter_is_found_out_once(freshdesk, name):
    freshdesk.client.switches(updated_since=name)
    freshdesk.client.insert("contacts", contacts(3))
    new = freshdesk.put(name="New", email="new@example.com")
    assert ids_of(freshdesk.connector.read_changes("contact", NOW + timedelta(days=1), ["name"])) == [new]
    freshdesk.client.reset_calls()
    ids_of(freshdesk.connector.read_changes("contact", NOW, ["name"]))
    assert freshdesk.client.calls()["read"] == 3


def test_blocked_contacts_come_with_the_living(freshdesk):
    id = freshdesk.put(name="Blocked", email="b@example.com")
    freshdesk.client.action("block", id=int(id))
    assert ids_of(freshdesk.connector.read_changes("contact", None, ["name"])) == [id]


def test_deleted_again_while_it_was_listed_is_reported(freshdesk):
    id = freshdesk.put(name="Going", email="g@example.com")
    connector = freshdesk.build(on_call=lambda kind, headers: id in freshdesk.live() and freshdesk.remove(id))
    records = [r for page in connector.read_changes("contact", NOW, ["name"]) for r in page.records]
    assert [record.is_deleted for record in records] == [False, True]


def test_custom_fields_are_flat(freshdesk):
    freshdesk.connector.create_field("contact", "custom_fields.sfcontactid", "SFCONTACTID")
    fields = {"name": "A", "email": "a@example.com", "custom_fields.sfcontactid": "003"}
    [result] = freshdesk.connector.write("contact", [Write("create", None, fields)])
    assert result.record.raw["custom_fields.sfcontactid"] == "003"
    found = freshdesk.connector.find("contact", "custom_fields.sfcontactid", ["003"], ["name"])
    assert ids_of(found) == [result.id]


def test_tags_are_fetched_only_where_they_are_wanted(freshdesk):
    id = freshdesk.put(name="A", email="a@example.com", tags=["vip"])
    [record] = [r for page in freshdesk.connector.read_changes("contact", None, ["tags"]) for r in page.records]
    assert record.raw["tags"] == ["vip"]
    freshdesk.client.reset_calls()
    ids_of(freshdesk.connector.read_changes("contact", None, ["name"]))
    assert freshdesk.client.calls()["read"] == 2
    assert ids_of(freshdesk.build(needs_details=False).read_changes("contact", None, ["tags"])) == [id]


def test_a_search_with_tags_asks_only_for_what_it_finds(freshdesk):
    freshdesk.client.insert("contacts", [*contacts(90), {"name": "Mara", "email": "m@example.com", "tags": ["vip"]}])
    freshdesk.client.reset_calls()
    [record] = [r for page in freshdesk.connector.find("contact", "name", ["mara"], ["tags"]) for r in page.records]
    assert record.raw["tags"] == ["vip"]
    assert freshdesk.client.calls()["read"] == 2


def test_what_lists_do_not_show_cannot_be_searched_by(freshdesk):
    with pytest.raises(PermanentError, match="tags"):
        ids_of(freshdesk.connector.find("contact", "tags", ["vip"], ["name"]))


def test_an_unknown_entity_is_a_permanent_error(freshdesk):
    with pytest.raises(PermanentError, match="lead"):
        ids_of(freshdesk.connector.read_changes("lead", None, ["name"]))


@pytest.mark.parametrize(("key", "value"), [("mobile", "+49 151 5550100"), ("unique_external_id", "x1"), ("name", "Mara Lind")])
def test_find_by_other_fields(freshdesk, key, value):
    id = freshdesk.put(**{"name": "Mara", "email": "m@example.com"} | {key: value})
    freshdesk.put(name="Other", email="o@example.com")
    assert ids_of(freshdesk.connector.find("contact", key, [value], ["name"])) == [id]


def test_many_values_are_found_by_one_walk(freshdesk):
    freshdesk.client.insert("contacts", contacts(90))
    freshdesk.client.reset_calls()
    values = [f"p{number}@example.com" for number in range(60)]
    assert len(ids_of(freshdesk.connector.find("contact", "email", values, ["name"]))) == 60
    assert freshdesk.client.calls()["read"] == 1


@pytest.mark.parametrize("count", [1, 40])
def test_companies_are_found_by_their_whole_name(freshdesk, count):
    made = freshdesk.client.insert("companies", [{"name": f"Nordwerk {number}"} for number in range(count)])
    assert ids_of(freshdesk.connector.find("account", "name", ["nordwerk 0"], ["name"])) == [str(made[0])]


def test_companies_are_written_and_read(freshdesk):
    [made] = freshdesk.connector.write("account", [Write("create", None, {"name": "Nordwerk", "domains": ["nordwerk.example"]})])
    assert ids_of(freshdesk.connector.read_changes("account", NOW, ["name"])) == [made.id]
    list(freshdesk.connector.write("account", [Write("delete", made.id)]))
    assert ids_of(freshdesk.connector.read("account", [made.id], ["name"])) == []


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("owner", ["email", "none"])
def test_a_taken_address_names_its_owner_where_the_api_does(freshdesk, status, owner):
    freshdesk.client.switches(duplicate_status=status, duplicate_owner=owner)
    id = freshdesk.put(name="First", email="a@example.com")
    [result] = freshdesk.connector.write("contact", [Write("create", None, {"name": "Second", "email": "a@example.com"})])
    assert (result.state, result.code) == ("failed", "duplicate_value")
    assert result.id == (id if owner == "email" else None)


def test_an_update_of_a_deleted_contact_fails_unless_it_may_be_restored(freshdesk):
    id = freshdesk.put(name="A", email="a@example.com")
    freshdesk.remove(id)
    write = [Write("update", id, {"name": "B"})]
    assert [(r.state, r.code) for r in freshdesk.connector.write("contact", write)] == [("failed", "405")]
    assert [r.state for r in freshdesk.build(restores_deleted=True).write("contact", write)] == ["done"]
    assert freshdesk.live()[id]["name"] == "B"


def test_a_delete_of_a_blocked_contact_is_not_called_done(freshdesk):
    id = freshdesk.put(name="A", email="a@example.com")
    freshdesk.client.action("block", id=int(id))
    assert [r.state for r in freshdesk.connector.write("contact", [Write("delete", id)])] == ["failed"]


def test_creates_whose_answers_are_lost_one_after_another_stop_the_run(freshdesk):
    freshdesk.client.fault("lost", times=-1)
    writes = [Write("create", None, {"name": "A", "email": f"{number}@example.com"}) for number in range(50)]
    results, error = until_stopped(freshdesk.connector.write("contact", writes))
    assert {result.state for result in results} == {"unknown"}
    assert isinstance(error, TransientError)
    assert 3 <= len(freshdesk.live()) == len(results) < 3 + WRITERS


def test_fields_are_described_with_types_and_options(freshdesk):
    freshdesk.client.reset("company")
    fields = {field.name: field for field in freshdesk.connector.describe("contact")}
    assert fields["name"].is_required
    assert (fields["email"].type, fields["email"].is_unique) == ("email", True)
    assert (fields["company_id"].type, fields["tags"].type) == ("reference", "tags")
    assert not fields["updated_at"].is_updateable
    dropdowns = [field for field in freshdesk.connector.describe("account") if field.type == "picklist"]
    assert dropdowns
    assert all(field.options and field.is_restricted for field in dropdowns)


def test_every_described_field_of_a_record_can_be_read(freshdesk):
    freshdesk.client.reset("company")
    for entity in ("account", "contact"):
        described = {field.name for field in freshdesk.connector.describe(entity)}
        [row, *_] = next(freshdesk.connector.read_changes(entity, None, ["tags"])).records
        assert described - set(row.raw) <= {"avatar"}


def test_a_key_without_admin_rights_reads_but_does_not_describe(freshdesk):
    freshdesk.client.switches(admin_key=False)
    with pytest.raises(AuthError, match="administrator"):
        freshdesk.connector.describe("contact")
    assert ids_of(freshdesk.connector.read_changes("contact", None, ["name"])) == []


@pytest.mark.parametrize(
    "switch", [{"account_suspended": True}, {"api_in_plan": False}, {"account_suspended": True, "nested_403": True}]
)
def test_a_closed_account_is_an_auth_error(freshdesk, switch):
    freshdesk.client.switches(**switch)
    with pytest.raises(AuthError):
        freshdesk.connector.ping()


def test_the_account_is_told_by_its_host(freshdesk):
    assert freshdesk.connector.ping().id == "nordwerk.freshdesk.com"
