"""sObject Collections of the Salesforce sandbox: order, limits, partial success, all or none."""

import pytest
from salesforce_rest import error_of


def records(*rows, name="Contact"):
    return [{"attributes": {"type": name}, **row} for row in rows]


def send(rest, method, path, rows, whole=False, **options):
    return rest.call(method, path, json={"allOrNone": whole, "records": rows}, **options)


def outcome(answer):
    assert answer.status_code == 200, answer.text
    return [result["errors"][0]["statusCode"] if not result["success"] else "ok" for result in answer.json()]


def test_create_answers_per_record_in_order(org, rest):
    rows = records({"LastName": "A"}, {"Email": "x@y.example"}, {"LastName": "C"}, {"LastName": "D", "Foo": 1})
    answer = send(rest, "POST", "/composite/sobjects", rows)
    assert outcome(answer) == ["ok", "REQUIRED_FIELD_MISSING", "ok", "INVALID_FIELD"]
    refused = answer.json()[1]
    assert refused["errors"] == [
        {"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [LastName]", "fields": ["LastName"]}
    ]
    assert "id" not in refused
    assert [record["LastName"] for record in org.records("Contact")] == ["A", "C"]
    assert answer.json()[0]["id"] == org.records("Contact")[0]["Id"]


def test_all_or_none_undoes_all(org, rest):
    rows = records({"LastName": "A", "FDCONTACTID__c": "1"}, {"Email": "x@y.example"})
    answer = send(rest, "POST", "/composite/sobjects", rows, whole=True)
    assert outcome(answer) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert org.records("Contact") == []
    assert org.calls()["records_written"] == 0
    assert outcome(send(rest, "POST", "/composite/sobjects", rows[:1], whole=True)) == ["ok"]


def test_update_needs_ids_of_live_records(rest):
    kept, gone = (rest.create("Contact", LastName=name) for name in "AB")
    rest.delete(f"/sobjects/Contact/{gone}")
    rows = records(
        {"id": kept, "Title": "x"}, {"Id": gone, "Title": "x"}, {"Title": "x"}, {"id": "0035e000009zzzz", "Title": "x"},
        {"id": "foo", "Title": "x"}, {"id": kept[:15], "Title": "y"},
    )  # fmt: skip
    assert outcome(send(rest, "PATCH", "/composite/sobjects", rows)) == [
        "ok", "ENTITY_IS_DELETED", "MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "DUPLICATE_VALUE",
    ]  # fmt: skip
    assert rest.get(f"/sobjects/Contact/{kept}").json()["Title"] == "x"


def test_upsert_creates_and_updates(org, rest):
    path = "/composite/sobjects/Contact/FDCONTACTID__c"
    first = send(rest, "PATCH", path, records({"FDCONTACTID__c": "1", "LastName": "A"}, {"FDCONTACTID__c": "2"}))
    assert outcome(first) == ["ok", "REQUIRED_FIELD_MISSING"]
    assert [first.json()[0]["created"], "created" in first.json()[1]] == [True, False]
    second = send(rest, "PATCH", path, records({"FDCONTACTID__c": "1", "Title": "x"}, {"LastName": "keyless"}))
    assert [result["created"] for result in second.json()] == [False, True]
    assert [record.get("Title") for record in org.records("Contact")] == ["x", None]
    by_id = send(rest, "PATCH", "/composite/sobjects/Contact/Id", records({"Id": org.records("Contact")[0]["Id"], "Title": "y"}))
    assert by_id.json()[0]["created"] is False


@pytest.mark.parametrize(
    ("setting", "expected"), [("second", ["ok", "DUPLICATE_EXTERNAL_ID"]), ("both", ["DUPLICATE_EXTERNAL_ID"] * 2)]
)
def test_one_key_twice_in_a_call(org, rest, setting, expected):
    org.switches(duplicate_id_fails=setting)
    rows = records({"FDCONTACTID__c": "a", "LastName": "A"}, {"FDCONTACTID__c": "a", "LastName": "B"})
    answer = send(rest, "PATCH", "/composite/sobjects/Contact/FDCONTACTID__c", rows)
    assert outcome(answer) == expected
    assert answer.json()[1]["errors"][0]["message"] == "Duplicate external id specified: a"


