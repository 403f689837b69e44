"""ForceManager's connector keeps the contract, and copes with what its API leaves open."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from benches import SandboxBench, reset
from connector_contract import EPOCH, HttpContract, records_of

from connectors.connection import Settings
from connectors.contract import User, Write
from connectors.errors import AuthError, PermanentError, TransientError
from connectors.forcemanager import ForceManagerConnector, build
from connectors.forcemanager_calls import ForceManagerCalls, is_busy
from connectors.forcemanager_values import Calendar
from connectors.opening import build_connector
from sandbox.running import serve

KEYS = ("sandbox-public-key", "sandbox-private-key")
NUMBERS = ("accountId", "salesRepId", "contactId")


class ForceManagerBench(SandboxBench):
    """ForceManager's contacts."""

    kind, id_field = "contacts", "id"
    email, name, phone, bad_email = "email", "lastName", "phone1", "not-an-address"
    new_field = "Z_Lockstep"
    idle_calls = 1
    rows_per_call = 1
    lost_path = "/contacts"
    secrets = (*KEYS, "X-Session-Key")

    def __init__(self, client):
        super().__init__(client)
        client.switches(rate_limit=False)
        [self.account] = client.insert("accounts", [{"name": "Nordwerk", "branchId": 1, "salesRepId1": 310}])
        client.reset_calls()
        self.connector = self.build()

    def build(self, private_key=KEYS[1], **options):
        names = ("on_call", "total_seconds")
        session = self.session(is_busy=is_busy, **{name: options.pop(name) for name in names if name in options})
        calls = ForceManagerCalls("https://api.forcemanager.com/api/v4", KEYS[0], private_key, session)
        return ForceManagerConnector(calls, "nordwerk", **options)

    def wrong_key(self):
        return self.build("wrong")

    def put(self, **fields):
        return super().put(**{name: int(value) if name in NUMBERS else value for name, value in fields.items()})

    def one(self, entity, *writes):
        [result] = self.connector.write(entity, list(writes))
        return result

    def create(self, entity, **fields):
        result = self.one(entity, Write("create", None, fields))
        assert result.state == "done", result
        return result.id

    def row(self, kind, id):
        return next(row for row in self.client.records(kind, with_deleted=True) if str(row["id"]) == id)

    def read(self, entity, id):
        return records_of(self.connector.read(entity, [id], []))[id]


@pytest.fixture(scope="module")
def server():
    with serve("forcemanager") as client:
        yield client


@pytest.fixture
def bench(server):
    with reset(server) as client:
        yield ForceManagerBench(client)


class TestForceManager(HttpContract):
    """The contract. A contact needs more than a name, and no field can be made."""

    def new(self, bench, number, **fields):
        needed = {"firstName": "-", "accountId": str(bench.account), "salesRepId": "310"}
        return super().new(bench, number, **needed, **fields)

    def test_a_created_field_is_there_and_making_it_twice_is_no_matter(self, bench):
        bench.connector.create_field("contact", "extId", "Lockstep id")
        with pytest.raises(PermanentError, match="Settings, Extra fields, contacts, add a text field 'Lockstep'"):
            bench.connector.create_field("contact", bench.new_field, "Lockstep id")


def test_a_record_never_edited_is_a_change_by_its_creation(bench):
    id = bench.put(lastName="Lind")
    record = bench.read("contact", id)
    assert record.raw["dateUpdated"] is None
    assert id in records_of(bench.connector.read_changes("contact", record.modified_at, []))
    assert id not in records_of(bench.connector.read_changes("contact", record.modified_at + timedelta(seconds=1), []))


@pytest.mark.parametrize("literals", [["iso"], ["space"], []])
def test_dates_are_written_as_this_implementation_takes_them(bench, literals):
    bench.client.switches(date_literals=literals)
    old = bench.put(lastName="Old", dateCreated="2020-01-01T00:00:00.000Z")
    new = bench.put(lastName="New")
    for _ in range(2):
        assert set(records_of(bench.connector.read_changes("contact", datetime.now(UTC) - timedelta(hours=1), []))) == {new}
    assert old in records_of(bench.connector.read_changes("contact", EPOCH, []))


def test_pages_are_read_until_an_empty_one_whatever_their_size(bench):
    bench.client.switches(count_limit=7)
    ids = {bench.put(lastName=f"P{number}") for number in range(30)}
    assert set(records_of(bench.connector.read_changes("contact", None, []))) == ids


def test_a_list_that_answers_404_is_empty(bench):
    bench.client.switches(empty_list=404)
    assert records_of(bench.connector.read_changes("contact", EPOCH, [])) == {}


