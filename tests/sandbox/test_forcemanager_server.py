"""ForceManager's sandbox as a plain HTTP client sees it: login, lists, writes, refusals, odd points."""

import pytest
import requests

from sandbox.running import serve

KEYS = {"username": "sandbox-public-key", "password": "sandbox-private-key"}
ACCOUNT = {"name": "Nordwerk GmbH", "branchId": 1, "salesRepId1": 310}


class Caller:
    """Calls the API with a session token."""

    def __init__(self, url):
        self.url = f"{url}/api/v4/"
        self.session = requests.Session()
        self.session.trust_env = False
        self.log_in()

    def log_in(self):
        self.session.headers["X-Session-Key"] = self("POST", "login", KEYS).json()["token"]

    def __call__(self, method, path, body=None, **more):
        return self.session.request(method, self.url + path, json=body, timeout=10, **more)

    def ok(self, method, path, body=None, **more):
        answer = self(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path, count=50, **params):
        return self.ok("GET", path, params=params, headers={"Count": str(count)})

    def ids(self, path, **params):
        return [row["id"] for row in self.rows(path, **params)]


@pytest.fixture(scope="module")
def server():
    with serve("forcemanager") as client:
        yield client


@pytest.fixture
def crm(server):
    server.reset()
    server.switches(rate_limit=False)
    return server


@pytest.fixture
def call(crm):
    return Caller(crm.url)


def new(call, resource="accounts", **fields):
    return call.ok("POST", resource, {**(ACCOUNT if resource == "accounts" else {}), **fields})["id"]


def test_a_login_gives_a_token_and_wrong_keys_do_not(call):
    assert call("POST", "login", {**KEYS, "password": "wrong"}).status_code == 401
    assert call("GET", "accounts", headers={"X-Session-Key": "wrong"}).json() == {"Message": "Unauthorized"}


def test_a_token_ends(crm, call):
    crm.clock(3601)
    assert call("GET", "accounts").status_code == 401
    call.log_in()
    assert call.rows("accounts") == []
    crm.action("expire_tokens")
    assert call("GET", "accounts").status_code == 401


def test_a_second_has_four_calls(crm, call):
    crm.switches(rate_limit=True, retry_after=2)
    answers = [call("GET", "users") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused[0].json() == {"Message": "Too Many Requests"}
    assert refused[0].headers["Retry-After"] == "2"


def test_a_create_answers_with_the_id_alone_and_the_first_edit_sets_date_updated(call):
    answer = call.ok("POST", "accounts", {**ACCOUNT, "countryId": 1})
    assert set(answer) == {"Message", "id"}
    row = call.ok("GET", f"accounts/{answer['id']}", params={"lang": "de"})
    assert row["branchId"] == {"id": 1, "value": "Hauptsitz"}
    assert row["salesRepId1"] == {"id": 310, "value": "Ingrid Hansen"}
    assert (row["dateUpdated"], row["dateDeleted"], row["deleted"]) == (None, None, False)
    assert call.ok("PUT", f"accounts/{answer['id']}", {"phone": "1"}) == {"Message": "entity updated"}
    after = call.ok("GET", f"accounts/{answer['id']}")
    assert after["dateUpdated"]
    assert (after["phone"], after["name"], after["salesRepIdUpdated"]) == ("1", "Nordwerk GmbH", 90)


@pytest.mark.parametrize("missing", ["name", "branchId", "salesRepId1"])
def test_an_account_needs(call, missing):
    fields = {name: value for name, value in ACCOUNT.items() if name != missing}
    assert call("POST", "accounts", fields).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"branchId": {"id": 1}}, {"branchId": 99}, {"salesRepId1": "310"}, {"phone": "1" * 51}, {"public": 1},
        {"nonsense": 1}, {"email": "no address"}, {"latitude": "north"}, {"name": None},
    ],
)  # fmt: skip
def test_what_a_field_does_not_take_is_refused(call, fields):
    assert call("POST", "accounts", {**ACCOUNT, **fields}).status_code == 400


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"name": "X"}), ("DELETE", None)])
def test_a_missing_id_answers_400(call, method, body):
    assert call(method, "accounts/99", body).status_code == 400


def test_a_deletion_leaves_a_tombstone_in_the_list(crm, call):
    id = new(call)
    assert call.ok("DELETE", f"accounts/{id}") == {"Message": "entity deleted"}
    [row] = call.rows("accounts")
    assert row["deleted"]
    assert row["dateDeleted"]
    assert call("DELETE", f"accounts/{id}").status_code == 400
    crm.switches(lists_deleted=False)
    assert call.rows("accounts") == []


def test_pages_begin_at_zero_and_end_with_an_empty_one(call):
    ids = [new(call, name=f"A{number}") for number in range(7)]
    pages = [[row["id"] for row in call.rows("accounts", count=3, page=page)] for page in range(4)]
    assert pages == [ids[:3], ids[3:6], ids[6:], []]
    assert call.ids("accounts", order="id") == ids[::-1]


