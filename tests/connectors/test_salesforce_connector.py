"""Salesforce keeps the contract; then what is Salesforce's own."""

from datetime import UTC, datetime, timedelta

import pytest
from connector_contract import EPOCH, HttpContract, records_of
from salesforce_org import changes, creates, org_that_answers, person, write

from connectors.errors import AuthError, PermanentError, RateLimitError, TransientError

GONE = "0035e0000099999AAA"


class TestSalesforce(HttpContract):
    gone = GONE

    @pytest.fixture
    def bench(self, salesforce):
        return salesforce


def test_an_expired_token_costs_one_new_login(salesforce):
    changes(salesforce.connector)
    salesforce.client.fault("token")
    changes(salesforce.connector)
    assert len(salesforce.logins) == 2


def test_an_expired_token_makes_no_twin(salesforce):
    salesforce.connector.ping()
    salesforce.client.fault("token")
    assert [r.state for r in write(salesforce.connector, *creates(1))] == ["done"]
    assert len(salesforce.live()) == 1


def test_a_token_that_is_never_accepted_ends_after_one_new_login(salesforce):
    salesforce.client.fault("token", times=-1, path="/services/data")
    with pytest.raises(AuthError, match="not even a new one"):
        salesforce.connector.ping()
    assert len(salesforce.logins) == 2


def test_a_token_that_no_login_can_cure_is_not_renewed():
    body = '[{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}]'
    connector, logins, _ = org_that_answers((401, {}, body))
    with pytest.raises(AuthError, match="not valid for use"):
        connector.ping()
    assert len(logins) == 1


def test_a_401_with_a_web_page_is_an_auth_error():
    with pytest.raises(AuthError):
        org_that_answers((401, {}, "<html>login</html>"))[0].ping()


@pytest.mark.parametrize(
    "instance",
    [
        "https://salesforce.com.evil.example",
        "https://evil.example/.salesforce.com",
        "https://evil.example\\@acme.my.salesforce.com",
        "https://evil.example#.salesforce.com",
        "https://user@acme.my.salesforce.com",
        "https://evilsalesforce.com",
        "http://acme.my.salesforce.com",
        "https://127.0.0.1:8000",
        "https://",
    ],
)
def test_no_token_goes_to_a_strangers_server(instance):
    connector, logins, transport = org_that_answers((200, {}, "{}"), instance=instance)
    for _ in range(2):  # the second call, too, for the first one has a token by then
        with pytest.raises(AuthError, match="no token is sent there"):
            connector.ping()
    assert transport.requests == []
    assert len(logins) == 2


@pytest.mark.parametrize("host", ["acme.my.salesforce.com", "ACME.my.salesforce.mil:443", "eu1.force.com", "na2.cloudforce.com/"])
def test_every_domain_of_salesforce_gets_its_token(host):
    connector, _, transport = org_that_answers((200, {}, '{"totalSize": 0, "records": []}'), instance=f"https://{host}")
    with pytest.raises(TransientError, match="no organization"):
        connector.ping()
    assert transport.requests[0].headers["Authorization"] == "Bearer 00D!token"


def test_an_edition_without_api_is_one_clear_sentence(salesforce):
    salesforce.client.fault("disabled", path="/services/data")
    with pytest.raises(AuthError, match=r"no API access \(API_DISABLED_FOR_ORG\): it needs Enterprise"):
        salesforce.connector.ping()


def test_an_edition_without_api_is_told_at_the_login_too(salesforce):
    salesforce.client.fault("disabled", path="oauth2")
    with pytest.raises(AuthError, match="no API access"):
        salesforce.connector.ping()


def test_the_daily_limit_is_a_rate_limit(salesforce):
    salesforce.client.fault("limit", path="/services/data")
    with pytest.raises(RateLimitError) as caught:
        salesforce.connector.ping()
    assert caught.value.wait_seconds == 3600


