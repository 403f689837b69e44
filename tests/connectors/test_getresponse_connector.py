"""GetResponse keeps the contract; then what is GetResponse's own."""

from datetime import UTC, datetime, timedelta

import pytest
from benches import SandboxBench, reset
from connector_contract import EPOCH, HttpContract, records_of, until_stopped

from connectors.connection import Settings
from connectors.contract import NOT_SENT, Write
from connectors.errors import AuthError, PermanentError, RateLimitError
from connectors.getresponse import build
from sandbox.running import serve

KEY = "sandbox-getresponse-key"
LIST = "contact@newsletter"


class GetResponseBench(SandboxBench):
    """The contacts of GetResponse's default list; a create is seen at once."""

    kind, id_field = "contacts", "contactId"
    email, name, phone, bad_email = "email", "name", "note", "not-an-address"
    new_field = "custom_fields.lockstep_id"
    idle_calls = 4
    rows_per_call = 1
    lost_path = "/contacts"
    secrets = (KEY,)

    def __init__(self, client):
        super().__init__(client)
        client.switches(rate_limit=False, create_delay_seconds=0)
        self.connector = self.build()

    def build(self, api_key=KEY, **options):
        return build(Settings(host=self.client.url, password=api_key), self.session(**options), {})

    def wrong_key(self):
        return self.build("wrong")

    def find(self, key, *values, fields=("name",), entity=LIST):
        return records_of(self.connector.find(entity, key, values, fields))

    def changes(self, since, *fields, entity=LIST, known=None):
        return records_of(self.connector.read_changes(entity, since, fields, known))

    def write(self, operation, id=None, entity=LIST, **fields):
        return next(iter(self.connector.write(entity, [Write(operation, id, fields)])))

    def customs(self, id):
        return self.live()[id]["custom_fields"]


@pytest.fixture(scope="module")
def server():
    with serve("getresponse") as client:
        yield client


@pytest.fixture
def bench(server):
    with reset(server) as client:
        yield GetResponseBench(client)


class TestGetResponse(HttpContract):
    def test_a_created_field_is_there_and_making_it_twice_is_no_matter(self, bench):
        for _ in range(2):
            bench.connector.create_field("contact", bench.new_field, "Lockstep id")
        [made] = [field for field in bench.connector.describe("contact") if field.name == bench.new_field]
        assert (made.type, made.length, made.is_custom) == ("text", 255, True)

    def test_results_known_so_far_come_before_the_stop(self, bench):
        assert self.read_changes(bench, None) == {}
        bench.client.fault("429", retry_after=900, times=-1, after=1)
        writes = [Write("create", None, self.new(bench, number)) for number in range(2)]
        results, error = until_stopped(bench.connector.write("contact", writes))
        assert isinstance(error, RateLimitError)
        assert [result.state for result in results if result.code != NOT_SENT] == ["accepted"]
        assert len(bench.live()) == 1


def test_what_is_taken_and_not_on_the_list_yet_is_accepted(bench):
    bench.client.switches(create_delay_seconds=600)
    result = bench.write("create", email="ada@client.example", name="Ada")
    assert (result.state, result.id) == ("accepted", None)
    assert bench.find("email", "ada@client.example") == {}
    bench.client.clock(601)
    assert len(bench.find("email", "ada@client.example")) == 1


def test_an_address_that_is_there_already_names_its_owner(bench):
    id = bench.put(email="ada@client.example")
    result = bench.write("create", email="Ada@client.example", name="Ada")
    assert (result.state, result.code, result.id) == ("failed", "duplicate_value", id)


def test_each_list_has_its_own_contacts(bench):
    here = bench.put(email="ada@client.example")
    there = bench.put(email="ada@client.example", campaign="trade_fair_leads")
    assert set(bench.changes(None)) == {here}
    assert set(bench.changes(None, entity="contact@Trade_Fair_Leads")) == {there}
    assert set(bench.find("email", "ada@client.example", entity="contact@trade_fair_leads")) == {there}
    made = bench.write("create", entity="contact@trade_fair_leads", email="bob@client.example")
    assert bench.live()[made.id]["list"] == "trade_fair_leads"


