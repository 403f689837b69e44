"""The Lemontaps team as its assumed contract describes it, over HTTP."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient
from sandbox.running import serve


class Caller:
    """Calls the API with the token of the team, or of SCIM."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def __call__(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> requests.Response:
        token = token or ("sandbox-lemontaps-scim-token" if path.startswith("/scim") else "sandbox-lemontaps-token")
        headers = {"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.session.request(method, self.url + path, json=body, headers=headers, timeout=10)


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxClient]:
    with serve("lemontaps") as client:
        yield client


@pytest.fixture
def team(running: SandboxClient) -> SandboxClient:
    running.reset()
    running.switches(rate_limit=False)
    return running


@pytest.fixture
def call(team: SandboxClient) -> Iterator[Caller]:
    caller = Caller(team.url)
    with caller.session:
        yield caller


def walk(call, query=""):
    """Return all contacts of a list, page by page."""
    rows, cursor = [], ""
    while True:
        page = call("GET", f"/contacts?limit=7{query}{cursor}").json()
        rows += page["data"]
        if page["next_cursor"] is None:
            return rows
        cursor = f"&cursor={page['next_cursor']}"


def test_a_list_is_ascending_and_whole(team, call):
    stamps = [f"2026-01-{day:02d}T00:00:00Z" for day in (5, 3, 9, 1, 3)] * 4
    ids = team.insert("contacts", [{"last_name": "A", "updated_at": stamp} for stamp in stamps])
    rows = walk(call)
    assert sorted(row["id"] for row in rows) == sorted(ids)
    assert [row["updated_at"] for row in rows] == sorted(stamps)
    assert len(walk(call, "&updated_since=2026-01-05T00:00:00Z")) == 8


def test_deletions_are_tombstones_for_those_who_ask(team, call):
    [key] = team.insert("contacts", [{"last_name": "A"}])
    team.delete("contacts", key)
    assert walk(call) == []
    [row] = walk(call, "&include_deleted=true")
    assert set(row) == {"id", "deleted", "updated_at"}
    assert team.records("contacts") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "updated_since=yesterday", "cursor=x", "since=2026-01-01"])
def test_a_bad_question_is_refused(call, query):
    answer = call("GET", f"/contacts?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"]


def test_a_cursor_ages(team, call):
    team.insert("contacts", [{"last_name": "A"}] * 3)
    cursor = call("GET", "/contacts?limit=2").json()["next_cursor"]
    assert len(call("GET", f"/contacts?cursor={cursor}").json()["data"]) == 1
    team.clock(25 * 3600)
    assert call("GET", f"/contacts?cursor={cursor}").status_code == 410


@pytest.mark.parametrize("path", ["/contacts", "/scim/v2/Users"])
def test_a_wrong_token_is_refused(call, path):
    assert call("GET", path, token="wrong").status_code == 401


def test_a_change_needs_the_version_that_was_read(team, call):
    [key] = team.insert("contacts", [{"last_name": "A"}])
    assert call("PATCH", f"/contacts/{key}", {"last_name": "B"}).status_code == 428
    assert call("PATCH", f"/contacts/{key}", {"last_name": "B"}, If_Match='"1"').json()["version"] == 2
    assert call("PATCH", f"/contacts/{key}", {"last_name": "C"}, If_Match='"1"').status_code == 412
    refused = call("PATCH", f"/contacts/{key}", {"email": "no address", "colour": "red"}, If_Match='"2"')
    assert refused.json()["error"]["fields"] == {"email": ["invalid"], "colour": ["unknown"]}
    assert team.records("contacts")[0]["last_name"] == "B"


def test_an_export_status_is_kept_and_is_no_change_of_the_contact(team, call):
    [key] = team.insert("contacts", [{"last_name": "A", "updated_at": "2026-01-01T00:00:00Z"}])
    status = {"status": "failed", "external_id": None, "exported_at": "2026-02-01T00:00:00Z", "error": "DUPLICATES_DETECTED"}
    for _ in range(2):
        assert call("PUT", f"/contacts/{key}/exports/salesforce", status).status_code == 200
    row = call("GET", f"/contacts/{key}").json()
    assert (row["exports"], row["updated_at"]) == ({"salesforce": status}, "2026-01-01T00:00:00Z")
    assert call("PUT", f"/contacts/{key}/exports/salesforce", {"status": "odd"}).status_code == 422


