"""ActiveCampaign keeps the contract; then what is ActiveCampaign's own."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from benches import SandboxBench, reset
from connector_contract import HttpContract, records_of

from connectors.activecampaign import ActiveCampaignConnector
from connectors.contract import Write
from connectors.errors import AuthError, EditionError, PermanentError
from sandbox.client import SandboxClient
from sandbox.running import serve

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = "sandbox-activecampaign-token"


class ActiveCampaignBench(SandboxBench):
    """ActiveCampaign's contacts."""

    kind, id_field = "contacts", "id"
    email, name, phone, bad_email = "email", "lastName", "phone", "not-an-address"
    new_field = "fields.LOCKSTEPID"
    idle_calls = 1
    rows_per_call = 1
    lost_path = "/contact/sync"
    secrets = (KEY,)

    def __init__(self, client: SandboxClient) -> None:
        super().__init__(client)
        client.switches(rate_limit=False)
        self.connector = self.build()

    def build(self, api_key: str = KEY, **options: Any) -> ActiveCampaignConnector:
        return ActiveCampaignConnector("https://nordwerk.api-us1.com", api_key, self.session(**options))

    def wrong_key(self) -> ActiveCampaignConnector:
        return self.build("wrong")

    def row(self, id: str) -> Mapping[str, Any]:
        return self.live()[id]


@pytest.fixture(scope="module")
def server():
    with serve("activecampaign") as client:
        yield client


@pytest.fixture
def bench(server):
    with reset(server) as client:
        yield ActiveCampaignBench(client)


class TestActiveCampaign(HttpContract):
    """Nothing tells of deletions, fields cannot be unique, and a create may be repeated: the promises that differ."""

    def test_deletions_are_reported(self, bench):
        gone = bench.put(**self.new(bench, 1))
        bench.remove(gone)
        assert self.read_changes(bench, NOW) == {}
        assert not any(entity.has_delete_feed for entity in bench.connector.entities.values())

    def test_read_tells_what_is_deleted(self, bench):
        gone, kept = bench.put(**self.new(bench, 1)), bench.put(**self.new(bench, 2))
        bench.remove(gone)
        assert set(records_of(bench.connector.read("contact", [gone, kept], [bench.name]))) == {kept}

    def test_a_created_field_is_there_and_making_it_twice_is_no_matter(self, bench):
        for _ in range(2):
            bench.connector.create_field("contact", bench.new_field, "Lockstep id")
        made = next(field for field in bench.connector.describe("contact") if field.name == bench.new_field)
        assert (made.type, made.length, made.is_unique, made.is_custom) == ("text", 255, False, True)

    def test_a_lost_create_is_unknown_and_done_once(self, bench):
        bench.lose()
        writes = [Write("create", None, self.new(bench, number)) for number in range(2)]
        results = list(bench.connector.write("contact", writes))
        assert [result.state for result in results] == ["done", "done"]
        assert len(bench.live()) == 2


def ids_of(pages):
    return [record.id for page in pages for record in page.records]


def read_one(bench, id, *fields):
    return records_of(bench.connector.read("contact", [id], fields))[id].raw


def write(bench, operation, id=None, entity="contact", **fields):
    fields = {name.replace("__", "."): value for name, value in fields.items()}
    [result] = bench.connector.write(entity, [Write(operation, id, fields)])
    return result


def test_a_page_is_read_with_tags_values_and_lists_in_one_call(bench):
    id = bench.put(
        email="a@example.com", fields={"CITY": "Kiel"}, tags=["vip", "b"], lists={"newsletter": "active"}, account="Nordwerk"
    )
    bench.connector.describe("contact")
    bench.client.reset_calls()
    wanted = ["fields.CITY", "tags", "lists.newsletter", "opted_out", "account_name"]
    [page] = bench.connector.read_changes("contact", None, wanted)
    assert bench.client.calls()["read"] == 1
    raw = page.records[0].raw
    assert raw["account_name"] == "Nordwerk"
    assert (page.records[0].id, raw["fields.CITY"], raw["tags"], raw["lists.newsletter"], raw["opted_out"]) == (
        id,
        "Kiel",
        ["b", "vip"],
        "active",
        False,
    )


