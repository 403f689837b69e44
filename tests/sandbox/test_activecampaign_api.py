"""The ActiveCampaign sandbox against the shapes that were recorded from the real one."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient
from sandbox.running import serve

TOKEN = "sandbox-activecampaign-token"


class Caller:
    """Calls the API as any client does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Api-Token"] = TOKEN

    def __call__(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}/api/3/{path}", json=body, params=params, timeout=30)

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of a successful answer."""
        answer = self("GET", path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, path: str, name: str, /, **given: Any) -> Any:
        """Create a record and return it."""
        answer = self("POST", path, {name: given})
        assert answer.status_code == 201, answer.text
        return answer.json()[name]


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxClient]:
    with serve("activecampaign") as client:
        yield client


@pytest.fixture
def panel(running: SandboxClient) -> SandboxClient:
    running.reset()
    running.clear_faults()
    running.switches(rate_limit=False)
    return running


@pytest.fixture
def call(panel: SandboxClient) -> Iterator[Caller]:
    caller = Caller(panel.url)
    with caller.session:
        yield caller


@pytest.fixture
def ada(call: Caller) -> str:
    return str(call.make("contacts", "contact", email="ada@client.example", firstName="Ada")["id"])


def test_a_create_answers_shortly_an_update_in_full_with_text_for_numbers(call: Caller, ada: str) -> None:
    short = call.make("contacts", "contact", email="bob@client.example")
    assert (short["orgid"], short["email_empty"]) == ("", False)
    assert "deleted" not in short
    full = call("PUT", f"contacts/{ada}", {"contact": {"lastName": "Byron"}}).json()["contact"]
    assert (full["firstName"], full["lastName"], full["orgid"], full["deleted"], full["id"]) == ("Ada", "Byron", "0", "0", ada)
    assert call.get("contacts")["meta"]["total"] == "2"


def test_stamps_bear_the_offset_of_us_central_and_the_utc_keys_none(panel: SandboxClient, call: Caller) -> None:
    panel.insert(
        "contacts",
        [
            {"email": f"{month}@x.example", "cdate": f"2026-{month}-01T12:00:00Z", "udate": f"2026-{month}-01T12:00:00Z"}
            for month in ("01", "07")
        ],
    )
    winter, summer = call.get("contacts")["contacts"]
    assert (winter["cdate"], summer["udate"]) == ("2026-01-01T06:00:00-06:00", "2026-07-01T07:00:00-05:00")
    assert summer["updated_utc_timestamp"] == "2026-07-01 07:00:00"


def test_a_taken_address_is_refused_and_a_sync_finds_it(call: Caller, ada: str) -> None:
    refused = call("POST", "contacts", {"contact": {"email": "ADA@client.example"}})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "duplicate")
    assert refused.json()["errors"][0]["source"] == {"pointer": "/data/attributes/email"}
    found = call("POST", "contact/sync", {"contact": {"email": "ada@client.example", "lastName": "Byron"}})
    assert (found.status_code, found.json()["contact"]["id"]) == (200, ada)
    made = call("POST", "contact/sync", {"contact": {"email": "new@client.example"}})
    assert made.status_code == 201


@pytest.mark.parametrize("email", [None, "", "nonsense", "a@b"])
def test_an_address_must_be_there_and_be_one(call: Caller, email: str | None) -> None:
    assert call("POST", "contacts", {"contact": {"email": email}}).status_code == 422


def test_the_deleted_leave_nothing_behind_and_come_back_under_a_new_id(call: Caller, ada: str) -> None:
    assert call("DELETE", f"contacts/{ada}").json() == {}
    again = call("DELETE", f"contacts/{ada}")
    assert (again.status_code, again.json()) == (404, {"message": f"No Result found for Subscriber with id {ada}"})
    assert call.get("contacts")["contacts"] == []
    assert call.make("contacts", "contact", email="ada@client.example")["id"] != ada


def test_pages_go_on_by_id_and_hold_a_hundred_at_most(panel: SandboxClient, call: Caller) -> None:
    ids = [str(id) for id in panel.insert("contacts", [{"email": f"p{n}@x.example"} for n in range(130)])]
    first = call.get("contacts", **{"limit": 500, "orders[id]": "ASC", "id_greater": 0})["contacts"]
    rest = call.get("contacts", **{"limit": 100, "orders[id]": "ASC", "id_greater": first[-1]["id"]})["contacts"]
    assert [row["id"] for row in first + rest] == ids
    assert len(call.get("contacts")["contacts"]) == 20
    panel.switches(clamp_limit=False)
    assert call("GET", "contacts", limit=500).status_code == 422


def test_unknown_filters_are_ignored(call: Caller, ada: str) -> None:
    assert [row["id"] for row in call.get("contacts", **{"filters[nonsense]": "x"})["contacts"]] == [ada]


def test_the_filter_by_time_knows_days_only(panel: SandboxClient, call: Caller, ada: str) -> None:
    today = datetime.now(UTC)
    assert call.get("contacts", **{"filters[updated_after]": (today - timedelta(days=2)).date().isoformat()})["contacts"]
    assert call.get("contacts", **{"filters[updated_after]": today.isoformat()})["contacts"] == []
    panel.switches(updated_after="time")
    assert call.get("contacts", **{"filters[updated_after]": (today - timedelta(hours=1)).isoformat()})["contacts"]


@pytest.mark.parametrize(
    ("what", "moves"), [("tag", True), ("untag", False), ("value", True), ("list", False), ("contact", True)]
)
def test_what_moves_udate(panel: SandboxClient, call: Caller, ada: str, what: str, moves: bool) -> None:
    tag = call.make("tags", "tag", tag="vip", tagType="contact")["id"]
    tagging = call.make("contactTags", "contactTag", contact=ada, tag=tag)["id"]
    panel.edit("contacts", ada, {"udate": "2026-01-01T00:00:00Z"})
    changes = {
        "tag": ("POST", "contactTags", {"contactTag": {"contact": ada, "tag": call.make("tags", "tag", tag="x")["id"]}}),
        "untag": ("DELETE", f"contactTags/{tagging}", None),
        "value": ("POST", "fieldValues", {"fieldValue": {"contact": ada, "field": "4", "value": "Kiel"}}),
        "list": ("POST", "contactLists", {"contactList": {"contact": ada, "list": "1", "status": 1}}),
        "contact": ("PUT", f"contacts/{ada}", {"contact": {"phone": "1"}}),
    }
    assert call(*changes[what]).ok
    assert (not call.get(f"contacts/{ada}")["contact"]["udate"].startswith("2025-12-31")) is moves


def test_tags_hang_on_a_contact_by_an_id_of_their_own(call: Caller, ada: str) -> None:
    tag = call.make("tags", "tag", tag="vip", tagType="contact")
    tagging = call.make("contactTags", "contactTag", contact=ada, tag=tag["id"])
    again = call.make("contactTags", "contactTag", contact=ada, tag=tag["id"])
    assert again["id"] == tagging["id"]
    assert [row["tag"] for row in call.get(f"contacts/{ada}/contactTags")["contactTags"]] == [tag["id"]]
    assert call("DELETE", f"contactTags/{tagging['id']}").json() == {}
    assert call("DELETE", f"contactTags/{tagging['id']}").status_code == 404
    assert call("POST", "contactTags", {"contactTag": {"contact": ada}}).json()["errors"][0]["detail"] == "No tag id provided"
    assert call("POST", "tags", {"tag": {"tag": "VIP"}}).status_code == 422


def test_related_rows_stand_beside_the_contacts(panel: SandboxClient, call: Caller) -> None:
    panel.insert(
        "contacts", [{"email": "a@x.example", "tags": ["vip"], "fields": {"CITY": "Kiel"}, "lists": {"newsletter": "active"}}]
    )
    body = call.get("contacts", include="contactTags.tag,fieldValues,contactLists.list")
    assert body["contacts"][0]["contactTags"] == [row["id"] for row in body["contactTags"]]
    assert ([row["tag"] for row in body["tags"]], body["fieldValues"][0]["value"]) == (["vip"], "Kiel")
    assert (body["contactLists"][0]["status"], body["lists"][0]["stringid"]) == ("1", "newsletter")
    panel.switches(list_sideloading=False)
    assert "contactTags" not in call.get("contacts", include="contactTags")


def test_values_of_custom_fields_are_found_by_field_and_value(call: Caller, ada: str) -> None:
    field = call.make("fields", "field", title="Sales ref no.", type="text")
    assert field["perstag"] == "SALESREFNO"
    call.make("fieldValues", "fieldValue", contact=ada, field=field["id"], value="003x")
    found = call.get("fieldValues", **{"filters[fieldid]": field["id"], "filters[val]": "003x"})["fieldValues"]
    assert [row["contact"] for row in found] == [ada]
    assert call.get("fieldValues", **{"filters[fieldid]": field["id"], "filters[val]": "none"})["fieldValues"] == []
    unknown = {"contact": {"email": "b@x.example", "fieldValues": [{"field": "77", "value": "x"}]}}
    assert call("POST", "contacts", unknown).status_code == 422
    assert len(call.get("contacts")["contacts"]) == 1, "a refused contact is not half made"


def test_a_list_status_is_set_and_changed_by_the_same_call(panel: SandboxClient, call: Caller, ada: str) -> None:
    for status in (1, 2):
        row = call.make("contactLists", "contactList", contact=ada, list="1", status=status)
        assert row["status"] == status, "a write echoes the type it was sent in"
    assert [r["status"] for r in call.get(f"contacts/{ada}/contactLists")["contactLists"]] == ["2"]
    assert [r["id"] for r in call.get("contacts", status=2)["contacts"]] == [ada]
    assert call.get("contacts", status=1)["contacts"] == []
    panel.switches(created_status=200)
    assert call("POST", "contactLists", {"contactList": {"contact": ada, "list": "1", "status": 2}}).status_code == 200


def test_a_list_is_updated_without_a_word(call: Caller) -> None:
    answer = call("PUT", "lists/1", {"list": {"name": "News"}})
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_contact_is_in_one_account(call: Caller, ada: str) -> None:
    account = call.make("accounts", "account", name="Nordwerk")["id"]
    joined = call.make("accountContacts", "accountContact", contact=ada, account=account)["id"]
    refused = call("POST", "accountContacts", {"accountContact": {"contact": ada, "account": account}})
    assert refused.json()["errors"][0]["source"]["pointer"] == "/data/attributes/account,contact"
    assert call("POST", "accounts", {"account": {"name": "nordwerk"}}).status_code == 422
    call("DELETE", f"accounts/{account}")
    assert call("DELETE", f"accountContacts/{joined}").status_code == 404


def test_deals_have_cents_a_stage_and_a_whole_number_of_all(call: Caller, ada: str) -> None:
    given = {"title": "Renewal", "contact": ada, "value": 156.24, "currency": "eur", "stage": "3", "status": 0}
    deal = call.make("deals", "deal", **given, fields=[{"customFieldId": 1, "fieldValue": "2026-12-24"}])
    found = call.get(f"deals/{deal['id']}")["deal"]
    assert (found["value"], found["group"], found["status"]) == ("156", "1", "0")
    assert call.get("deals")["meta"]["total"] == 1
    assert call.get(f"deals/{deal['id']}/dealCustomFieldData")["dealCustomFieldData"][0]["fieldValue"] == "2026-12-24"
    assert call("POST", "deals", {"deal": {"title": "x", "stage": "1"}}).status_code == 422, "whose deal is it?"
    assert call("POST", "deals", {"deal": {**given, "stage": "99"}}).status_code == 422


def test_a_pipeline_comes_with_three_stages(call: Caller) -> None:
    group = call.make("dealGroups", "dealGroup", title="Partners", currency="eur")["id"]
    stages = call.get("dealStages", **{"filters[d_groupid]": group})["dealStages"]
    assert [stage["title"] for stage in stages] == ["To Contact", "In Contact", "Follow Up"]


def test_a_small_plan_has_no_deals(panel: SandboxClient, call: Caller) -> None:
    panel.switches(crm_in_plan=False)
    assert call("GET", "deals").status_code == 403
    assert call("GET", "contacts").status_code == 200


def test_five_calls_a_second_then_a_wait(panel: SandboxClient, call: Caller) -> None:
    panel.switches(rate_limit=True)
    answers = [call("GET", "users/me") for _ in range(20)]
    busy = next(answer for answer in answers if answer.status_code == 429)
    assert (busy.headers["Retry-After"], busy.headers["RateLimit-Limit"], busy.headers["RateLimit-Remaining"]) == ("1", "5", "0")
    panel.clock(60)
    assert call("GET", "users/me").status_code == 200


def test_a_wrong_token_is_forbidden(call: Caller) -> None:
    call.session.headers["Api-Token"] = "wrong"
    assert call("GET", "users/me").status_code == 403


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"email": f"p{number}@x.example", "first_name": "P", "tags": ["bulk"]} for number in range(first, first + count)]


def test_a_bulk_import_is_done_later_and_tells_by_its_batch(panel: SandboxClient, call: Caller) -> None:
    panel.switches(import_seconds=30)
    made = call("POST", "import/bulk_import", {"contacts": rows(250)}).json()
    assert (made["success"], made["queued_contacts"]) == (1, 250)
    assert call.get("contacts")["contacts"] == []
    assert call.get("import/info", batchId=made["batchId"])["status"] == "waiting"
    panel.clock(31)
    assert call.get("contacts")["meta"]["total"] == "250"
    assert len(call.get("import/info", batchId=made["batchId"])["success"]) == 250
    assert call.get("contacts", tagid="1")["meta"]["total"] == "250"


def test_a_bulk_import_is_refused_as_a_whole_with_the_rows_that_are_wrong(call: Caller) -> None:
    answer = call("POST", "import/bulk_import", {"contacts": [*rows(2), {"email": "nonsense"}]})
    assert (answer.status_code, answer.json()["failureReasons"][0]["contact"]) == (400, 2)
    assert call("POST", "import/bulk_import", {"contacts": rows(251)}).status_code == 400
    assert call.get("contacts")["contacts"] == []


def test_too_many_imports_answer_400_not_429(call: Caller) -> None:
    answers = [call("POST", "import/bulk_import", {"contacts": rows(1, number)}) for number in range(45)]
    refused = [answer.json()["message"] for answer in answers if answer.status_code == 400]
    assert refused
    assert set(refused) == {"Rate limit exceeded."}


def test_an_import_does_not_subscribe_anew_who_left(panel: SandboxClient, call: Caller) -> None:
    panel.insert("contacts", [{"email": "p0@x.example", "lists": {"newsletter": "unsubscribed"}}])
    call("POST", "import/bulk_import", {"contacts": [{**rows(1)[0], "subscribe": [{"listid": 1}]}]})
    assert panel.records("contacts")[0]["lists"] == {"newsletter": "unsubscribed"}


@pytest.mark.parametrize("kind", ["429", "401", "500", "html"])
def test_faults_strike_in_the_systems_own_words(panel: SandboxClient, call: Caller, kind: str) -> None:
    panel.fault(kind)
    assert call("GET", "contacts").status_code == {"429": 429, "401": 403, "500": 500, "html": 503}[kind]
    assert call("GET", "contacts").status_code == 200


def test_a_single_record_can_be_refused(panel: SandboxClient, call: Caller) -> None:
    panel.fault("bad_record", id="ada@client.example", code="field_invalid", message="no")
    answer = call("POST", "contact/sync", {"contact": {"email": "ada@client.example"}})
    assert answer.json()["errors"][0]["title"] == "no"
    assert call("POST", "contact/sync", {"contact": {"email": "ada@client.example"}}).status_code == 201


def test_people_do_in_their_pages_what_the_api_does_not_count(panel: SandboxClient, call: Caller, ada: str) -> None:
    panel.reset_calls()
    panel.action("tag", contact=ada, tag="vip")
    panel.action("set_status", contact=ada, list="newsletter", status="unsubscribed")
    panel.edit("contacts", ada, {"fields": {"CITY": "Kiel"}, "account": "Nordwerk"})
    [row] = panel.records("contacts")
    assert (row["tags"], row["lists"], row["account"], row["fields"]["CITY"]) == (
        ["vip"],
        {"newsletter": "unsubscribed"},
        "Nordwerk",
        "Kiel",
    )
    panel.action("untag", contact=ada, tag="vip")
    panel.action("drop_field", perstag="CITY")
    assert panel.records("contacts")[0]["tags"] == []
    assert "CITY" not in panel.records("contacts")[0]["fields"]
    assert (panel.calls()["write"], panel.calls()["records_written"]) == (0, 0)


def test_the_company_is_the_same_every_time_and_overlaps_with_salesforce(panel: SandboxClient) -> None:
    panel.reset("company")
    first = panel.records("contacts")
    panel.reset("company")
    assert [row["email"] for row in panel.records("contacts")] == [row["email"] for row in first]
    assert 300 < len(first) < 700
    assert all(re.match(r"[^@\s]+@[^@\s]+\.[a-z]+$", row["email"].lower()) for row in first)
    with serve("salesforce", seed="company") as org:
        known = {str(row.get("Email")).lower() for row in org.records("Contact")}
    shared = [row for row in first if row["email"].lower() in known]
    assert 200 < len(shared) < len(first)
    panel.reset("empty", contacts=50)
    assert len(panel.records("contacts")) == 50


def test_a_killed_server_goes_on_where_it_was(tmp_path: Any) -> None:
    with serve("activecampaign", tmp_path, seed="company") as client:
        client.action("tag", contact=7, tag="kept")
        before = client.records("contacts")
    with serve("activecampaign", tmp_path) as client:
        assert client.records("contacts") == before
