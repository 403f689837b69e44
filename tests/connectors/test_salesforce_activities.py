"""Tasks and events: one field per kind of what they point at, custom fields that both share."""

from datetime import UTC, datetime, timedelta

import pytest
from connector_contract import records_of

from connectors.contract import User, Write

FIELDS = ("Subject", "WhatAccountId", "WhatOpportunityId", "WhoContactId", "WhoLeadId", "AccountId")


@pytest.fixture
def things(salesforce):
    """Ids of an account with a contact and a deal, and of a lead."""
    insert = salesforce.client.insert
    [account] = insert("Account", [{"Name": "Nordwerk"}])
    [contact] = insert("Contact", [{"LastName": "Lind", "AccountId": account}])
    [deal] = insert(
        "Opportunity", [{"Name": "Press", "AccountId": account, "StageName": "Prospecting", "CloseDate": "2026-12-31"}]
    )
    [lead] = insert("Lead", [{"LastName": "Roth", "Company": "Werft"}])
    return {"account": account, "contact": contact, "deal": deal, "lead": lead}


def read(salesforce, id):
    return records_of(salesforce.connector.read("task", [id], FIELDS))[id].raw


def create(salesforce, **fields):
    [result] = salesforce.connector.write("task", [Write("create", None, {"Subject": "Call", **fields})])
    assert result.state == "done", result
    return result.id


def test_what_it_points_at_is_told_by_kind(salesforce, things):
    raw = read(salesforce, create(salesforce, WhatAccountId=things["account"], WhoContactId=things["contact"]))
    assert (raw["WhatAccountId"], raw["WhatOpportunityId"]) == (things["account"], None)
    assert (raw["WhoContactId"], raw["WhoLeadId"]) == (things["contact"], None)


def test_the_deal_goes_before_its_account(salesforce, things):
    raw = read(salesforce, create(salesforce, WhatAccountId=things["account"], WhatOpportunityId=things["deal"]))
    assert (raw["WhatOpportunityId"], raw["WhatAccountId"], raw["AccountId"]) == (things["deal"], None, things["account"])


def test_emptying_one_kind_empties_the_field(salesforce, things):
    id = create(salesforce, WhoLeadId=things["lead"])
    assert read(salesforce, id)["WhoLeadId"] == things["lead"]
    assert [r.state for r in salesforce.connector.write("task", [Write("update", id, {"WhoLeadId": None})])] == ["done"]
    assert read(salesforce, id)["WhoLeadId"] is None


def test_changes_carry_the_kinds_too(salesforce, things):
    id = create(salesforce, WhoContactId=things["contact"])
    since = datetime.now(UTC) - timedelta(minutes=1)
    assert records_of(salesforce.connector.read_changes("task", since, FIELDS))[id].raw["WhoContactId"] == things["contact"]


def test_a_task_is_closed_and_opened_by_its_check_box(salesforce):
    id = create(salesforce, IsClosed=True)
    for is_closed, status in ((True, "Completed"), (False, "Not Started")):
        list(salesforce.connector.write("task", [Write("update", id, {"IsClosed": is_closed})]))
        [row] = salesforce.client.records("Task")
        assert (row["Status"], row["IsClosed"]) == (status, is_closed)


def test_an_opportunity_has_its_closing_left_alone(salesforce, things):
    [result] = salesforce.connector.write("opportunity", [Write("update", things["deal"], {"IsClosed": True})])
    assert result.state == "failed"


def test_the_kinds_are_described(salesforce):
    fields = {field.name: field for field in salesforce.connector.describe("event")}
    assert fields["WhatOpportunityId"].type == "reference"
    assert fields["WhatOpportunityId"].is_updateable
    assert {f.name: f for f in salesforce.connector.describe("task")}["IsClosed"].is_updateable
    assert "WhatAccountId" not in {field.name for field in salesforce.connector.describe("contact")}


@pytest.mark.parametrize("entity", ["task", "event"])
def test_a_reference_field_is_made_on_activities_and_shown_for_one_of_the_two(salesforce, entity):
    for _ in range(2):
        salesforce.connector.create_field(entity, "FMID__c", "ForceManager id")
    other = {"task": "event", "event": "task"}[entity]
    assert "FMID__c" in {field.name for field in salesforce.connector.describe(entity)}
    assert "FMID__c" not in {field.name for field in salesforce.connector.describe(other)}
    salesforce.connector.create_field(other, "FMID__c", "ForceManager id")
    assert "FMID__c" in {field.name for field in salesforce.connector.describe(other)}


def test_users_are_those_with_a_licence_of_their_own(salesforce):
    people = {user.name: user for user in salesforce.connector.users()}
    assert people["Ingrid Hansen"] == User(people["Ingrid Hansen"].id, "ingrid.hansen@nordwerk.example", "Ingrid Hansen", True)
    assert not people["Peter Vogt"].is_active