def test_where_a_list_brings_nothing_along_each_contact_is_asked(bench):
    bench.client.switches(list_sideloading=False)
    id = bench.put(email="a@example.com", fields={"CITY": "Kiel"}, tags=["vip"])
    [record] = records_of(bench.connector.read_changes("contact", None, ["fields.CITY", "tags"])).values()
    assert (record.raw["fields.CITY"], record.raw["tags"]) == ("Kiel", ["vip"])
    bench.client.reset_calls()
    pages = bench.connector.read_changes("contact", NOW, ["fields.CITY", "tags"], lambda record_id, _: record_id == id)
    assert ids_of(pages) == []
    assert bench.client.calls()["read"] == 1


def test_times_are_read_with_their_offset_not_by_the_keys_that_say_utc(bench):
    id = bench.put(email="a@example.com", udate="2026-07-01T10:00:00Z")
    [record] = records_of(bench.connector.read_changes("contact", NOW - timedelta(days=150), ["email"])).values()
    assert (record.id, record.modified_at) == (id, datetime(2026, 7, 1, 10, tzinfo=UTC))


@pytest.mark.parametrize("granularity", ["date", "time", "ignored"])
def test_the_filter_by_time_may_mean_what_it_likes(bench, granularity):
    bench.client.switches(updated_after=granularity)
    since = datetime.now(UTC).replace(microsecond=0)
    bench.put(email="old@example.com", udate=(since - timedelta(seconds=1)).isoformat())
    new = bench.put(email="new@example.com", udate=since.isoformat())
    assert ids_of(bench.connector.read_changes("contact", since, ["email"])) == [new]


@pytest.mark.parametrize("sideloading", [True, False])
def test_who_unsubscribes_is_seen_though_udate_stands_still(bench, sideloading):
    bench.client.switches(list_sideloading=sideloading)
    old = "2026-07-01T10:00:00Z"
    id, _ = (bench.put(email=f"{name}@example.com", udate=old, lists={"newsletter": "active"}) for name in "ab")
    since = datetime.now(UTC)
    bench.client.action("set_status", contact=id, list="newsletter", status="unsubscribed")
    found = records_of(bench.connector.read_changes("contact", since, ["opted_out"]))
    assert {key: record.raw["opted_out"] for key, record in found.items()} == {id: True}
    assert found[id].modified_at >= since.replace(microsecond=0)


def test_tags_are_added_made_if_need_be_and_taken_off(bench):
    id = bench.put(email="a@example.com", tags=["Old", "kept"])
    assert write(bench, "update", id, tags_add=["new", "KEPT"], tags_remove=["old", "never-there"]).state == "done"
    assert bench.row(id)["tags"] == ["kept", "new"]
    made = write(bench, "create", email="b@example.com", tags_add=["new"])
    assert bench.row(made.id)["tags"] == ["new"]
    assert write(bench, "update", id, tags=["only"]).state == "done"
    assert bench.row(id)["tags"] == ["only"]


@pytest.mark.parametrize("switches", [{"tag_again": "refuse"}, {"filter_tags": False}, {"duplicate_tag": "answer"}])
def test_a_tag_twice_is_no_matter(bench, switches):
    bench.client.switches(**switches)
    id = bench.put(email="a@example.com", tags=["vip"])
    assert write(bench, "update", id, tags_add=["vip"]).state == "done"
    assert bench.row(id)["tags"] == ["vip"]


def test_a_create_finds_what_is_there_by_its_address(bench):
    id = bench.put(email="a@example.com", firstName="Ada", tags=["vip"])
    result = write(bench, "create", email="A@example.com", lastName="Byron")
    assert (result.state, result.id) == ("done", id)
    assert (bench.row(id)["firstName"], bench.row(id)["lastName"]) == ("Ada", "Byron")


def test_of_a_create_broken_off_behind_the_contact_nobody_knows_how_much_arrived_and_it_may_be_repeated(bench):
    bench.connector.describe("contact")
    bench.client.fault("cut", path="contactTags", times=-1)
    [result] = bench.connector.write("contact", [Write("create", None, {"email": "a@example.com", "tags_add": ["x"]})])
    assert result.state == "unknown"
    assert "not all of it has arrived" in result.message
    bench.client.clear_faults()
    assert write(bench, "create", email="a@example.com", tags_add=["x"]).state == "done"
    [row] = bench.live().values()
    assert row["tags"] == ["x"]


