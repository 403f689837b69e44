"""Writes of the Salesforce connector: together, once, told row by row; and the fields it makes."""

import json
from datetime import UTC, datetime

import pytest
from connector_contract import until_stopped
from requests.adapters import BaseAdapter
from salesforce_org import creates, org_that_answers, person, write
from transport import response

from connectors.contract import Write
from connectors.errors import PermanentError, RateLimitError, TransientError
from connectors.salesforce import SalesforceConnector
from connectors.session import Session
from sandbox.salesforce.rules import ASSIGNED_OWNER_ID

GONE = "0035e0000099999AAA"


def test_writes_of_one_kind_go_together(salesforce):
    salesforce.connector.ping()
    salesforce.client.reset_calls()
    ids = [result.id for result in write(salesforce.connector, *creates(450))]
    assert salesforce.client.calls()["write"] == 3
    live = salesforce.live()
    assert [live[id]["LastName"] for id in ids] == [f"Person {number:04}" for number in range(450)]


def test_a_thousand_updates_are_one_call(salesforce):
    ids = [salesforce.put(**person(number)) for number in range(3)]
    ids += [result.id for result in write(salesforce.connector, *creates(1100)[100:])]
    salesforce.client.fault("row_lock", id=ids[700])
    salesforce.client.reset_calls()
    results = write(salesforce.connector, *(Write("update", id, {"Title": "x"}) for id in ids))
    assert salesforce.client.calls()["by"] == {"POST /composite": 1, "PATCH /composite/sobjects": 1}
    assert [place for place, result in enumerate(results) if result.state != "done"] == [700]
    assert [result.id for result in results] == ids
    titles = [row.get("Title") for row in salesforce.live().values()]
    assert titles.count("x") == len(ids) - 1


def test_updates_whose_common_answer_was_lost_are_repeated_and_one_that_stays_lost_is_unknown(salesforce):
    ids = [result.id for result in write(salesforce.connector, *creates(300))]
    updates = [Write("update", id, {"Title": "x"}) for id in ids]
    salesforce.client.fault("lost", path="/composite$")
    assert {result.state for result in write(salesforce.connector, *updates)} == {"done"}
    salesforce.client.fault("lost", path="/composite$", times=-1)
    results, error = until_stopped(salesforce.connector.write("contact", updates))
    assert [result.state for result in results] == ["unknown"] * 300
    assert isinstance(error, TransientError)


def test_packets_that_are_refused_together_are_sent_by_themselves():
    rows = [{"id": GONE, "success": True, "errors": []}]
    refusal = [{"errorCode": "REQUEST_TOO_LARGE", "message": "too much"}]
    answers = [(413, {}, json.dumps(refusal)), (200, {}, json.dumps(rows * 200)), (200, {}, json.dumps(rows * 100))]
    connector, _, transport = org_that_answers(*answers)
    updates = [Write("update", f"0035e{number:010d}AAA", {"Title": "x"}) for number in range(300)]
    assert {result.state for result in connector.write("contact", updates)} == {"done"}
    assert len(transport.requests) == 3


def test_one_record_written_twice_ends_as_the_last_write_says(salesforce):
    id = salesforce.put(**person(1))
    results = write(salesforce.connector, *(Write("update", id, {"Title": title}) for title in ("a", "b", "c")))
    assert [result.state for result in results] == ["done"] * 3
    assert salesforce.live()[id]["Title"] == "c"


def test_two_lists_kept_with_one_kind_of_record_have_an_external_id_each(salesforce):
    for name in ("GRCONTACTID__c", "GRVIPID__c"):
        salesforce.connector.create_field("contact", name, name)
    connector = salesforce.build(external_id_fields={"contact": ["GRCONTACTID__c", "GRVIPID__c"]})
    both = [Write("create", None, {**person(number), name: "a1"}) for number, name in ((1, "GRCONTACTID__c"), (2, "GRVIPID__c"))]
    first, again = (write(connector, *both) for _ in range(2))
    assert [result.state for result in (*first, *again)] == ["done"] * 4
    assert [result.id for result in first] == [result.id for result in again]
    assert len(salesforce.live()) == 2


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