@pytest.mark.parametrize(
    ("switch", "method", "path", "status"),
    [
        ("can_list", "GET", "/contacts", 403),
        ("can_write_contacts", "PATCH", "/contacts/x", 403),
        ("can_report_status", "PUT", "/contacts/x/exports/salesforce", 403),
        ("can_scim", "GET", "/scim/v2/Users", 404),
    ],
)
def test_each_capability_can_be_missing(team, call, switch, method, path, status):
    team.switches(**{switch: False})
    assert call(method, path, {} if method != "GET" else None).status_code == status


def test_users_by_scim(team, call):
    ids = team.insert("users", [{"email": f"u{number}@nordwerk.example", "first_name": "U"} for number in range(5)])
    page = call("GET", "/scim/v2/Users?startIndex=4&count=3").json()
    assert (page["totalResults"], [user["id"] for user in page["Resources"]]) == (5, ids[3:])
    found = call("GET", '/scim/v2/Users?filter=userName eq "U3@nordwerk.example"').json()["Resources"]
    assert [user["id"] for user in found] == [ids[3]]
    taken = call("POST", "/scim/v2/Users", {"userName": "u1@nordwerk.example"})
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    made = call("POST", "/scim/v2/Users", {"userName": "new@nordwerk.example", "name": {"givenName": "Ada"}})
    assert (made.status_code, made.json()["name"]["givenName"]) == (201, "Ada")


def test_the_allowance_is_per_minute(team, call):
    team.switches(rate_limit=True, requests_per_minute=2)
    statuses = [call("GET", "/contacts").status_code for _ in range(6)]
    assert 429 in statuses
    refused = next(answer for answer in (call("GET", "/contacts") for _ in range(4)) if answer.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_faults_speak_the_contract(team, call):
    team.fault("429", retry_after=7)
    team.fault("401")
    first, second = call("GET", "/contacts"), call("GET", "/contacts")
    assert (first.status_code, first.headers["Retry-After"], first.json()["error"]["code"]) == (429, "7", "rate_limited")
    assert (second.status_code, second.json()["error"]["code"]) == (401, "unauthorized")


def test_company_seed(team, call):
    team.reset("company")
    team.switches(rate_limit=False)
    rows = walk(call)
    assert len(rows) == len({row["id"] for row in rows}) == 220
    assert sum(row["company"] is None for row in rows) >= 5
    assert sum(row["last_name"] is None for row in rows) >= 5
    assert sum(row["email"] is None for row in rows) >= 5
    users = {user["id"]: user["userName"] for user in call("GET", "/scim/v2/Users").json()["Resources"]}
    assert all(users[row["met_by"]["id"]] == row["met_by"]["email"] for row in rows)
    assert sorted(team.records("contacts"), key=lambda row: row["id"]) == sorted(rows, key=lambda row: row["id"])


@pytest.mark.parametrize(("language", "heading"), [("en", "Met by"), ("de", "Getroffen von")])
def test_csv_export_reads_back(team, language, heading):
    team.insert("contacts", [{"last_name": 'L"i;nd', "notes": "a\nb", "met_by": {"email": "ada@nordwerk.example"}}])
    text = team.action("export_file", language=language, delimiter=";", id=False)
    [row] = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    assert row[heading] == "ada@nordwerk.example"
    assert 'L"i;nd' in row.values()
    assert "Contact ID" not in row


def test_vcards_are_folded_between_characters(team):
    team.insert("contacts", [{"last_name": "Öztürk", "notes": "ü" * 200 + "; a, b\nc"}])
    text = team.action("export_file", format="vcf")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "ü" * 200 + "\\; a\\, b\\nc" in text.replace("\r\n ", "")