def test_custom_fields_are_written_in_the_apis_spelling_and_read_back(bench):
    made = write(bench, "create", email="a@example.com", fields__INTERESTS=["Machines", "Training"], fields__CITY="Kiel")
    assert bench.row(made.id)["fields"]["INTERESTS"] == "||Machines||Training||"
    assert read_one(bench, made.id, "fields.INTERESTS")["fields.INTERESTS"] == ["Machines", "Training"]
    write(bench, "update", made.id, fields__CITY=None)
    assert read_one(bench, made.id, "fields.CITY")["fields.CITY"] is None
    assert write(bench, "update", made.id, fields__NOWHERE="x").code == "no_field"


@pytest.mark.parametrize(
    ("kind", "type"), [("text", "text"), ("long_text", "text"), ("checkbox", "text"), ("number", "text"), ("date", "date")]
)
@pytest.mark.parametrize("entity", ["contact", "deal"])
def test_fields_are_made_of_the_kind_that_the_mapping_needs(bench, entity, kind, type):
    bench.connector.create_field(entity, "fields.SHOESIZE", "Shoe size", kind)
    [made] = [field for field in bench.connector.describe(entity) if field.name == "fields.SHOESIZE"]
    assert (made.label, made.type) == ("Shoe size", type)


@pytest.mark.parametrize("is_filtered", [True, False])
@pytest.mark.parametrize("others", [0, 60])
def test_find_by_a_custom_field(bench, is_filtered, others):
    bench.client.switches(filter_field_values=is_filtered)
    bench.connector.create_field("contact", "fields.SFCONTACTID", "SFCONTACTID")
    rows = [{"email": f"p{number}@example.com", "fields": {"SFCONTACTID": f"003{number}"}} for number in range(120)]
    ids = [str(id) for id in bench.client.insert("contacts", rows)]
    values = ["0037", *(f"none{number}" for number in range(others))]
    assert ids_of(bench.connector.find("contact", "fields.SFCONTACTID", values, ["email"])) == [ids[7]]


def test_a_list_that_shows_other_contacts_is_no_proof_of_a_deletion(bench):
    ids = [bench.put(email=f"p{number}@example.com") for number in range(3)]
    assert ids_of(bench.connector.read("contact", [ids[1], "77777"], ["email"])) == [ids[1]]


def test_the_contacts_on_a_list_are_an_entity_of_their_own(bench):
    on, _ = bench.put(email="a@example.com", lists={"newsletter": "active"}), bench.put(email="b@example.com")
    assert ids_of(bench.connector.read_changes("contact@Newsletter", None, ["email"])) == [on]
    made = write(bench, "create", entity="contact@newsletter", email="c@example.com")
    assert bench.row(made.id)["lists"] == {"newsletter": "active"}
    with pytest.raises(PermanentError, match="no list"):
        ids_of(bench.connector.read_changes("contact@elsewhere", None, ["email"]))


def test_nobody_who_left_is_subscribed_again(bench):
    id = bench.put(email="a@example.com", lists={"newsletter": "unsubscribed"})
    assert write(bench, "update", id, lists__newsletter="active").code == "consent"
    assert write(bench, "update", id, opted_out=False).code == "consent"
    assert write(bench, "create", entity="contact@newsletter", email="a@example.com").state == "done"
    assert bench.row(id)["lists"] == {"newsletter": "unsubscribed"}


def test_an_opt_out_leaves_every_list_and_is_kept_for_who_is_on_none(bench):
    on, off = bench.put(email="a@example.com", lists={"newsletter": "active"}), bench.put(email="b@example.com")
    for id in (on, off):
        assert write(bench, "update", id, opted_out=True).state == "done"
        assert read_one(bench, id, "opted_out")["opted_out"] is True
    assert write(bench, "create", email="c@example.com", opted_out=False).state == "done"


def test_a_contact_has_one_account(bench):
    id = bench.put(email="a@example.com")
    first, second = (write(bench, "create", entity="account", name=name).id for name in ("Nordwerk", "Südwerk"))
    for account in (first, second, None):
        assert write(bench, "update", id, account=account).state == "done"
        assert read_one(bench, id, "account")["account"] == account
    for name in ("südwerk", "Westwerk"):
        assert write(bench, "update", id, account_name=name).state == "done"
        assert read_one(bench, id, "account_name")["account_name"].casefold() == name.casefold()
    assert [row["name"] for row in bench.client.records("accounts")] == ["Nordwerk", "Südwerk", "Westwerk"]
    assert write(bench, "create", entity="account", name="nordwerk").code == "duplicate"
    assert ids_of(bench.connector.find("account", "name", ["NORDWERK"], [])) == [first]