def test_too_many_calls_at_once_are_waited_for(salesforce):
    salesforce.connector.ping()
    salesforce.client.fault("limit", message="ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
    salesforce.connector.ping()
    assert len(salesforce.pauses) == 1


@pytest.mark.parametrize("is_sandbox", [False, True])
def test_ping_tells_production_from_sandbox(salesforce, is_sandbox):
    [organization] = salesforce.client.records("Organization")
    salesforce.client.edit("Organization", organization["Id"], {"IsSandbox": is_sandbox})
    account = salesforce.connector.ping()
    assert (account.id[:3], len(account.id), account.is_sandbox) == ("00D", 18, is_sandbox)


# -- reading


def test_a_long_list_comes_page_by_page_one_call_each(salesforce):
    salesforce.client.insert("Contact", [person(number) for number in range(4_500)])
    salesforce.connector.ping()
    salesforce.client.reset_calls()
    assert len(changes(salesforce.connector)) == 4_500
    assert salesforce.client.calls()["read"] == 3


def test_a_dropped_cursor_begins_the_walk_anew(salesforce):
    salesforce.client.insert("Contact", [person(number) for number in range(500)])
    salesforce.client.switches(page_size=200)
    connector = salesforce.connector
    pages = connector.read_changes("contact", None, ["LastName"])
    first = next(pages)
    salesforce.client.switches(cursors=1)
    other = salesforce.build().read_changes("contact", None, ["LastName"])
    next(other)
    salesforce.client.switches(cursors=10)
    assert len({record.id for page in [first, *pages] for record in page.records}) == 500


def test_merged_records_name_their_winner(salesforce):
    winner, loser = salesforce.put(**person(1)), salesforce.put(**person(2))
    salesforce.client.action("merge", kind="Contact", winner=winner, losers=[loser])
    record = changes(salesforce.connector, EPOCH)[loser]
    assert record.is_deleted
    assert record.raw["MasterRecordId"] == winner


def test_what_was_deleted_for_good_is_found_in_the_delete_log(salesforce):
    id = salesforce.put(**person(1))
    salesforce.remove(id)
    since = datetime.now(UTC) - timedelta(days=20)
    salesforce.client.action("empty_recycle_bin")
    salesforce.client.clock(3600)
    assert changes(salesforce.connector, since) == {}
    assert changes(salesforce.build(reads_delete_log=True), since)[id].is_deleted
    salesforce.client.clock(0)


def test_parents_are_flat_and_missing_ones_are_none(salesforce):
    account = salesforce.client.insert("Account", [{"Name": "Nordwerk"}])[0]
    child, orphan = salesforce.put(**person(1, AccountId=account)), salesforce.put(**person(2))
    found = changes(salesforce.connector, fields=["AccountId", "Account.Name"])
    assert found[child].raw["Account.Name"] == "Nordwerk"
    assert found[orphan].raw["Account.Name"] is None
    assert not [name for name in found[child].raw if "attributes" in name]


@pytest.mark.parametrize("entity", ["account", "contact", "lead", "opportunity"])
def test_every_entity_is_read_and_described(salesforce, entity):
    assert changes(salesforce.connector, EPOCH, ["Description", "id"], entity) == {}
    fields = {field.name: field for field in salesforce.connector.describe(entity)}
    assert fields["SystemModstamp"].is_updateable is False
    assert fields["Id"].type == "id"


def test_describe_tells_what_a_create_needs(salesforce):
    fields = {field.name: field for field in salesforce.connector.describe("lead")}
    assert {name for name, field in fields.items() if field.is_required} == {"LastName", "Company"}
    assert (fields["LastName"].type, fields["LastName"].length) == ("text", 80)
    assert "Web" in fields["LeadSource"].options
    assert not fields["LeadSource"].is_restricted
    assert (fields["Email"].type, fields["AnnualRevenue"].type, fields["OwnerId"].type) == ("email", "number", "reference")


def test_a_field_nobody_granted_is_a_permanent_error(salesforce):
    salesforce.client.switches(hidden_fields=["Contact.Birthdate"])
    with pytest.raises(PermanentError, match="Birthdate"):
        changes(salesforce.connector, fields=["Birthdate"])
    salesforce.client.switches(hidden_fields=[])


def test_an_unknown_entity_is_a_permanent_error(salesforce):
    with pytest.raises(PermanentError, match="invoice"):
        changes(salesforce.connector, entity="invoice")


@pytest.mark.parametrize("name", ["LastName FROM Contact--", "Last'Name", "", "Name,Id", "(SELECT Id FROM Contacts)"])
def test_a_name_that_is_none_never_reaches_a_query(salesforce, name):
    with pytest.raises(PermanentError, match="not a Salesforce name"):
        changes(salesforce.connector, fields=[name])
    with pytest.raises(PermanentError, match="not a Salesforce name"):
        list(salesforce.connector.find("contact", name, ["x"], ["LastName"]))


def test_a_thousand_are_looked_up_in_one_call(salesforce):
    ids = salesforce.client.insert("Contact", [person(number) for number in range(1_001)])
    salesforce.connector.ping()
    salesforce.client.reset_calls()
    assert len(records_of(salesforce.connector.read("contact", ids[:1_000], ["LastName"]))) == 1_000
    assert salesforce.client.calls()["read"] == 1
    emails = [f"p{number}@example.com" for number in range(1_001)]
    assert len(records_of(salesforce.connector.find("contact", "Email", emails, ["LastName"]))) == 1_001
    assert salesforce.client.calls()["read"] == 3


@pytest.mark.parametrize("text", ["O'Neill", 'the "old" one', "back\\slash", "a\tb", "ü+&%=#", "日本", "' OR Name != '"])
def test_any_text_is_found_as_it_is(salesforce, text):
    id = salesforce.put(**person(1, Title=text))
    salesforce.put(**person(2, Title="other"))
    assert set(records_of(salesforce.connector.find("contact", "Title", [text], ["Title"]))) == {id}


def test_ids_that_are_none_are_left_out(salesforce):
    id = salesforce.put(**person(1))
    assert set(records_of(salesforce.connector.read("contact", ["bogus", id[:15], ""], ["LastName"]))) == {id}
    assert set(records_of(salesforce.connector.find("contact", "Id", ["bogus", id], ["LastName"]))) == {id}


def test_a_query_too_long_for_an_address_is_asked_all_the_same(salesforce):
    names = [f"Field{number:03}_with_a_rather_long_name__c" for number in range(450)]
    for name in names:
        salesforce.client.action("add_field", full_name=f"Contact.{name}")
    salesforce.client.insert("Contact", [person(number) for number in range(2_100)])
    assert len(changes(salesforce.connector, fields=names)) == 2_100


# -- writing
