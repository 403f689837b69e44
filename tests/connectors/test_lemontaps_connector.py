"""Lemontaps keeps the contract as far as its interface goes; then what is its own."""

from datetime import UTC, datetime, timedelta

import pytest
from benches import SandboxBench, reset
from connector_contract import HttpContract

from connectors.connection import Settings
from connectors.contract import User, Write
from connectors.errors import AuthError, PermanentError, TransientError
from connectors.lemontaps import build
from connectors.opening import build_connector
from sandbox.running import serve

TOKEN, SCIM_TOKEN = "sandbox-lemontaps-token", "sandbox-lemontaps-scim-token"
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


class LemontapsBench(SandboxBench):
    """The captured contacts of a team."""

    kind, id_field = "contacts", "id"
    email, name, phone, bad_email = "email", "last_name", "phone_work", "not-an-address"
    idle_calls = 1
    rows_per_call = 1
    secrets = (TOKEN, SCIM_TOKEN)

    def __init__(self, client):
        super().__init__(client)
        client.switches(rate_limit=False)
        self.connector = self.build()

    def build(self, token=TOKEN, **options):
        extra = {"scim_token": SCIM_TOKEN} | options.pop("extra", {})
        session = self.session(**options)
        return build(Settings(host=self.client.url, password=token, extra=extra), session, {})

    def wrong_key(self):
        return self.build("wrong")


@pytest.fixture(scope="module")
def server():
    with serve("lemontaps") as client:
        yield client


@pytest.fixture
def bench(server):
    with reset(server) as client:
        yield LemontapsBench(client)


class TestLemontaps(HttpContract):
    """Creates, deletes and new fields are not possible: those promises are replaced by what happens instead."""

    gone = "lt_0000000000"

    @pytest.fixture
    def bench(self, bench):
        return bench

    def test_create_update_delete_come_back_in_order(self, bench):
        old, kept = bench.put(**self.new(bench, 1)), bench.put(**self.new(bench, 2))
        writes = [
            Write("create", None, self.new(bench, 3)),
            Write("update", old, {bench.name: "Renamed"}),
            Write("delete", kept),
        ]
        results = list(bench.connector.write("contact", writes))
        assert [(r.state, r.code) for r in results] == [("failed", "not_possible"), ("done", ""), ("failed", "not_possible")]
        assert {id: row["last_name"] for id, row in bench.live().items()} == {old: "Renamed", kept: "Person 0002"}

    def test_one_bad_row_does_not_stop_the_others(self, bench):
        ids = [bench.put(**self.new(bench, number)) for number in range(3)]
        emails = ["a@example.com", bench.bad_email, "c@example.com"]
        results = list(bench.connector.write("contact", [Write("update", *each) for each in self.changes(ids, emails)]))
        assert [result.state for result in results] == ["done", "failed", "done"]
        assert (results[1].code, results[1].message) == ("invalid", "The data are not valid. email invalid")

    def changes(self, ids, emails):
        return [(id, {"email": email}) for id, email in zip(ids, emails, strict=True)]

    def test_a_delete_of_what_is_gone_is_done(self, bench):
        id = bench.put(**self.new(bench, 1))
        bench.remove(id)
        [result] = bench.connector.write("contact", [Write("update", id, {bench.name: "X"})])
        assert (result.state, result.code) == ("failed", "not_found")

    def test_a_created_field_is_there_and_making_it_twice_is_no_matter(self, bench):
        with pytest.raises(PermanentError, match="no new field"):
            bench.connector.create_field("contact", "colour", "Colour")

    def test_a_lost_create_is_unknown_and_done_once(self, bench):
        bench.lose()
        [result] = bench.connector.write("contact", [Write("create", None, self.new(bench, 1))])
        assert result.state == "failed"
        assert bench.requests() == 0

    def test_results_known_so_far_come_before_the_stop(self, bench):
        ids = [bench.put(**self.new(bench, number)) for number in range(2)]
        bench.client.fault("lost", times=-1, after=3)
        results = bench.connector.write("contact", [Write("update", id, {bench.name: "X"}) for id in ids])
        assert [next(results).state, next(results).state] == ["done", "unknown"]
        with pytest.raises(TransientError):
            next(results)

    def test_writes_whose_answers_stay_lost_are_unknown_then_the_run_stops(self, bench):
        id = bench.put(**self.new(bench, 1))
        bench.client.fault("lost", times=-1, method="PATCH")
        results = bench.connector.write("contact", [Write("update", id, {bench.name: "Renamed"})])
        assert next(results).state == "unknown"
        with pytest.raises(TransientError):
            next(results)
        assert bench.live()[id]["last_name"] == "Renamed"

    def test_no_secret_and_no_person_in_any_log_line(self, bench, caplog):
        caplog.set_level("DEBUG")
        id = bench.put(**self.new(bench, 9))
        list(bench.connector.write("contact", [Write("update", id, {bench.name: "Person"})]))
        super().test_no_secret_and_no_person_in_any_log_line(bench, caplog)


def ids_of(pages):
    return [record.id for page in pages for record in page.records]


@pytest.mark.parametrize("status", [409, 412])
def test_a_lost_change_is_found_done_though_its_repeat_is_outdated(bench, status):
    bench.client.switches(stale_status=status)
    id = bench.put(last_name="A")
    bench.client.fault("lost", method="PATCH")
    [result] = bench.connector.write("contact", [Write("update", id, {"last_name": "B"})])
    assert (result.state, result.record.raw["version"]) == ("done", 2)