def test_deals_are_written_by_the_title_of_a_stage_and_in_whole_money(bench):
    contact = bench.put(email="a@example.com")
    given = {
        "title": "Renewal",
        "contact": contact,
        "amount": 1234.56,
        "stage_title": "closed won",
        "status": "1",
        "currency": "EUR",
    }
    made = write(bench, "create", entity="deal", **given, fields__CLOSEDATE="2026-12-24")
    [deal] = bench.client.records("deals")
    assert (deal["value"], deal["currency"], deal["stage_title"], deal["fields"]["CLOSEDATE"]) == (
        "123456",
        "eur",
        "Closed Won",
        "2026-12-24",
    )
    [record] = records_of(bench.connector.read_changes("deal", NOW, ["amount", "stage_title", "fields.CLOSEDATE"])).values()
    assert (record.id, record.raw["amount"], record.raw["stage_title"]) == (made.id, 1234.56, "Closed Won")
    assert record.raw["fields.CLOSEDATE"] == "2026-12-24"
    assert ids_of(bench.connector.find("deal", "fields.CLOSEDATE", ["2026-12-24"], [])) == [made.id]
    assert write(bench, "update", made.id, entity="deal", stage_title="Nowhere").code == "no_stage"
    assert write(bench, "update", made.id, entity="deal", stage_title="Qualification").state == "done"
    assert write(bench, "delete", made.id, entity="deal").state == "done"
    assert ids_of(bench.connector.read("deal", [made.id], [])) == []


def test_a_list_that_shrinks_while_it_is_read_is_read_again(bench):
    contact = bench.put(email="a@example.com")
    deals = bench.client.insert("deals", [{"title": f"D{n}", "contact": contact, "stage": "1"} for n in range(150)])
    shrunk = []

    def shrink(kind, headers):
        if not shrunk:
            shrunk.append(deals[0])
            bench.client.delete("deals", deals[0])

    found = ids_of(bench.build(on_call=shrink).read_changes("deal", None, ["title"]))
    assert set(found) >= {str(id) for id in deals[1:]}


def test_a_plan_without_deals_is_told_as_such(bench):
    bench.client.switches(crm_in_plan=False)
    with pytest.raises(EditionError, match="plan"):
        ids_of(bench.connector.read_changes("deal", None, ["title"]))
    assert ids_of(bench.connector.read_changes("contact", None, ["email"])) == []


def test_a_403_that_passes_by_itself_is_got_over(bench):
    bench.client.fault("401", times=2)
    assert ids_of(bench.connector.read_changes("contact", None, ["email"])) == []
    bench.client.fault("401", times=-1)
    with pytest.raises(AuthError, match="API key"):
        ids_of(bench.connector.read_changes("contact", None, ["email"]))


@pytest.mark.parametrize("body", ["json", "text", "empty"])
def test_the_allowance_of_five_calls_a_second_is_waited_for(bench, body):
    bench.client.switches(rate_limit=True, rate_limit_body=body)
    bench.client.fault("429", retry_after=1)
    assert ids_of(bench.connector.read_changes("contact", None, ["email"])) == []
    assert len(bench.pauses) >= 1


def test_fields_are_described_with_types_and_options(bench):
    fields = {field.name: field for field in bench.connector.describe("contact")}
    assert fields["fields.REGION"].options == ("North", "South", "East", "West")
    assert (fields["fields.INTERESTS"].type, fields["fields.CUSTOMERSINCE"].type) == ("multipicklist", "date")
    assert fields["lists.newsletter"].options
    assert "Closed Won" in next(f for f in bench.connector.describe("deal") if f.name == "stage_title").options
    assert next(user.email for user in bench.connector.users()) == "sync@nordwerk.example"


def test_an_unknown_entity_is_a_permanent_error(bench):
    with pytest.raises(PermanentError, match="campaign"):
        bench.connector.read_changes("campaign", None, ["name"])


def test_an_account_that_is_refused_fails_for_its_row_alone(bench):
    rows = [{"email": "a@example.com", "account_name": " "}, {"email": "b@example.com", "account_name": "Nordwerk"}]
    results = list(bench.connector.write("contact", [Write("create", None, fields) for fields in rows]))
    assert [(result.state, result.code) for result in results] == [("failed", "field_missing"), ("done", "")]