def test_a_list_that_is_not_there_is_named_with_those_that_are(bench):
    with pytest.raises(PermanentError, match=r"no list 'nope': there are newsletter, trade_fair_leads"):
        bench.changes(None, entity="contact@nope")
    with pytest.raises(PermanentError, match="no entity 'lead'"):
        bench.changes(None, entity="lead@newsletter")


def test_all_lists_are_seen_where_a_page_silently_holds_few(bench):
    for number in range(9):
        bench.client.action("add_campaign", campaign=f"list {number}")
    bench.client.switches(campaign_page_cap=2)
    assert bench.changes(None, entity="contact@list 8") == {}


def test_tags_and_custom_values_are_fetched_only_where_they_are_wanted(bench):
    id = bench.put(email="ada@client.example", tags=["vip"], custom_fields={"city": "Kiel", "interests": ["Tools", "Events"]})
    raw = bench.changes(None, "tags", "custom_fields.city")[id].raw
    assert (raw["tags"], raw["custom_fields.city"]) == (["vip"], "Kiel")
    assert raw["custom_fields.interests"] == ["Tools", "Events"]
    bench.client.reset_calls()
    assert "tags" not in bench.changes(None, "name")[id].raw
    assert bench.client.calls()["read"] == 1


def test_details_of_what_was_read_before_are_spared(bench):
    old, new = bench.put(email="a@client.example"), bench.put(email="b@client.example")
    bench.changes(None)
    bench.client.reset_calls()
    assert set(bench.changes(EPOCH, "tags", known=lambda id, modified_at: id == old)) == {new}
    assert bench.client.calls()["by"]["GET /contacts/{id}"] == 1


@pytest.mark.parametrize("reason", ["unsubscribe", "user", "bounce", "complaint"])
def test_whoever_left_the_list_is_told_for_whatever_reason(bench, reason):
    id = bench.put(email="ada@client.example")
    bench.client.action("unsubscribe", id=id, reason=reason)
    assert bench.changes(EPOCH)[id].is_deleted
    assert bench.changes(datetime.now(UTC) + timedelta(hours=1)) == {}


def test_whoever_left_while_the_list_was_read_is_told_in_the_end(bench):
    id = bench.put(email="ada@client.example")
    connector = bench.build(on_call=lambda kind, headers: id in bench.live() and bench.client.delete("contacts", id))
    connector._campaigns["newsletter"] = bench.client.records("campaigns")[0]["campaignId"]
    records = [record for page in connector.read_changes(LIST, EPOCH, ["name"]) for record in page.records]
    assert [record.is_deleted for record in records] == [False, True]


def test_a_former_membership_does_not_hide_the_new_one(bench):
    bench.client.switches(readd_keeps_id=True)
    id = bench.put(email="ada@client.example")
    bench.remove(id)
    bench.client.clock(60)
    assert bench.write("create", email="ada@client.example").id == id
    assert not bench.changes(EPOCH)[id].is_deleted


def test_one_that_moved_to_another_list_is_read_as_gone_from_this(bench):
    id = bench.put(email="ada@client.example")
    bench.client.action("move", id=id, campaign="trade_fair_leads")
    assert records_of(bench.connector.read(LIST, [id], ["name"]))[id].is_deleted


@pytest.mark.parametrize("honours", [True, False])
def test_no_page_loses_a_row_while_rows_move(bench, honours):
    bench.client.switches(range_time=honours)
    stamps = [f"2026-03-{1 + n // 900:02d}T{n % 900 // 60:02d}:{n % 60:02d}:00+0000" for n in range(2500)]
    ids = bench.client.insert(
        "contacts", [{"email": f"p{n}@client.example", "createdOn": s, "changedOn": s} for n, s in enumerate(stamps)]
    )
    touched = iter(ids)

    def touch(kind, headers):
        for _ in range(3):
            bench.client.edit("contacts", next(touched), {"note": "touched"})

    since = datetime(2026, 3, 1, tzinfo=UTC)
    connector = bench.build(on_call=touch) if honours else bench.connector
    assert set(records_of(connector.read_changes(LIST, since, ["name"]))) == set(ids)