def test_a_contact_that_others_change_meanwhile_is_changed_at_its_new_version(bench):
    id = bench.put(last_name="A", email="a@example.com")
    changed = []

    def edit_once(kind, headers):
        if not changed:
            changed.append(kind)
            bench.edit(id, email="new@example.com")

    [result] = bench.build(on_call=edit_once).write("contact", [Write("update", id, {"last_name": "B"})])
    assert result.state == "done"
    assert (bench.live()[id]["last_name"], bench.live()[id]["email"]) == ("B", "new@example.com")


def test_a_contact_that_never_stands_still_comes_again_later(bench):
    id = bench.put(last_name="A")
    restless = bench.build(on_call=lambda kind, headers: bench.edit(id, email="x@example.com"))
    [result] = restless.write("contact", [Write("update", id, {"last_name": "B"})])
    assert (result.state, result.code, result.is_transient) == ("failed", "stale_version", True)


def test_an_export_status_is_no_change_of_the_contact(bench):
    id = bench.put(last_name="A")
    status = {"exports.salesforce.status": "succeeded", "exports.salesforce.external_id": "00Q1"}
    [result] = bench.connector.write("contact", [Write("update", id, status)])
    row = bench.live()[id]
    assert (result.state, row["exports"]["salesforce"]["external_id"], row["version"]) == ("done", "00Q1", 1)
    [record] = next(bench.connector.read("contact", [id], [])).records
    assert record.raw["exports.salesforce.status"] == "succeeded"
    [refused] = bench.connector.write("contact", [Write("update", id, {"exports.salesforce.status": "odd"})])
    assert (refused.state, refused.code) == ("failed", "invalid")


def test_a_walk_begins_again_when_its_cursor_is_too_old(bench):
    ids = [bench.put(last_name=f"P{number}") for number in range(150)]
    aged = []

    def age(kind, headers):
        if not aged:
            aged.append(kind)
            bench.client.clock(25 * 3600)

    assert set(ids_of(bench.build(on_call=age).read_changes("contact", None, []))) == set(ids)


def test_a_list_that_always_expires_is_transient(bench):
    bench.client.insert("contacts", [{"last_name": "P"}] * 150)
    bench.client.switches(cursor_hours=-1)
    with pytest.raises(TransientError, match="expires"):
        ids_of(bench.connector.read_changes("contact", None, []))


def test_contacts_changed_during_the_walk_come_with_it(bench):
    ids = [bench.put(last_name=f"P{number}", updated_at="2026-01-01T00:00:00Z") for number in range(250)]

    def edit(kind, headers):
        bench.edit(ids[0], last_name="Moved")

    pages = list(bench.build(on_call=edit).read_changes("contact", None, []))
    assert set(ids_of(pages)) == set(ids)
    assert {r.id: r for page in pages for r in page.records}[ids[0]].raw["last_name"] == "Moved"


def test_nested_values_are_flat(bench):
    bench.put(last_name="A", met_by={"id": "lu_71", "name": "Ada Roth", "email": "ada@nordwerk.example"})
    [record] = [r for page in bench.connector.read_changes("contact", None, []) for r in page.records]
    assert record.raw["met_by.email"] == "ada@nordwerk.example"


def test_users_come_by_scim_and_are_known_by_their_address(bench):
    people = [{"email": f"u{n}@nordwerk.example", "first_name": "U", "last_name": str(n), "active": n != 3} for n in range(230)]
    bench.client.insert("users", people)
    users = bench.connector.users()
    assert len(users) == 230
    assert users[3] == User("u3@nordwerk.example", "u3@nordwerk.example", "U 3", False)


def test_without_scim_there_are_no_users_but_a_wrong_token_is_told(bench):
    assert bench.build(extra={"scim_token": ""}).users() == ()
    with pytest.raises(AuthError, match="scim_token"):
        bench.build(extra={"scim_token": "wrong"}).users()


@pytest.mark.parametrize("switch", ["can_list", "can_write_contacts"])
def test_a_missing_capability_is_named(bench, switch):
    id = bench.put(last_name="A")
    bench.client.switches(**{switch: False})
    with pytest.raises(AuthError, match=switch):
        list(bench.connector.write("contact", [Write("update", id, {"last_name": "B"})]))


def test_an_unknown_entity_is_a_permanent_error(bench):
    with pytest.raises(PermanentError, match="lead"):
        ids_of(bench.connector.read_changes("lead", NOW, []))


@pytest.mark.parametrize(("settings", "words"), [(Settings(), "neither a host"), (Settings(host="api.example"), "no token")])
def test_an_incomplete_connection_says_what_is_missing(settings, words):
    with pytest.raises(AuthError, match=words):
        build_connector("lemontaps", settings)


def test_the_sandbox_tells_its_connection(bench):
    from sandbox.system import load

    told = load("lemontaps").connection(bench.client.url)
    connector = build_connector("lemontaps", Settings(host=told["host"], password=told["password"], extra=told["extra"]))
    assert connector.ping().is_sandbox
    assert connector.users() == []


def test_since_may_have_parts_of_a_second(bench):
    id = bench.put(last_name="A", updated_at="2026-10-01T12:00:00Z")
    assert ids_of(bench.connector.read_changes("contact", NOW + timedelta(milliseconds=700), [])) == [id]