def test_references_are_read_as_ids_and_labels_and_written_as_numbers(bench):
    id = bench.create(
        "account", name="Werft", branchId="main unit", salesRepId1="311", countryId="DE", statusId="Inactive", typeId=None
    )
    row = bench.row("accounts", id)
    assert (row["branchId"], row["salesRepId1"], row["countryId"], row["statusId"], row["typeId"]) == (1, 311, 1, 2, None)
    raw = bench.read("account", id).raw
    assert (raw["branchId"], raw["salesRepId1"], raw["countryId"]) == ("Main unit", "311", "Germany")


def test_contacts_have_labels_for_gender_and_one_spelling(bench):
    id = bench.put(lastName="Lind", gender=1, useCompanyAddress=True)
    raw = bench.read("contact", id).raw
    assert (raw["gender"], raw["useCompanyAddress"]) == ("Female", True)
    assert bench.one("contact", Write("update", id, {"gender": "Male", "useCompanyAddress": False})).state == "done"
    assert bench.row("contacts", id)["gender"] == 0


@pytest.mark.parametrize("fields", [{"branchId": "Nowhere"}, {"salesRepId1": "Ada"}])
def test_what_is_in_no_value_list_fails_for_that_row_without_a_call(bench, fields):
    bench.connector.describe("account")
    before = bench.client.calls()["write"]
    result = bench.one("account", Write("create", None, {"name": "X", **fields}))
    assert (result.state, result.code) == ("failed", "invalid_value")
    assert bench.client.calls()["write"] == before


@pytest.mark.parametrize("shape", ["yy/mm/dd", "yyyy-mm-dd"])
def test_events_have_moments_where_the_calendar_has_dates_and_hours(bench, shape):
    bench.client.switches(calendar_dates=shape)
    bench.connector = bench.build(calendar=Calendar(ZoneInfo("Europe/Madrid")))
    id = bench.create(
        "event", subject="Visit", salesRepId="310", start="2026-12-24T08:30:00.000+0000", end="2026-12-24T23:30:00Z"
    )
    row = bench.row("calendar", id)
    assert (row["task"], row["startDate"], row["startHour"]) == (False, "2026-12-24", "09:30")
    assert (row["endDate"], row["endHour"]) == ("2026-12-25", "00:30")
    raw = bench.read("event", id).raw
    assert (raw["start"], raw["end"]) == ("2026-12-24T08:30:00.000Z", "2026-12-24T23:30:00.000Z")
    assert raw["startDate"] == "2026-12-24"


def test_an_activity_has_a_day(bench):
    bench.connector = bench.build(calendar=Calendar(ZoneInfo("Europe/Madrid")))
    id = bench.create("activity", typeId="Call", salesRepId="310", day="2026-07-01")
    assert bench.row("activities", id)["date"] == "2026-06-30T22:00:00.000Z"
    assert bench.read("activity", id).raw["day"] == "2026-07-01"


def test_tasks_and_events_do_not_mix(bench):
    bench.client.switches(calendar_dates="yyyy-mm-dd")
    task = bench.create("task", subject="Call back", salesRepId="310", startDate="2026-12-24", completed=False)
    event = bench.create("event", subject="Visit", salesRepId="310", start="2026-12-24T08:30:00Z")
    assert set(records_of(bench.connector.read_changes("task", EPOCH, []))) == {task}
    assert set(records_of(bench.connector.read_changes("event", EPOCH, []))) == {event}
    assert records_of(bench.connector.read("event", [task], [])) == {}


def test_find_by_label_and_by_reference(bench):
    mine, other = (
        bench.create("account", name=n, branchId="Main unit", salesRepId1="310", statusId=s)
        for n, s in (("A", "Active"), ("B", "Inactive"))
    )
    assert set(records_of(bench.connector.find("account", "statusId", ["inactive"], []))) == {other}
    assert {mine, other} <= set(records_of(bench.connector.find("account", "salesRepId1", ["310", "x"], [])))


def test_a_token_that_ended_is_renewed_and_keys_that_ended_are_told(bench):
    bench.connector.ping()
    bench.client.action("expire_tokens")
    assert records_of(bench.connector.read_changes("contact", None, [])) == {}
    bench.client.action("expire_tokens")
    bench.client.switches(private_key="another")
    with pytest.raises(AuthError, match="Check login and password"):
        bench.connector.ping()


def test_401_and_400_of_a_login_are_alike(bench):
    bench.client.switches(login_refusal=400)
    with pytest.raises(AuthError):
        bench.wrong_key().ping()


def test_a_token_refused_at_once_is_an_auth_error(bench):
    bench.client.fault("401", path="/users", times=-1)
    with pytest.raises(AuthError, match="just given"):
        bench.connector.ping()


@pytest.mark.parametrize("kind", ["408", "900"])
def test_timeouts_of_reads_are_got_over(bench, kind):
    id = bench.put(lastName="Lind")
    bench.client.fault(kind, method="GET", times=2)
    assert set(records_of(bench.connector.read_changes("contact", None, []))) == {id}


