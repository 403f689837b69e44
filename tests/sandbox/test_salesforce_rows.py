"""Single records of the Salesforce sandbox, and the rules every save goes through."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from salesforce_rest import DATA, error_of

from sandbox.salesforce.ids import ADMIN_USER_ID, INTEGRATION_USER_ID, checksum

UNKNOWN = "0035e000009zzzzAAA"


def refusal(answer):
    body = answer.json()[0]
    return answer.status_code, body["errorCode"], body["message"], body["fields"]


def test_create_answers_with_id_and_location(rest):
    answer = rest.post("/sobjects/Contact/", {"LastName": "Lovelace"})
    record_id = answer.json()["id"]
    assert answer.json() == {"id": record_id, "success": True, "errors": []}
    assert answer.headers["Location"] == f"{DATA}/sobjects/Contact/{record_id}"
    assert re.fullmatch("003[0-9A-Za-z]{15}", record_id)
    assert record_id[15:] == checksum(record_id[:15])


def test_a_record_reads_back_with_stamps_and_nulls(rest):
    record_id = rest.create("contact", lastname=" Lovelace ", firstname="Ada", Email="Ada@Acme.example", Title="")
    record = rest.get(f"/sobjects/Contact/{record_id[:15]}").json()
    assert record["attributes"] == {"type": "Contact", "url": f"{DATA}/sobjects/Contact/{record_id}"}
    assert [record["Name"], record["Email"], record["Title"]] == ["Ada Lovelace", "Ada@Acme.example", None]
    assert record["IsDeleted"] is False
    assert record["CreatedById"] == record["OwnerId"] == INTEGRATION_USER_ID
    assert record["SystemModstamp"] == record["LastModifiedDate"] == record["CreatedDate"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", record["SystemModstamp"])
    chosen = rest.get(f"/sobjects/Contact/{record_id}", params={"fields": "id,Email"}).json()
    assert chosen.keys() == {"attributes", "Id", "Email"}


def test_an_omitted_field_is_kept_and_null_clears(rest):
    record_id = rest.create("Contact", LastName="A", Email="a@b.example", Phone="1")
    assert rest.patch(f"/sobjects/Contact/{record_id}", {"Email": None}).status_code == 204
    record = rest.get(f"/sobjects/Contact/{record_id}").json()
    assert [record["Email"], record["Phone"]] == [None, "1"]


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, ("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"])),
        ({"LastName": " "}, ("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"])),
        ({"LastName": "x", "Foo__c": 1}, ("INVALID_FIELD", "No such column 'Foo__c' on sobject of type Contact", [])),
        ({"LastName": "x", "Title": "y" * 129}, ("STRING_TOO_LONG", "Title: data value too large: ", ["Title"])),
        ({"LastName": "x", "Email": "foo"}, ("INVALID_EMAIL_ADDRESS", "Email: invalid email address: foo", ["Email"])),
        ({"LastName": "x", "Email": "a b@c.example"}, ("INVALID_EMAIL_ADDRESS", "Email: ", ["Email"])),
        (
            {"LastName": "x", "Region__c": "Mitte"},
            ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Region: bad value", ["Region__c"]),
        ),
        ({"LastName": "x", "AccountId": "foo"}, ("MALFORMED_ID", "Account ID: id value of incorrect type", ["AccountId"])),
        ({"LastName": "x", "AccountId": UNKNOWN}, ("MALFORMED_ID", "Account ID: id value of incorrect type", ["AccountId"])),
        ({"LastName": "x", "ReportsToId": UNKNOWN}, ("INVALID_CROSS_REFERENCE_KEY", "invalid cross", ["ReportsToId"])),
        ({"LastName": "x", "Name": "y"}, ("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Name.", ["Name"])),
        ({"LastName": "x", "Id": UNKNOWN}, ("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert", ["Id"])),
        ({"LastName": "x", "Is_Vip__c": None}, ("INVALID_TYPE_ON_FIELD_IN_RECORD", "VIP: value not of", ["Is_Vip__c"])),
        ({"LastName": "x", "Is_Vip__c": "maybe"}, ("JSON_PARSER_ERROR", "Cannot deserialize instance of boolean", [])),
        ({"LastName": "x", "Phone": 5}, ("JSON_PARSER_ERROR", "Cannot deserialize instance of string", [])),
        ({"LastName": "x", "Birthdate": "01.02.1990"}, ("JSON_PARSER_ERROR", "Cannot deserialize instance of date", [])),
        ({"LastName": "x", "Last_Login__c": "2026-01-01"}, ("JSON_PARSER_ERROR", "Cannot deserialize instance of datetime", [])),
        ({"LastName": "x", "Score__c": 1e7}, ("NUMBER_OUTSIDE_VALID_RANGE", "Score: value outside", ["Score__c"])),
    ],
)
def test_refused_creates(org, rest, fields, refused):
    status, code, message, names = refusal(rest.post("/sobjects/Contact", fields))
    assert (status, code, names) == (400, refused[0], refused[2])
    assert refused[1] in message
    assert org.records("Contact") == []


def test_all_wrong_values_are_reported_at_once(rest):
    answer = rest.post("/sobjects/Contact", {"LastName": "x" * 81, "Email": "foo"})
    assert [error["errorCode"] for error in answer.json()] == ["STRING_TOO_LONG", "INVALID_EMAIL_ADDRESS"]


def test_values_are_normalised(rest):
    record_id = rest.create(
        "Contact", LastName="x", Last_Login__c="2026-11-21T09:15:30.987+01:00", Score__c="1.239", Is_Vip__c="TRUE",
        Region__c="nord", Interests__c="pumps;Own", LeadSource="Anything",
    )  # fmt: skip
    record = rest.get(f"/sobjects/Contact/{record_id}").json()
    assert record["Last_Login__c"] == "2026-11-21T08:15:30.000+0000"
    assert [record["Score__c"], record["Is_Vip__c"], record["Region__c"]] == [1.24, True, "Nord"]
    assert [record["Interests__c"], record["LeadSource"]] == ["Pumps;Own", "Anything"]


def test_unique_values_name_the_other_record(rest):
    first = rest.create("Contact", LastName="A", FDCONTACTID__c="ab")
    status, code, message, names = refusal(rest.post("/sobjects/Contact", {"LastName": "B", "FDCONTACTID__c": "ab"}))
    assert (status, code, names) == (400, "DUPLICATE_VALUE", [])
    assert message == f"duplicate value found: FDCONTACTID__c duplicates value on record with id: {first[:15]}"
    rest.delete(f"/sobjects/Contact/{first}")
    assert rest.create("Contact", LastName="B", FDCONTACTID__c="ab") != first


def test_upsert_creates_then_updates(rest):
    path = "/sobjects/Contact/FDCONTACTID__c/47%2F11"
    created = rest.patch(path, {"LastName": "A"})
    assert created.status_code == 201
    assert created.json() == {"id": created.json()["id"], "success": True, "errors": [], "created": True}
    again = rest.patch(path, {"LastName": "B"})
    assert [again.status_code, again.json()["id"], again.json()["created"]] == [200, created.json()["id"], False]
    assert rest.get(path).json()["FDCONTACTID__c"] == "47/11"
    old = rest.patch(path.replace("/sobjects", "/services/data/v45.0/sobjects"), {"LastName": "C"})
    assert [old.status_code, old.content] == [204, b""]


def test_upsert_refusals(org, rest):
    assert error_of(rest.patch("/sobjects/Contact/Nope__c/1", {"LastName": "A"})) == (404, "NOT_FOUND")
    assert error_of(rest.patch("/sobjects/Contact/Title/1", {"LastName": "A"})) == (404, "NOT_FOUND")
    assert error_of(rest.patch("/sobjects/Contact/FDCONTACTID__c/1?updateOnly=true", {"LastName": "A"})) == (404, "NOT_FOUND")
    assert error_of(rest.patch("/sobjects/Contact/FDCONTACTID__c/1", {"FDCONTACTID__c": "1"})) == (400, "INVALID_FIELD")
    twins = org.insert("Contact", [{"LastName": "A", "Email": "a@b.example"}, {"LastName": "B", "Email": "A@b.example"}])
    answer = rest.patch("/sobjects/Contact/Email/a@b.example", {"LastName": "C"})
    assert [answer.status_code, answer.json()] == [300, [f"{DATA}/sobjects/Contact/{twin}" for twin in twins]]
    assert rest.get("/sobjects/Contact/Email/a@b.example").status_code == 300


def test_a_parent_by_external_id(rest):
    account = rest.create("Account", Name="Acme", FDACCOUNTID__c="A-17")
    contact = rest.create("Contact", LastName="x", Account={"FDACCOUNTID__c": "A-17"})
    assert rest.get(f"/sobjects/Contact/{contact}").json()["AccountId"] == account
    answer = rest.post("/sobjects/Contact", {"LastName": "x", "Account": {"FDACCOUNTID__c": "A-18"}})
    assert "Foreign key external ID: A-18 not found for field FDACCOUNTID__c in entity Account" in answer.text


def test_missing_and_deleted_records(org, rest):
    gone = rest.create("Contact", LastName="x")
    assert [rest.delete(f"/sobjects/Contact/{gone}").status_code, rest.delete(f"/sobjects/Contact/{gone}").status_code] == [
        204,
        404,
    ]
    assert error_of(rest.delete(f"/sobjects/Contact/{gone}")) == (404, "ENTITY_IS_DELETED")
    assert error_of(rest.patch(f"/sobjects/Contact/{gone}", {"Title": "x"})) == (404, "ENTITY_IS_DELETED")
    assert error_of(rest.get(f"/sobjects/Contact/{gone}")) == (404, "ENTITY_IS_DELETED")
    assert error_of(rest.delete(f"/sobjects/Contact/{UNKNOWN}")) == (404, "INVALID_CROSS_REFERENCE_KEY")
    assert error_of(rest.get(f"/sobjects/Contact/{UNKNOWN}")) == (404, "NOT_FOUND")
    assert error_of(rest.delete("/sobjects/Contact/nonsense")) == (400, "MALFORMED_ID")
    assert error_of(rest.get("/sobjects/Nothing/1")) == (404, "NOT_FOUND")
    org.switches(deleted_patch_status=400)
    assert error_of(rest.patch(f"/sobjects/Contact/{gone}", {"Title": "x"})) == (400, "ENTITY_IS_DELETED")


def test_bad_bodies(rest):
    headers = {"Content-Type": "application/json"}
    assert error_of(rest.call("POST", "/sobjects/Contact", data="{", headers=headers)) == (400, "JSON_PARSER_ERROR")
    assert error_of(rest.call("POST", "/sobjects/Contact", data="[]", headers=headers)) == (400, "JSON_PARSER_ERROR")
    plain = {"Content-Type": "text/plain"}
    assert error_of(rest.call("POST", "/sobjects/Contact", data="{}", headers=plain)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_conditional_reads_and_writes(rest):
    path = f"/sobjects/Contact/{rest.create('Contact', LastName='x')}"
    now = format_datetime(datetime.now(UTC), usegmt=True)
    assert rest.get(path, headers={"If-Modified-Since": now}).status_code == 304
    assert rest.get(path, headers={"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}).status_code == 200
    stale = {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}
    assert rest.patch(path, {"Title": "x"}, headers=stale).status_code == 412
    assert rest.patch(path, {"Title": "x"}, headers={"If-Unmodified-Since": now}).status_code == 204


def test_an_inactive_owner_is_refused(org, rest):
    inactive = next(user["Id"] for user in org.records("User") if not user["IsActive"])
    answer = rest.post("/sobjects/Contact", {"LastName": "x", "OwnerId": inactive})
    assert error_of(answer) == (400, "INACTIVE_OWNER_OR_USER")


def test_the_duplicate_rule(org, rest):
    org.switches(duplicate_rule="alert")
    first = rest.create("Contact", LastName="A", Email="a@b.example")
    twin = {"LastName": "B", "Email": "A@B.example"}
    answer = rest.post("/sobjects/Contact", twin)
    assert error_of(answer) == (400, "DUPLICATES_DETECTED")
    details = answer.json()[0]["duplicateResut"]
    assert details["allowSave"] is True
    assert details["matchResults"][0]["matchRecords"][0]["record"]["Id"] == first
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false"}
    assert rest.post("/sobjects/Contact", twin, headers=allow).status_code == 201
    org.switches(duplicate_rule="block")
    assert error_of(rest.post("/sobjects/Contact", twin, headers=allow)) == (400, "DUPLICATES_DETECTED")
    assert rest.patch(f"/sobjects/Contact/{first}", {"Title": "x"}).status_code == 204


def test_the_assignment_rule_takes_leads_unless_told_otherwise(org, rest):
    org.switches(assignment_rule=True)
    lead = {"LastName": "x", "Company": "y"}

    def owner(lead_id):
        return rest.get(f"/sobjects/Lead/{lead_id}").json()["OwnerId"]

    off = {"Sforce-Auto-Assign": "FALSE"}
    kept = rest.post("/sobjects/Lead", lead, headers=off).json()["id"]
    assert owner(rest.create("Lead", **lead)) == ADMIN_USER_ID
    assert owner(kept) == INTEGRATION_USER_ID
    rest.patch(f"/sobjects/Lead/{kept}", {"Title": "x"}, headers=off)
    assert owner(kept) == INTEGRATION_USER_ID
    rest.patch(f"/sobjects/Lead/{kept}", {"Title": "y"})
    assert owner(kept) == ADMIN_USER_ID


def test_validation_rules_report_all_that_broke(org, rest):
    rule = {"object": "Contact", "field": "Title", "equals": "bad", "message": "no bad titles"}
    org.switches(validation_rules=[rule, {**rule, "message": "really"}])
    answer = rest.post("/sobjects/Contact", {"LastName": "x", "Title": "bad"})
    assert [(error["errorCode"], error["message"]) for error in answer.json()] == [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no bad titles"),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "really"),
    ]


def test_opportunities_know_their_stage(rest):
    sale = rest.create("Opportunity", Name="x", StageName="Prospecting", CloseDate="2026-12-31", Amount=100)
    record = rest.get(f"/sobjects/Opportunity/{sale}").json()
    assert [record[name] for name in ("Probability", "ExpectedRevenue", "IsClosed", "Fiscal")] == [10, 10.0, False, "2026 4"]
    rest.patch(f"/sobjects/Opportunity/{sale}", {"StageName": "Closed Won"})
    record = rest.get(f"/sobjects/Opportunity/{sale}").json()
    assert [record["Probability"], record["IsWon"], record["ForecastCategory"]] == [100, True, "Closed"]


def test_events_need_a_start_and_a_length(rest):
    start = "2026-11-21T08:00:00Z"
    assert error_of(rest.post("/sobjects/Event", {"Subject": "x"})) == (400, "REQUIRED_FIELD_MISSING")
    assert error_of(rest.post("/sobjects/Event", {"StartDateTime": start})) == (400, "REQUIRED_FIELD_MISSING")
    event = rest.create("Event", ActivityDateTime=start, DurationInMinutes=90)
    record = rest.get(f"/sobjects/Event/{event}").json()
    assert record["StartDateTime"] == "2026-11-21T08:00:00.000+0000"
    assert record["EndDateTime"] == "2026-11-21T09:30:00.000+0000"
    both = {"ActivityDateTime": start, "StartDateTime": "2026-11-21T09:00:00Z", "DurationInMinutes": 1}
    assert error_of(rest.post("/sobjects/Event", both)) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_tasks_orders_contracts_and_campaign_members(rest):
    account = rest.create("Account", Name="Acme")
    contact = rest.create("Contact", LastName="x", AccountId=account, Email="x@acme.example")
    task = rest.get(f"/sobjects/Task/{rest.create('Task', WhoId=contact)}").json()
    assert [task["Status"], task["Priority"], task["AccountId"]] == ["Not Started", "Normal", account]
    contract = rest.create("Contract", AccountId=account, StartDate="2026-01-31", ContractTerm=1)
    assert rest.get(f"/sobjects/Contract/{contract}").json()["EndDate"] == "2026-02-27"
    activated = rest.post("/sobjects/Contract", {"AccountId": account, "Status": "Activated"})
    assert error_of(activated) == (400, "FIELD_INTEGRITY_EXCEPTION")
    order = rest.create("Order", AccountId=account, EffectiveDate="2026-01-01", Status="Draft")
    assert rest.get(f"/sobjects/Order/{order}").json()["OrderNumber"] == "00000001"
    campaign = rest.create("Campaign", Name="Fair")
    member = rest.create("CampaignMember", CampaignId=campaign, ContactId=contact)
    assert rest.get(f"/sobjects/CampaignMember/{member}").json()["Email"] == "x@acme.example"
    again = rest.post("/sobjects/CampaignMember", {"CampaignId": campaign, "ContactId": contact})
    assert error_of(again) == (400, "DUPLICATE_VALUE")
    assert (
        error_of(rest.patch(f"/sobjects/CampaignMember/{member}", {"CampaignId": campaign}))[1]
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_only_one_contact_role_is_primary(rest):
    sale = rest.create("Opportunity", Name="x", StageName="Prospecting", CloseDate="2026-12-31")
    roles = [
        rest.create("OpportunityContactRole", OpportunityId=sale, ContactId=rest.create("Contact", LastName=name), IsPrimary=True)
        for name in ("A", "B")
    ]
    primary = [rest.get(f"/sobjects/OpportunityContactRole/{role}").json()["IsPrimary"] for role in roles]
    assert primary == [False, True]


def test_row_faults_strike_named_records(org, rest):
    record_id = rest.create("Contact", LastName="x", Email="a@b.example")
    org.fault("row_lock", id=record_id)
    answer = rest.patch(f"/sobjects/Contact/{record_id}", {"Title": "x"})
    assert error_of(answer) == (400, "UNABLE_TO_LOCK_ROW")
    assert answer.json()[0]["message"].endswith(record_id)
    assert rest.patch(f"/sobjects/Contact/{record_id}", {"Title": "x"}).status_code == 204
    org.fault("bad_record", id="poison@b.example", code="STORAGE_LIMIT_EXCEEDED", message="storage limit exceeded", times=-1)
    assert error_of(rest.post("/sobjects/Contact", {"LastName": "x", "Email": "poison@b.example"}))[1] == "STORAGE_LIMIT_EXCEEDED"
    assert rest.post("/sobjects/Contact", {"LastName": "x"}).status_code == 201