def test_more_rows_in_one_second_than_a_page_holds(bench):
    stamp = {"createdOn": "2026-03-01T10:00:00+0000", "changedOn": "2026-03-01T10:00:00+0000"}
    ids = bench.client.insert("contacts", [{"email": f"p{n}@client.example", **stamp} for n in range(2300)])
    assert set(bench.changes(None)) == set(ids)
    assert set(bench.changes(EPOCH)) == set(ids)


def test_what_an_update_does_not_name_survives(bench):
    id = bench.put(email="ada@client.example", tags=["vip"], custom_fields={"city": "Kiel", "company": "Nordwerk"})
    result = bench.write("update", id, **{"custom_fields.city": "Bonn", "name": "Ada"})
    assert (result.state, result.record.raw["custom_fields.city"]) == ("done", "Bonn")
    assert bench.customs(id) == {"city": "Bonn", "company": "Nordwerk"}
    assert bench.live()[id]["tag_names"] == ["vip"]


def test_a_cleared_custom_value_is_taken_out_and_the_others_stay(bench):
    id = bench.put(email="ada@client.example", custom_fields={"city": "Kiel", "company": "Nordwerk", "phone": "1"})
    fields = {"custom_fields.city": None, "custom_fields.phone": "2", "custom_fields.job_title": "CEO"}
    assert bench.write("update", id, **fields).state == "done"
    assert bench.customs(id) == {"company": "Nordwerk", "phone": "2", "job_title": "CEO"}


def test_tags_are_replaced_added_and_removed(bench):
    id = bench.put(email="ada@client.example", tags=["vip", "webinar"], custom_fields={"city": "Kiel"})
    for fields, expected in (
        ({"tags": ["vip", "new_tag"]}, {"vip", "new_tag"}),
        ({"tags_add": ["spring"]}, {"vip", "new_tag", "spring"}),
        ({"tags_remove": ["VIP"], "tags_add": ["autumn"]}, {"new_tag", "spring", "autumn"}),
        ({"tags": []}, set()),
    ):
        assert bench.write("update", id, **fields).state == "done"
        assert set(bench.live()[id]["tag_names"]) == expected
    assert bench.customs(id) == {"city": "Kiel"}


def test_a_create_carries_everything(bench):
    fields = {"email": "a@client.example", "name": "Ada", "note": None, "tags": ["vip"], "custom_fields.city": "Kiel"}
    id = bench.write("create", **fields, **{"custom_fields.interests": ["Tools", "Events"], "custom_fields.phone": None}).id
    assert bench.customs(id) == {"city": "Kiel", "interests": ["Tools", "Events"]}
    assert bench.live()[id]["tag_names"] == ["vip"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"custom_fields.nope": "x"}, "no custom field 'nope'"),
        ({"custom_fields.postal_country": "Deutschland"}, "postal_country"),
        ({"custom_fields.mobile_phone": "0151 55501"}, "mobile_phone"),
        ({"tags": ["two words"]}, "digits"),
        ({"name": "x" * 129}, "128"),
    ],
)
def test_a_refusal_says_what_was_refused(bench, fields, words):
    id = bench.put(email="ada@client.example")
    result = bench.write("update", id, **fields)
    assert result.state == "failed"
    assert words in result.message
    assert bench.write("create", email="b@client.example", **fields).state == "failed"


def test_a_blocked_address_is_refused_for_good(bench):
    bench.client.switches(blocklist=["client.example"])
    result = bench.write("create", email="ada@client.example")
    assert (result.code, result.is_transient) == ("forbidden_state", False)


def test_find_by_a_custom_value(bench):
    id = bench.put(email="ada@client.example", custom_fields={"city": "Kiel"})
    bench.put(email="bob@client.example", custom_fields={"city": "Bonn"})
    bench.put(email="cid@client.example", custom_fields={"city": "Kiel"}, campaign="trade_fair_leads")
    found = bench.find("custom_fields.city", "kiel", *[f"town {n}" for n in range(80)], fields=("custom_fields.city",))
    assert {each: record.raw["custom_fields.city"] for each, record in found.items()} == {id: "Kiel"}
    with pytest.raises(PermanentError, match="no custom field 'nope'"):
        bench.find("custom_fields.nope", "x")


