"""The account as tests see it: seeds, people at work on the pages, faults, counts, restart, load."""

import time

import pytest
import requests
from caller import Caller

from sandbox.running import serve


def test_company_seed(desk, call):
    desk.reset("company")
    contacts = desk.records("contacts", with_deleted=True)
    assert len(contacts) == 1200
    assert len(desk.records("companies")) > 200
    assert len(desk.records("contacts")) == sum(not row.get("deleted") for row in contacts)
    seen, page = [], 1
    while rows := call.ok("GET", f"/contacts?per_page=100&page={page}"):
        seen, page = seen + rows, page + 1
    assert {row["id"] for row in seen} == {row["id"] for row in contacts if not row.get("deleted") and not row.get("blocked")}
    assert len(call.ok("GET", "/contacts?state=blocked&per_page=100")) == sum(bool(row.get("blocked")) for row in contacts)


def test_seeded_records_pass_the_rules(desk, call):
    desk.reset("company")
    for row in desk.records("contacts")[::40]:
        if not row.get("blocked"):
            body = {name: row[name] for name in ("name", "email", "tags", "language", "time_zone", "custom_fields", "company_id")}
            assert call("PUT", f"/contacts/{row['id']}", body).status_code == 200, row
    for row in desk.records("companies")[::20]:
        body = {name: row[name] for name in ("name", "domains", "industry", "health_score", "account_tier", "custom_fields")}
        assert call("PUT", f"/companies/{row['id']}", body).status_code == 200, row


def test_insert_edit_and_delete_as_a_person(desk, call):
    [key] = desk.insert("contacts", [{"name": "A", "email": "a@firma.example", "custom_fields": {"region": "North"}}])
    desk.clock(60)
    before = call.ok("GET", f"/contacts/{key}")
    desk.edit("contacts", key, {"name": "B", "custom_fields": {"loyalty_points": 1}})
    after = call.ok("GET", f"/contacts/{key}")
    assert (after["name"], after["custom_fields"]["region"], after["custom_fields"]["loyalty_points"]) == ("B", "North", 1)
    assert after["updated_at"] > before["updated_at"]
    desk.delete("contacts", key)
    assert call.ok("GET", f"/contacts/{key}")["deleted"] is True
    desk.action("restore", id=key)
    assert [row["name"] for row in call.ok("GET", "/contacts")] == ["B"]
    assert desk.calls()["records_written"] == 0


def test_given_ids_and_stamps_are_kept_and_never_given_again(desk, call):
    row = {
        "id": 72999999999,
        "name": "A",
        "phone": "1",
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
    }
    assert desk.insert("contacts", [row]) == [72999999999]
    assert call.ok("GET", "/contacts/72999999999")["updated_at"] == "2020-01-01T00:00:00Z"
    assert call.contact()["id"] == 73000000000


def test_unknown_kinds_and_records_are_refused(desk):
    for attempt in (
        lambda: desk.insert("tickets", [{}]),
        lambda: desk.edit("contacts", 1, {}),
        lambda: desk.delete("contacts", 1),
        lambda: desk.action("merge", primary=1, secondaries=[2]),
        lambda: desk.switches(nonsense=1),
    ):
        with pytest.raises(ValueError, match="refused"):
            attempt()


def test_merge_and_mail_on_the_pages(desk, call):
    first = desk.action("mail_from", email="a@firma.example", sender="A")
    second = desk.action("mail_from", email="b@firma.example")
    desk.action("merge", primary=first, secondaries=[second])
    assert call.ok("GET", f"/contacts/{first}")["other_emails"] == ["b@firma.example"]
    assert desk.calls()["records_written"] == 0


def test_calls_are_counted_by_endpoint(desk, call):
    contact = call.contact()
    call.ok("PUT", f"/contacts/{contact['id']}", {"name": "N"})
    call("PUT", f"/contacts/{contact['id']}", {"odd": 1})
    call("DELETE", f"/contacts/{contact['id']}")
    call("GET", "/agents/me")
    call("GET", "/contact_fields")
    call("GET", "/search/contacts?query=x")
    calls = desk.calls()
    assert (calls["read"], calls["write"], calls["other"], calls["records_written"]) == (2, 4, 1, 3)
    assert calls["by"] == {
        "POST /contacts": 1, "PUT /contacts/{id}": 2, "DELETE /contacts/{id}": 1, "GET /agents/me": 1,
        "GET /contact_fields": 1, "GET /search/contacts": 1,
    }  # fmt: skip


def test_fault_429_speaks_freshdesk(desk, call):
    desk.fault("429", retry_after=7, method="GET")
    answer = call("GET", "/contacts")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.headers["X-Ratelimit-Remaining"] == "0"
    assert call("GET", "/contacts").status_code == 200


def test_fault_401_speaks_freshdesk(desk, call):
    desk.fault("401")
    assert call("GET", "/contacts").json()["code"] == "invalid_credentials"


def test_bad_record_strikes_by_email_or_id(desk, call):
    desk.fault("bad_record", id="a@firma.example", code="invalid_value", field="phone", times=-1)
    assert call.contact("B", email="b@firma.example")
    assert call.errors("POST", "/contacts", {"name": "A", "email": "a@firma.example"}) == [(400, "phone", "invalid_value")]
    desk.clear_faults()
    key = call.contact("A", email="a@firma.example")["id"]
    desk.fault("bad_record", id=str(key))
    assert call.errors("PUT", f"/contacts/{key}", {"name": "N"}) == [(400, "name", "invalid_value")]
    assert call.ok("PUT", f"/contacts/{key}", {"name": "N"})["name"] == "N"


def test_lost_answer_leaves_the_contact(desk, call):
    desk.fault("lost", method="POST")
    with pytest.raises(requests.ConnectionError):
        call("POST", "/contacts", {"name": "A", "email": "a@firma.example"})
    assert len(call.ok("GET", "/contacts?email=a@firma.example")) == 1


def test_state_survives_a_restart(tmp_path):
    with serve("freshdesk", state=tmp_path, seed="company") as desk:
        call = Caller(desk.url)
        kept = call.contact("Aaa", email="aaa@firma.example", other_emails=["bbb@firma.example"])
        desk.switches(duplicate_status=400)
    with serve("freshdesk", state=tmp_path) as desk:
        call = Caller(desk.url)
        assert call.ok("GET", "/contacts?per_page=1")[0]["id"] == kept["id"]
        assert call("POST", "/contacts", {"name": "B", "email": "bbb@firma.example"}).status_code == 400
        assert call.contact("New")["id"] == kept["id"] + 1


def test_long_lists_cost_a_page_each(desk, call):
    desk.reset(contacts=30_000, accounts=3_000)
    call.ok("GET", "/contacts?page=1&per_page=100&updated_since=2020-01-01T00:00:00Z")
    start = time.process_time()
    for page in range(1, 41):
        assert len(call.ok("GET", f"/contacts?per_page=100&page={page * 7}&updated_since=2020-01-01T00:00:00Z")) == 100
    assert time.process_time() - start < 4
    found = call.ok("GET", "/contacts?email=" + call.ok("GET", "/contacts?page=1000")[0]["email"])
    assert len(found) == 1
