"""The GetResponse account of the sandbox, call by call, against the vendor's contract."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from sandbox.running import serve

KEY = {"X-Auth-Token": "api-key sandbox-getresponse-key"}
SEVEN_KEYS = {"httpStatus", "code", "codeDescription", "message", "moreInfo", "context", "uuid"}


@pytest.fixture(scope="module")
def server():
    with serve("getresponse") as client:
        yield client


@pytest.fixture
def house(server):
    server.reset()
    server.clear_faults()
    server.switches(rate_limit=False, create_delay_seconds=0)
    return server


@pytest.fixture
def call(house):
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(KEY)

        def send(method, path, body=None, **more):
            return session.request(method, f"{house.url}/v3{path}", json=body, timeout=10, **more)

        yield send


@pytest.fixture
def newsletter(call):
    return call("GET", "/campaigns", params={"query[name]": "newsletter"}).json()[0]["campaignId"]


@pytest.fixture
def add(call, newsletter):
    def send(email="ada@client.example", **fields):
        return call("POST", "/contacts", {"email": email, "campaign": {"campaignId": newsletter}, **fields})

    return send


@pytest.fixture
def person(call, add):
    def make(email="ada@client.example", **fields):
        assert add(email, **fields).status_code == 202
        return call("GET", "/contacts", params={"query[email]": email, "additionalFlags": "exactMatch"}).json()[0]

    return make


def field_id(call, name, **given):
    body = {"type": "string", "format": "text", "hidden": False, "values": [], **given, "name": name}
    return call("POST", "/custom-fields", body).json()["customFieldId"]


def removed(call, campaign, state="removed", **section):
    body = {
        "subscribersType": [state],
        "sectionLogicOperator": "or",
        "section": [
            {
                "campaignIdsList": [campaign],
                "logicOperator": "and",
                "subscriberCycle": ["receiving_autoresponder", "not_receiving_autoresponder"],
                "subscriptionDate": "all_time",
                "conditions": [],
                **section,
            }
        ],
    }
    return call("POST", "/search-contacts/contacts", body).json()


def test_a_create_is_taken_without_an_id_and_appears_later(house, call, add):
    house.switches(create_delay_seconds=30)
    answer = add()
    assert (answer.status_code, answer.content) == (202, b"")
    assert call("GET", "/contacts").json() == []
    house.clock(31)
    assert [row["email"] for row in call("GET", "/contacts").json()] == ["ada@client.example"]


def test_what_the_account_does_not_want_never_appears(house, call, add):
    house.switches(dropped=["client.example"])
    assert add().status_code == 202
    assert call("GET", "/contacts").json() == []


def test_an_address_is_on_a_list_once(house, call, add, person):
    person()
    answer = add("ADA@client.example")
    assert (answer.status_code, answer.json()["code"]) == (409, 1008)
    other = call("POST", "/campaigns", {"name": "another"}).json()["campaignId"]
    body = {"email": "ada@client.example", "campaign": {"campaignId": other}}
    assert call("POST", "/contacts", body).status_code == 202
    assert len({row["contactId"] for row in call("GET", "/contacts").json()}) == 2


@pytest.mark.parametrize("status", [202, 409])
def test_a_second_create_while_the_first_is_on_its_way(house, call, add, status):
    house.switches(create_delay_seconds=30, queued_again=status)
    assert [add().status_code, add().status_code] == [202, status]
    house.clock(31)
    assert len(call("GET", "/contacts").json()) == 1


def test_lists_omit_tags_and_custom_values(call, person):
    id = field_id(call, "home_town")
    row = person(customFieldValues=[{"customFieldId": id, "value": ["Kiel"]}])
    assert not {"tags", "customFieldValues"} & row.keys()
    [value] = call("GET", f"/contacts/{row['contactId']}").json()["customFieldValues"]
    assert (value["name"], value["value"], value["values"]) == ("home_town", ["Kiel"], ["Kiel"])


def test_an_update_replaces_the_collections_it_names_an_upsert_does_not(call, person):
    city, plan = field_id(call, "town"), field_id(call, "plan")
    tag = call("POST", "/tags", {"name": "vip"}).json()["tagId"]
    id = person(customFieldValues=[{"customFieldId": city, "value": ["Kiel"]}], tags=[{"tagId": tag}])["contactId"]
    call("POST", f"/contacts/{id}/custom-fields", {"customFieldValues": [{"customFieldId": plan, "value": ["gold"]}]})
    assert len(call("GET", f"/contacts/{id}").json()["customFieldValues"]) == 2
    shown = call("POST", f"/contacts/{id}", {"customFieldValues": [{"customFieldId": plan, "value": ["tin"]}]}).json()
    assert [each["name"] for each in shown["customFieldValues"]] == ["plan"]
    assert [each["name"] for each in shown["tags"]] == ["vip"]
    assert call("POST", f"/contacts/{id}", {"tags": []}).json()["tags"] == []
    assert call("POST", f"/contacts/{id}", {"name": "Ada"}).json()["name"] == "Ada"


def test_a_removed_contact_is_seen_by_a_search_only(house, call, newsletter, person):
    id = person()["contactId"]
    assert call("DELETE", f"/contacts/{id}").status_code == 204
    assert call("DELETE", f"/contacts/{id}").json()["code"] == 1013
    assert call("GET", f"/contacts/{id}").status_code == 404
    assert call("GET", "/contacts").json() == []
    [row] = removed(call, newsletter)
    assert (row["contactId"], row["reason"]) == (id, "api")
    assert row["deletedOn"].endswith("+0000")


def test_bounced_ones_are_undelivered(house, call, newsletter, person):
    id = person()["contactId"]
    house.action("unsubscribe", id=id, reason="bounce")
    assert [row["contactId"] for row in removed(call, newsletter, "undelivered")] == [id]
    assert removed(call, newsletter) == []


def test_a_search_by_custom_field(call, newsletter, person):
    id = field_id(call, "plan")
    person(customFieldValues=[{"customFieldId": id, "value": ["gold"]}])
    person("bob@client.example")
    condition = {"conditionType": "custom", "scope": id, "operatorType": "string_operator", "operator": "is", "value": "gold"}
    [row] = removed(call, newsletter, "subscribed", conditions=[condition])
    assert row["email"] == "ada@client.example"


@pytest.mark.parametrize("result", ["accepts", "drops", "refuses"])
def test_a_removed_contact_that_is_created_again(house, call, add, person, result):
    house.switches(readd_removed=result)
    call("DELETE", f"/contacts/{person()['contactId']}")
    assert add().status_code == (400 if result == "refuses" else 202)
    assert len(call("GET", "/contacts").json()) == (result == "accepts")


def test_double_opt_in_waits_unseen(house, call):
    campaign = house.action("add_campaign", campaign="double", optinTypes={"api": "double"})
    call("POST", "/contacts", {"email": "ada@client.example", "campaign": {"campaignId": campaign}})
    assert call("GET", "/contacts").json() == []
    [row] = removed(call, campaign, "unconfirmed")
    house.action("confirm", id=row["contactId"])
    assert len(call("GET", "/contacts").json()) == 1


def test_matching_is_by_part_unless_it_is_told_otherwise(call, person):
    person(), person("xada@client.example")
    assert len(call("GET", "/contacts", params={"query[email]": "ada@client"}).json()) == 2
    exact = {"query[email]": "ADA@client.example", "additionalFlags": "exactMatch"}
    assert len(call("GET", "/contacts", params=exact).json()) == 1


def test_pages_are_bare_arrays_with_counts(house, call):
    house.insert("contacts", [{"email": f"p{n}@client.example"} for n in range(7)])
    answer = call("GET", "/contacts", params={"perPage": 3, "page": 3, "sort[email]": "ASC"})
    assert [row["email"] for row in answer.json()] == ["p6@client.example"]
    assert [answer.headers[name] for name in ("TotalCount", "TotalPages", "CurrentPage")] == ["7", "3", "3"]
    assert call("GET", "/contacts", params={"page": 9}).json() == []
    assert len(call("GET", "/contacts", params={"perPage": "0"}).json()) == 7


def test_ranges_are_inclusive(house, call):
    house.insert("contacts", [{"email": f"p{n}@client.example", "changedOn": f"2026-03-0{n}T10:00:00+0000"} for n in (1, 2, 3)])
    since = {"query[changedOn][from]": "2026-03-02T10:00:00+0000", "query[changedOn][to]": "2026-03-02T10:00:00+0000"}
    assert [row["email"] for row in call("GET", "/contacts", params=since).json()] == ["p2@client.example"]
    assert len(call("GET", "/contacts", params={"query[changedOn][from]": "2026-03-02"}).json()) == 2
    house.switches(range_time=False)
    late = {"query[changedOn][from]": "2026-03-02T23:00:00+0000"}
    assert len(call("GET", "/contacts", params=late).json()) == 2


def test_an_unknown_filter_is_refused_in_full_words(call):
    answer = call("GET", "/contacts", params={"query[phone]": "1"})
    body = answer.json()
    assert (answer.status_code, body["code"], set(body)) == (400, 1000, SEVEN_KEYS)
    assert body["context"][0]["errorDescription"] == "Not allowed search field"


@pytest.mark.parametrize("moves", ["all", "core"])
def test_what_moves_the_stamp(house, call, person, moves):
    house.switches(changed_on=moves)
    row, id = person(), field_id(call, "home_town")
    house.clock(60)
    call("POST", f"/contacts/{row['contactId']}/custom-fields", {"customFieldValues": [{"customFieldId": id, "value": ["x"]}]})
    assert (call("GET", f"/contacts/{row['contactId']}").json()["changedOn"] != row["changedOn"]) is (moves == "all")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("country", "Germany", "DE"),
        ("phone", "+4915155501", "0151 55501"),
        ("number", "12.5", "twelve"),
        ("date", "2026-03-05", "05.03.2026"),
        ("datetime", "2026-03-05 10:00:00", "2026-03-05T10:00:00Z"),
        ("gender", "Female", "f"),
        ("url", "https://nordwerk.example/a", "nordwerk"),
        ("currency", "EUR", "Euro"),
        ("ip", "203.0.113.9", "home"),
    ],
)
def test_typed_fields_take_what_fits(call, person, kind, good, bad):
    row, id = person(), field_id(call, f"my_{kind}", type=kind)
    path = f"/contacts/{row['contactId']}/custom-fields"
    assert call("POST", path, {"customFieldValues": [{"customFieldId": id, "value": [good]}]}).status_code == 200
    assert call("POST", path, {"customFieldValues": [{"customFieldId": id, "value": [bad]}]}).json()["code"] == 1000


def test_fields_of_choices(call):
    body = {"name": "size", "type": "string", "format": "single_select", "hidden": False, "values": ["S"]}
    assert call("POST", "/custom-fields", body).json()["code"] == 1004
    made = call("POST", "/custom-fields", {**body, "values": ["S", "M"]}).json()
    assert (made["hidden"], made["fieldType"], made["valueType"]) == ("false", "single_select", "string")
    assert call("POST", "/custom-fields", {**body, "values": ["S", "M"]}).status_code == 409
    assert call("POST", f"/custom-fields/{made['customFieldId']}", {"name": "x"}).status_code == 400
    assert call("POST", "/custom-fields", {**body, "name": "email"}).json()["code"] == 1003


def test_references_that_are_not_there(call, add):
    assert add(customFieldValues=[{"customFieldId": "nope", "value": ["x"]}]).json()["code"] == 1001
    assert add(tags=[{"tagId": "nope"}]).json()["code"] == 1001
    assert call("POST", "/contacts", {"email": "a@b.example", "campaign": {"campaignId": "nope"}}).json()["code"] == 1001
    assert add("nobody").json()["code"] == 1003


def test_blocklist_and_limit(house, add):
    house.switches(blocklist=["client.example"])
    assert add().json()["code"] == 1002
    house.switches(blocklist=[], contact_limit=1)
    assert [add().status_code, add("b@client.example").json()["code"]] == [202, 1027]


@pytest.mark.parametrize("header", [{}, {"X-Auth-Token": "sandbox-getresponse-key"}, {"X-Auth-Token": "api-key wrong"}])
def test_a_key_without_its_prefix_is_none(house, header):
    answer = requests.get(f"{house.url}/v3/accounts", headers=header, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, 1014)


@pytest.mark.parametrize(("block", "code"), [("temporary", 1016), ("permanent", 1017), ("ip", 1018)])
def test_blocks(house, call, block, code):
    house.switches(blocked=block)
    answer = call("GET", "/accounts")
    assert (answer.status_code, answer.json()["code"]) == (403, code)


@pytest.mark.parametrize(("switch", "limit", "reset"), [("calls_per_second", "3", 1), ("calls_per_frame", "3", 600)])
@pytest.mark.parametrize("tells", [True, False])
def test_both_windows(house, call, switch, limit, reset, tells):
    house.switches(rate_limit=True, retry_after=tells, **{switch: 3})
    answers = [call("GET", "/accounts") for _ in range(8)]
    assert answers[0].headers["X-RateLimit-Remaining"].isdecimal()
    over = next(answer for answer in answers if answer.status_code == 429)
    assert over.headers["X-RateLimit-Limit"] == limit
    wait = int(over.headers["X-RateLimit-Reset"].removesuffix(" seconds"))
    assert 0 < wait <= reset
    assert ("Retry-After" in over.headers) is tells
    assert over.json()["context"]["timeToReset"] == f"{wait} seconds"


def test_times_come_in_the_zone_asked_for(house, call):
    house.insert("contacts", [{"email": "a@client.example", "changedOn": "2026-03-05T09:41:07+0000"}])
    [row] = call("GET", "/contacts", headers={"X-Time-Zone": "Europe/Warsaw"}).json()
    assert row["changedOn"] == "2026-03-05T10:41:07+0100"


def test_pages_of_campaigns_may_be_capped_in_silence(house, call):
    for number in range(5):
        house.action("add_campaign", campaign=f"list {number}")
    house.switches(campaign_page_cap=4)
    answer = call("GET", "/campaigns", params={"perPage": 100})
    assert (len(answer.json()), answer.headers["TotalCount"], answer.headers["TotalPages"]) == (4, "7", "1")
    assert {row["isDefault"] for row in answer.json()} == {"true", "false"}


def test_a_move_takes_the_contact_along(house, call, person):
    row = person()
    house.action("move", id=row["contactId"], campaign="elsewhere")
    assert call("GET", f"/contacts/{row['contactId']}").json()["campaign"]["name"] == "elsewhere"


def test_imports_are_worked_off_and_counted_late(house, call, newsletter, person):
    person()
    body = {
        "campaignId": newsletter,
        "fieldMapping": ["email", "name", "city", "tag:vip"],
        "contacts": [["ada@client.example", "Ada", "Kiel", "1"], ["bob@client.example", "", "", "0"], ["none", "", "", "0"]],
    }
    started = call("POST", "/imports", body)
    assert (started.status_code, started.json()["status"]) == (201, "uploaded")
    assert call("POST", "/imports", body).status_code == 409
    house.clock(2)
    first = call("GET", f"/imports/{started.json()['importId']}").json()
    assert first["status"] == "finished"
    house.clock(10)
    counts = call("GET", f"/imports/{started.json()['importId']}").json()["statistics"]
    assert counts == {"uploaded": 3, "invalid": 1, "updated": 1, "addedToList": 1}
    assert {row["email"] for row in call("GET", "/contacts").json()} == {"ada@client.example", "bob@client.example"}


def test_the_company_has_people_on_two_lists_and_some_that_left(house, call):
    house.reset("company")
    rows = house.records("contacts", with_deleted=True)
    assert {row["list"] for row in rows} == {"newsletter", "trade_fair_leads"}
    assert 300 < sum(row["state"] == "subscribed" for row in rows) < len(rows)
    newest = max(datetime.fromisoformat(row["changedOn"]) for row in rows)
    assert newest <= datetime.now(UTC) + timedelta(seconds=1)


def test_everything_survives_a_restart(tmp_path):
    with serve("getresponse", state=tmp_path, seed="company") as first:
        before = first.records("contacts", with_deleted=True)
    with serve("getresponse", state=tmp_path) as second:
        assert second.records("contacts", with_deleted=True) == before


def test_calls_are_counted_by_what_they_are(house, call, newsletter, person):
    house.reset_calls()
    call("GET", "/accounts")
    removed(call, newsletter)
    call("DELETE", f"/contacts/{person()['contactId']}")
    counts = house.calls()
    assert (counts["auth"], counts["read"], counts["write"], counts["records_written"]) == (1, 2, 2, 2)
