"""Salesforce keeps the contract; then what is Salesforce's own."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from connector_contract import EPOCH, HttpContract, records_of, until_stopped
from requests.adapters import BaseAdapter
from transport import Answers, response

from connectors.contract import Write
from connectors.errors import AuthError, PermanentError, RateLimitError, TransientError
from connectors.salesforce import SalesforceConnector
from connectors.session import Session
from sandbox.salesforce.rules import ASSIGNED_OWNER_ID

GONE = "0035e0000099999AAA"


class TestSalesforce(HttpContract):
    gone = GONE

    @pytest.fixture
    def bench(self, salesforce):
        return salesforce


def person(number, **fields):
    return {"LastName": f"Person {number:04}", "Email": f"p{number}@example.com", **fields}


def creates(count, **fields):
    return [Write("create", None, person(number, **fields)) for number in range(count)]


def write(connector, *writes, entity="contact"):
    return list(connector.write(entity, writes))


def changes(connector, since=None, fields=("LastName",), entity="contact"):
    return records_of(connector.read_changes(entity, since, fields))


# -- tokens


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


def org_that_answers(*answers, instance="https://nordwerk.my.salesforce.com"):
    """Return a connector whose org gives these answers, and the list of logins."""
    session, logins = Session(pause=lambda _: None), []
    transport = Answers(*answers)
    session.http.mount("https://", transport)
    connector = SalesforceConnector(lambda: logins.append(1) or ("00D!token", instance), session)
    return connector, logins, transport


def test_a_token_that_no_login_can_cure_is_not_renewed():
    body = '[{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}]'
    connector, logins, _ = org_that_answers((401, {}, body))
    with pytest.raises(AuthError, match="not valid for use"):
        connector.ping()
    assert len(logins) == 1


def test_a_401_with_a_web_page_is_an_auth_error():
    with pytest.raises(AuthError):
        org_that_answers((401, {}, "<html>login</html>"))[0].ping()


def test_no_token_goes_to_a_strangers_server():
    connector, _, transport = org_that_answers((200, {}, "{}"), instance="https://salesforce.com.evil.example")
    with pytest.raises(AuthError, match="evil"):
        connector.ping()
    assert transport.requests == []


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


def test_writes_of_one_kind_go_together(salesforce):
    salesforce.connector.ping()
    salesforce.client.reset_calls()
    ids = [result.id for result in write(salesforce.connector, *creates(450))]
    assert salesforce.client.calls()["write"] == 3
    live = salesforce.live()
    assert [live[id]["LastName"] for id in ids] == [f"Person {number:04}" for number in range(450)]


def test_one_record_written_twice_ends_as_the_last_write_says(salesforce):
    id = salesforce.put(**person(1))
    results = write(salesforce.connector, *(Write("update", id, {"Title": title}) for title in ("a", "b", "c")))
    assert [result.state for result in results] == ["done"] * 3
    assert salesforce.live()[id]["Title"] == "c"


@pytest.fixture
def referenced(salesforce):
    """Return a connector whose contact creates are upserts."""
    salesforce.connector.create_field("contact", "FDCONTACTID__c", "Freshdesk contact id")
    return salesforce.build(external_id_fields={"contact": "FDCONTACTID__c"})


def test_a_create_with_an_external_id_makes_no_twin(salesforce, referenced):
    referenced.ping()
    salesforce.client.fault("lost", path="/composite/sobjects")
    [result] = write(referenced, *creates(1, FDCONTACTID__c="4711"))
    [again] = write(referenced, *creates(1, FDCONTACTID__c="4711"))
    assert (result.state, result.id) == ("done", again.id)
    assert len(salesforce.live()) == 1


def test_one_external_id_twice_in_one_write_is_one_record(salesforce, referenced):
    results = write(referenced, *(create for key in ("a", "a", "A") for create in creates(1, FDCONTACTID__c=key)))
    assert [result.state for result in results] == ["done", "done", "done"]
    assert [results[0].id == result.id for result in results] == [True, True, False]
    assert len(salesforce.live()) == 2


def test_a_create_without_an_external_id_is_a_plain_one(salesforce, referenced):
    results = write(referenced, *creates(1, FDCONTACTID__c="1"), *creates(2), *creates(1, FDCONTACTID__c=None))
    assert [result.state for result in results] == ["done"] * 4
    assert len(salesforce.live()) == 4


def test_a_taken_unique_value_names_its_holder(salesforce, referenced):
    [holder] = write(referenced, *creates(1, FDCONTACTID__c="1"))
    [other] = write(referenced, *creates(1))
    [result] = write(referenced, Write("update", other.id, {"FDCONTACTID__c": "1"}))
    assert (result.state, result.code, result.id) == ("failed", "DUPLICATE_VALUE", holder.id)


def test_a_locked_row_is_transient(salesforce):
    ids = [salesforce.put(**person(number)) for number in range(3)]
    salesforce.client.fault("row_lock", id=ids[1])
    results = write(salesforce.connector, *(Write("update", id, {"Title": "x"}) for id in ids))
    assert [(result.state, result.is_transient) for result in results] == [("done", False), ("failed", True), ("done", False)]
    assert results[1].code == "UNABLE_TO_LOCK_ROW"


def test_assignment_rules_rest_unless_wanted(salesforce):
    salesforce.client.switches(assignment_rule=True)
    lead = Write("create", None, {"LastName": "Lind", "Company": "Nordwerk"})
    write(salesforce.connector, lead, entity="lead")
    assigned = salesforce.build(assigned=["lead"], bulk_writes=1)
    write(assigned, lead, lead, entity="lead")
    assert len({row["OwnerId"] for row in salesforce.client.records("Lead")}) == 2
    assert [row["OwnerId"] for row in salesforce.client.records("Lead")].count(ASSIGNED_OWNER_ID) == 2
    [result] = write(assigned, Write("create", None, person(1)))
    assert salesforce.client.records("Contact")[-1]["OwnerId"] != ASSIGNED_OWNER_ID, result
    salesforce.client.switches(assignment_rule=False)


def test_duplicate_alerts_are_heeded_unless_told(salesforce):
    salesforce.client.switches(duplicate_rule="alert")
    salesforce.put(**person(1))
    [result] = write(salesforce.connector, Write("create", None, person(1)))
    assert (result.state, result.code) == ("failed", "DUPLICATES_DETECTED")
    [result] = write(salesforce.build(allows_duplicates=True), Write("create", None, person(1)))
    assert result.state == "done"
    salesforce.client.switches(duplicate_rule="off")


def test_creates_whose_answers_are_lost_one_after_another_stop_the_run(salesforce):
    salesforce.connector.ping()
    salesforce.client.fault("lost", times=-1)
    results, error = until_stopped(salesforce.connector.write("contact", creates(1_000)))
    assert [result.state for result in results] == ["unknown"] * 600
    assert isinstance(error, TransientError)
    assert len(salesforce.live()) == 600


def test_times_and_lists_are_written_as_json(salesforce):
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    fields = person(1, EmailBouncedDate=when, Birthdate=when.date())
    [result] = write(salesforce.connector, Write("create", None, fields))
    row = salesforce.live()[result.id]
    assert (row["EmailBouncedDate"][:19], row["Birthdate"]) == ("2026-03-01T12:00:00", "2026-03-01")


class SpoiltOrg(BaseAdapter):
    """An org where a trigger fails every packet that holds one of `culprits`, as a whole."""

    def __init__(self, culprits, status=200):
        super().__init__()
        self.culprits, self.status, self.packets = culprits, status, []
        self.stop_after = None

    def send(self, request, *args, **kwargs):
        emails = [row["Email"] for row in json.loads(request.body)["records"]]
        self.packets.append(len(emails))
        if self.stop_after is not None and len(self.packets) > self.stop_after:
            return response(429, {"Retry-After": "900"}, "", request)
        if self.culprits.isdisjoint(emails):
            rows = [{"id": GONE, "success": True, "errors": []} for _ in emails]
            return response(200, {}, json.dumps(rows), request)
        error = {"statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "Trigger failed", "fields": []}
        if self.status == 200:
            return response(200, {}, json.dumps([{"success": False, "errors": [error]} for _ in emails]), request)
        return response(self.status, {}, json.dumps([{"errorCode": "JSON_PARSER_ERROR", "message": "no"}]), request)

    def close(self):
        pass


def spoilt(culprits, status=200):
    session = Session(pause=lambda _: None)
    org = SpoiltOrg({f"p{number}@example.com" for number in culprits}, status)
    session.http.mount("https://", org)
    return SalesforceConnector(lambda: ("00D!token", "https://nordwerk.my.salesforce.com"), session), org


@pytest.mark.parametrize("status", [200, 400])
def test_one_bad_record_does_not_take_199_with_it(status):
    connector, org = spoilt([77], status)
    results = write(connector, *creates(200))
    assert [place for place, result in enumerate(results) if result.state == "failed"] == [77]
    assert not results[77].is_transient
    assert len(org.packets) <= 17


def test_two_bad_records_are_both_found():
    results = write(spoilt([3, 199])[0], *creates(200))
    assert [place for place, result in enumerate(results) if result.state == "failed"] == [3, 199]


def test_a_trigger_that_always_fails_is_not_called_for_ever():
    connector, org = spoilt(range(400))
    results = write(connector, *creates(400))
    assert {result.state for result in results} == {"failed"}
    assert len(org.packets) <= 2 * 33
    assert any(result.is_transient for result in results)


def test_what_is_known_when_halving_is_stopped_still_comes():
    connector, org = spoilt([150])
    org.stop_after = 2
    results, error = until_stopped(connector.write("contact", creates(200)))
    assert [result.state for result in results] == ["done"] * 100 + ["failed"] * 100
    assert isinstance(error, RateLimitError)


# -- our own field


def test_a_missing_permission_set_is_made_and_assigned_to_the_user_of_the_connection(salesforce):
    [found] = [row for row in salesforce.client.records("PermissionSet") if row["Name"] == "Lockstep_Sync"]
    salesforce.client.edit("PermissionSet", found["Id"], {"Name": "Other"})
    for _ in range(2):
        salesforce.connector.create_field("contact", "FDCONTACTID__c", "Freshdesk contact id")
    [made] = [row for row in salesforce.client.records("PermissionSet") if row["Name"] == "Lockstep_Sync"]
    assigned = [row["PermissionSetId"] for row in salesforce.client.records("PermissionSetAssignment")]
    assert assigned == [found["Id"], made["Id"]]
    assert "FDCONTACTID__c" in {field.name for field in salesforce.connector.describe("contact")}


def test_where_setup_is_not_allowed_the_clicks_are_named(salesforce):
    salesforce.client.switches(allow_setup=False)
    with pytest.raises(PermanentError, match=r"New: Text, length 255, name FDCONTACTID, unique.*New: Lockstep_Sync"):
        salesforce.connector.create_field("contact", "FDCONTACTID__c", "Freshdesk contact id")


@pytest.mark.parametrize(("status", "code"), [(403, "INSUFFICIENT_ACCESS"), (400, "INSUFFICIENT_ACCESS_OR_READONLY")])
def test_a_field_that_may_not_be_made_says_who_can_make_it(status, code):
    connector, _, _ = org_that_answers((status, {}, f'[{{"errorCode":"{code}","message":"insufficient access rights"}}]'))
    with pytest.raises(PermanentError, match="administrator"):
        connector.create_field("contact", "FDCONTACTID__c", "Freshdesk contact id")