@pytest.mark.parametrize("key", ["name", "note", "email"])
def test_find_takes_whole_values_only(bench, key):
    id = bench.put(**{"email": "ada@client.example", "name": "Ada", "note": "calm", key: "ada@x.example"})
    bench.put(**{"email": "other@client.example", key: "xada@x.example"})
    assert set(bench.find(key, "ADA@x.example")) == {id}


def test_many_values_are_found_by_one_walk(bench):
    bench.client.insert("contacts", [{"email": f"p{n}@client.example"} for n in range(90)])
    bench.connector.ping()
    assert len(bench.find("email", *[f"p{n}@client.example" for n in range(60)])) == 60
    assert bench.client.calls()["by"]["GET /contacts"] == 1


def test_fields_are_described_with_types_options_and_forms(bench):
    fields = {field.name: field for field in bench.connector.describe(LIST)}
    assert fields["email"].is_required
    assert not fields["changedOn"].is_updateable
    assert (fields["custom_fields.city"].type, fields["custom_fields.city"].length) == ("text", 255)
    assert (fields["custom_fields.mobile_phone"].type, fields["custom_fields.mobile_phone"].form) == ("phone", "phone_e164")
    country = fields["custom_fields.postal_country"]
    assert (country.type, country.form, country.is_restricted) == ("picklist", "country_name", True)
    assert "Austria" in country.options
    assert fields["custom_fields.interests"].type == "multipicklist"
    assert fields["custom_fields.birthdate"].type == "date"


@pytest.mark.parametrize(
    ("kind", "type"),
    [
        ("reference", "text"),
        ("text", "text"),
        ("long_text", "text"),
        ("checkbox", "text"),
        ("number", "number"),
        ("date", "date"),
    ],
)
def test_a_field_is_made_of_the_kind_that_is_needed_and_only_references_are_hidden(bench, kind, type):
    bench.connector.create_field(LIST, "custom_fields.made", "Made", kind)
    [made] = [field for field in bench.connector.describe(LIST) if field.name == "custom_fields.made"]
    assert made.type == type
    [row] = [row for row in bench.client.records("custom_fields") if row["name"] == "made"]
    assert row["hidden"] is (kind == "reference")


def test_a_name_that_no_field_can_have_is_said_at_once(bench):
    with pytest.raises(PermanentError, match=r"custom_fields\.sf_id"):
        bench.connector.create_field(LIST, "custom_fields.SF-Id", "x")


def test_the_wait_is_found_in_whichever_header_tells_it(bench):
    bench.client.switches(retry_after=False)
    bench.client.fault("429", retry_after=7)
    bench.changes(None)
    assert 7 <= bench.pauses[0] < 8


def test_a_temporary_block_waits_and_a_lasting_one_needs_a_person(bench):
    bench.client.switches(blocked="temporary")
    with pytest.raises(RateLimitError) as caught:
        bench.changes(None)
    assert caught.value.wait_seconds == 900
    for lasting in ("permanent", "ip"):
        bench.client.switches(blocked=lasting)
        with pytest.raises(AuthError, match="GetResponse"):
            bench.connector.ping()


def test_the_account_is_told_by_its_own_id(bench):
    assert (bench.connector.account_id(), bench.connector.ping().name) == ("p3Xk", "Nordwerk")
    assert bench.connector.users() == ()


def test_a_connection_without_a_key_says_where_to_put_it(bench):
    with pytest.raises(AuthError, match="password"):
        build(Settings(host=bench.client.url), bench.session(), {})


def test_an_account_of_the_enterprise_names_its_domain(bench):
    asked = []
    session = bench.session()
    session.http.hooks["response"].append(lambda answer, **_: asked.append(answer.request.headers))
    settings = Settings(host=bench.client.url, password=KEY, extra={"domain": "mail.nordwerk.example"})
    build(settings, session, {}).ping()
    assert asked[0]["X-Domain"] == "mail.nordwerk.example"