def test_order_is_descending_with_missing_values_at_the_end_or_the_beginning(crm, call):
    first, second, third = (new(call, name=name, phone=phone) for name, phone in (("a", "1"), ("b", None), ("c", "2")))
    assert call.ids("accounts", order="phone") == [third, first, second]
    crm.switches(nulls_in_order="first")
    assert call.ids("accounts", order="phone") == [second, third, first]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("name='nordwerk'", "a"), ("name='NORDWERK' OR name='O''Neill'", "ab"), ("name LIKE '%wer%'", "ac"),
        ("name NOT LIKE '%wer%' AND latitude>1", "b"), ("(latitude=5 OR latitude=1) AND name LIKE 'n%'", "a"),
        ("extId='x'", ""), ("branchId=1", "abc"), ("deleted=false", "abc"), ("extId<>'x'", ""),
        ("dateCreated>'2026-01-01T00:00:00Z'", "abc"), ("dateUpdated>'2026-01-01 00:00:00'", ""),
    ],
)  # fmt: skip
def test_where(call, where, found):
    ids = dict(
        zip("abc", (new(call, name=n, latitude=x) for n, x in (("Nordwerk", 1), ("O'Neill", 5), ("werft", None))), strict=True)
    )
    assert call.ids("accounts", where=where) == [ids[name] for name in found]


@pytest.mark.parametrize(
    "where", ["nonsense", "name", "name=", "foo='x'", "name>='a'", "(name='a'", "name='a", "dateCreated>'soon'"]
)
def test_a_wrong_where_is_901(call, where):
    answer = call("GET", "accounts", params={"where": where})
    assert (answer.status_code, answer.json()["code"]) == (400, 901)


def test_a_plain_field_filters_too(call):
    id = new(call, extId="0015g00000XyZ01AAB")
    assert call.ids("accounts", extId="0015g00000XyZ01AAB") == [id]


def test_extra_fields_are_described_and_written_at_the_top(crm, call):
    crm.action("add_field", resource="accounts", field="Z_Region")
    id = new(call, Z_Region="North")
    assert call.ok("GET", f"accounts/{id}")["Z_Region"] == "North"
    assert set(call.ok("GET", "extrafields/accounts/schema")["properties"]) == {"Z_CustomerNumber", "Z_Region"}
    assert [row["key"] for row in call.ok("GET", "extrafields/accounts")] == ["Z_CustomerNumber", "Z_Region"]
    assert call.ok("GET", "accounts/schema")["properties"]["Z_Region"]["maxLength"] == 255


def test_a_calendar_entry_has_dates_and_hours(crm, call):
    entry = {"subject": "Visit", "task": False, "startDate": "2026-12-24", "startHour": "09:30", "salesRepId": 310}
    id = new(call, "calendar", **entry)
    assert call.ok("GET", f"calendar/{id}")["startDate"] == "26/12/24"
    crm.switches(calendar_dates="yyyy-mm-dd")
    assert call.ok("GET", f"calendar/{id}")["startDate"] == "2026-12-24"


def test_a_read_only_row_takes_no_write(crm, call):
    [id] = crm.insert("accounts", [{**ACCOUNT, "readOnly": True}])
    assert call("PUT", f"accounts/{id}", {"name": "X"}).status_code == 400


def test_switches_turn_what_is_not_known(crm, call):
    crm.switches(created_status=201, message_key="message", empty_list=404, terse_errors=True, ext_id_unique=True)
    assert call("GET", "accounts").status_code == 404
    answer = call("POST", "accounts", {**ACCOUNT, "extId": "x"})
    assert (answer.status_code, set(answer.json())) == (201, {"message", "id"})
    assert call("POST", "accounts", {**ACCOUNT, "extId": "x"}).json() == {"message": "Bad Request"}


def test_faults_and_a_person(crm, call):
    id = new(call)
    crm.fault("408")
    assert call("GET", "accounts").status_code == 408
    crm.fault("900")
    assert call("GET", "accounts").json()["code"] == 900
    crm.fault("bad_record", id=str(id))
    assert call("PUT", f"accounts/{id}", {"name": "X"}).status_code == 400
    crm.edit("accounts", id, {"name": "By hand"})
    assert crm.records("accounts")[0] | {"name": "By hand", "salesRepIdUpdated": 91} == crm.records("accounts")[0]
    crm.delete("accounts", id)
    crm.action("restore", kind="accounts", id=id)
    assert call.ok("GET", f"accounts/{id}")["deleted"] is False


def test_the_company_is_there_and_survives_a_restart(tmp_path):
    with serve("forcemanager", tmp_path, "company") as crm:
        before = {kind: len(crm.records(kind)) for kind in ("accounts", "contacts", "opportunities", "activities", "calendar")}
        crm.edit("accounts", 1701, {"name": "Renamed"})
    with serve("forcemanager", tmp_path, "company") as crm:
        assert {kind: len(crm.records(kind)) for kind in before} == before
        assert next(row for row in crm.records("accounts") if row["id"] == 1701)["name"] == "Renamed"
    assert all(count >= 60 for count in before.values())