def test_the_recorded_quirk_of_created_on_failures(org, rest):
    org.switches(created_on_failed_upsert=True)
    answer = send(rest, "PATCH", "/composite/sobjects/Contact/FDCONTACTID__c", records({"FDCONTACTID__c": "2"}))
    assert answer.json()[0]["created"] is True


def test_delete_by_ids(org, rest):
    kept, gone = (rest.create("Contact", LastName=name) for name in "AB")
    account = rest.create("Account", Name="x")
    answer = rest.delete(f"/composite/sobjects?ids={gone},{account},zzz&allOrNone=false")
    assert outcome(answer) == ["ok", "ok", "MALFORMED_ID"]
    assert [record["Id"] for record in org.records("Contact")] == [kept]
    assert outcome(rest.delete(f"/composite/sobjects?ids={kept},{gone}&allOrNone=true")) == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "ENTITY_IS_DELETED",
    ]
    assert len(org.records("Contact")) == 1


def test_read_answers_in_order_with_null_for_the_missing(rest):
    ids = [rest.create("Contact", LastName=name) for name in "AB"]
    body = {"ids": [ids[1], "0035e000009zzzzAAA", ids[0]], "fields": ["Id", "LastName"]}
    answer = rest.post("/composite/sobjects/Contact", body).json()
    assert [row and row["LastName"] for row in answer] == ["B", None, "A"]
    query = f"?ids={','.join(ids)}&fields=LastName"
    assert len(rest.get(f"/composite/sobjects/Contact{query}").json()) == 2
    assert error_of(rest.post("/composite/sobjects/Contact", {**body, "fields": ["Foo"]})) == (400, "INVALID_FIELD")


def test_malformed_calls_are_refused_as_a_whole(rest):
    path = "/composite/sobjects"
    assert error_of(send(rest, "POST", path, records(*[{"LastName": "x"}] * 201))) == (400, "EXCEEDED_ID_LIMIT")
    assert error_of(send(rest, "POST", path, [{"LastName": "x"}])) == (400, "INVALID_INPUT")
    assert error_of(send(rest, "POST", path, "x")) == (400, "JSON_PARSER_ERROR")
    assert error_of(send(rest, "PATCH", f"{path}/Contact/Nope__c", records({"LastName": "x"}))) == (404, "NOT_FOUND")
    mixed = [row for _ in range(6) for row in records({"LastName": "x"}) + records({"Name": "y"}, name="Account")]
    assert error_of(send(rest, "POST", path, mixed)) == (400, "INVALID_INPUT")


def test_headers_can_be_ignored_by_switch(org, rest):
    org.switches(assignment_rule=True, assignment_in_collections=False, duplicate_rule="alert")
    off = {"Sforce-Auto-Assign": "FALSE", "Sforce-Duplicate-Rule-Header": "allowSave=true"}
    lead = records({"LastName": "x", "Company": "y", "Email": "a@b.example"}, name="Lead")
    first, second = (send(rest, "POST", "/composite/sobjects", lead, headers=off) for _ in range(2))
    owners = {record["OwnerId"] for record in org.records("Lead")}
    assert [outcome(first), outcome(second), len(owners)] == [["ok"], ["ok"], 1]
    org.switches(duplicate_header_in_collections=False)
    answer = send(rest, "POST", "/composite/sobjects", lead, headers=off)
    assert answer.json()[0]["errors"] == [
        {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    ]


def test_one_locked_row_does_not_stop_the_others(org, rest):
    ids = [rest.create("Contact", LastName=str(number)) for number in range(200)]
    org.fault("row_lock", after=57, times=2)
    rows = records(*[{"id": record_id, "Title": "x"} for record_id in ids])
    found = outcome(send(rest, "PATCH", "/composite/sobjects", rows))
    assert [found.count("ok"), found[57:59]] == [198, ["UNABLE_TO_LOCK_ROW"] * 2]
    assert org.calls()["records_written"] == 398


def test_errors_may_come_without_fields(org, rest):
    rows = records({"LastName": "x", "Foo": 1}, {"Title": "x"})
    org.switches(empty_fields_on_errors=False)
    found = send(rest, "POST", "/composite/sobjects", rows).json()
    assert [error.get("fields") for result in found for error in result["errors"]] == [None, ["LastName"]]
    assert "fields" not in rest.post("/sobjects/Contact", {"Foo": 1}).json()[0]