def test_a_timeout_of_a_create_is_unknown(bench):
    bench.connector.ping()
    bench.client.fault("408", method="POST")
    fields = {"lastName": "L", "firstName": "-", "accountId": str(bench.account), "salesRepId": "310"}
    assert bench.one("contact", Write("create", None, fields)).state == "unknown"


def test_lasting_timeouts_are_transient(bench):
    bench.connector = bench.build(total_seconds=1)
    bench.client.fault("408", times=-1)
    with pytest.raises(TransientError):
        bench.connector.ping()


@pytest.mark.parametrize("is_terse", [True, False])
def test_a_missing_record_is_told_from_one_that_refuses(bench, is_terse):
    bench.client.switches(terse_errors=is_terse)
    locked = bench.put(lastName="Lind", readOnly=True)
    assert bench.one("contact", Write("update", locked, {"phone1": "1"})).code != "not_found"
    assert bench.one("contact", Write("delete", locked)).state == "failed"
    assert bench.one("contact", Write("update", "99", {"phone1": "1"})).code == "not_found"


@pytest.mark.parametrize("switch", [{"created_status": 201}, {"message_key": "message"}])
def test_answers_differ_between_sources(bench, switch):
    bench.client.switches(**switch)
    id = bench.create("account", name="A", branchId="Main unit", salesRepId1="310")
    assert bench.one("account", Write("update", id, {"name": None})).message.startswith("Bad Request: name is mandatory")


def test_describe_tells_types_options_and_what_must_be_there(bench):
    bench.client.action("add_field", resource="accounts", field="Z_Size", kind="int", required=True)
    fields = {field.name: field for field in bench.connector.describe("account")}
    assert (fields["statusId"].type, fields["statusId"].options) == ("picklist", ("Active", "Inactive"))
    assert (fields["name"].is_required, fields["Z_Size"].is_required, fields["phone"].is_required) == (True, True, False)
    assert (fields["Z_Size"].type, fields["Z_Size"].is_custom, fields["extId"].length) == ("integer", True, 255)
    assert not fields["dateCreated"].is_updateable
    assert {f.name: f.type for f in bench.connector.describe("event")}["start"] == "datetime"


def test_users_are_told_with_those_who_left(bench):
    people = {user.name: user for user in bench.connector.users()}
    assert people["Ingrid Hansen"] == User("310", "ingrid.hansen@nordwerk.example", "Ingrid Hansen", True)
    assert not people["Peter Vogt"].is_active


class Told:
    """A pace that remembers what it was allowed."""

    def __init__(self):
        self.allowance = None

    def allow(self, allowance):
        self.allowance = allowance

    def take(self, kind):
        assert self.allowance, "no call before the allowance is known"

    def note(self, kind, response, wait_seconds):
        assert wait_seconds is None


@pytest.mark.parametrize(("extra", "per_second"), [({}, 3), ({"calls_per_second": "13"}, 13)])
def test_the_connection_tells_the_allowance(bench, extra, per_second):
    pace = Told()
    settings = Settings(host=bench.client.url, login=KEYS[0], password=KEYS[1], extra=extra)
    build_connector("forcemanager", settings, pace=pace).ping()
    assert pace.allowance.per_second == per_second


def test_build_reads_the_connection(bench):
    settings = Settings(host=bench.client.url, login=KEYS[0], password=KEYS[1], extra={"account": "nordwerk"})
    connector = build(settings, bench.session(), {})
    assert connector.ping().id == "nordwerk"
    assert build(Settings(login=KEYS[0], password=KEYS[1]), bench.session(), {}).account_id() == KEYS[0]
    with pytest.raises(AuthError):
        build(Settings(login=KEYS[0]), bench.session(), {})
    for extra in ({"time_zone": "Nowhere/Land"}, {"date_format": "soon"}):
        with pytest.raises(PermanentError):
            build(Settings(login=KEYS[0], password=KEYS[1], extra=extra), bench.session(), {})


def test_an_unknown_entity_is_named(bench):
    with pytest.raises(PermanentError, match="no entity 'lead'"):
        bench.connector.describe("lead")


class Unrest:
    """Adds, edits and deletes contacts after every answer, so that rows move between the pages of a walk."""

    def __init__(self, client, ids):
        self.client, self.chance, self.ids = client, random.Random(7), list(ids)

    def __call__(self, kind, headers):
        self.client.insert("contacts", [{"lastName": "New"} for _ in range(3)])
        self.client.edit("contacts", self.chance.choice(self.ids), {"lastName": "Edited"})
        self.client.delete("contacts", self.ids.pop(self.chance.randrange(len(self.ids))))


@pytest.mark.parametrize("since", [None, EPOCH])
def test_none_is_missed_while_rows_come_and_go(bench, since):
    before = bench.client.insert("contacts", [{"lastName": f"P{number}"} for number in range(1_500)])
    unrest = Unrest(bench.client, before)
    found = records_of(bench.build(on_call=unrest).read_changes("contact", since, []))
    assert {str(id) for id in unrest.ids} <= set(found)
