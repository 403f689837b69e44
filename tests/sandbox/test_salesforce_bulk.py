"""Bulk API 2.0 of the Salesforce sandbox: ingest and query jobs."""

import csv
import io

import pytest
from salesforce_rest import error_of

CSV = {"Content-Type": "text/csv; charset=UTF-8"}


def start(rest, operation="insert", name="Contact", **more):
    return rest.post("/jobs/ingest", {"object": name, "operation": operation, "contentType": "CSV", **more})


def run(rest, text, operation="insert", name="Contact", **more):
    job = start(rest, operation, name, **more).json()
    data = text if isinstance(text, bytes) else text.encode()
    assert rest.call("PUT", f"/jobs/ingest/{job['id']}/batches", data=data, headers=CSV).status_code == 201
    assert rest.patch(f"/jobs/ingest/{job['id']}", {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    return rest.get(f"/jobs/ingest/{job['id']}").json()


def table(rest, job, which):
    answer = rest.get(f"/jobs/ingest/{job['id']}/{which}")
    assert answer.headers["content-type"] == "text/csv; charset=UTF-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_a_job_goes_through_its_states(org, rest):
    org.switches(bulk_polls=2)
    answer = start(rest, "upsert", externalIdFieldName="fdcontactid__c")
    job = answer.json()
    assert answer.status_code == 200
    assert [job["state"], job["lineEnding"], job["columnDelimiter"], job["apiVersion"]] == ["Open", "LF", "COMMA", 59.0]
    assert [job["externalIdFieldName"], job["jobType"]] == ["FDCONTACTID__c", "V2Ingest"]
    path = f"/jobs/ingest/{job['id']}"
    assert job["contentUrl"] == f"services/data/v59.0{path}/batches"
    assert error_of(rest.get(f"{path}/successfulResults")) == (400, "INVALIDJOBSTATE")
    assert rest.call("PUT", f"{path}/batches", data="FDCONTACTID__c,LastName\n1,x\n", headers=CSV).status_code == 201
    assert error_of(rest.call("PUT", f"{path}/batches", data="x", headers=CSV)) == (400, "INVALIDBATCH")
    rest.patch(path, {"state": "UploadComplete"})
    assert [rest.get(path).json()["state"] for _ in range(4)] == ["InProgress", "InProgress", "JobComplete", "JobComplete"]
    assert error_of(rest.patch(path, {"state": "Aborted"})) == (400, "INVALIDJOBSTATE")
    assert "contentUrl" not in rest.get(path).json()
    assert rest.delete(path).status_code == 204
    assert error_of(rest.get(path)) == (404, "NOT_FOUND")


def test_rows_fail_alone_and_results_are_shuffled_but_complete(org, rest):
    rows = [f"{number},Name {number}" if number != 7 else "7," for number in range(50)]
    job = run(rest, "\n".join(["FDCONTACTID__c,LastName", *rows]) + "\n", "upsert", externalIdFieldName="FDCONTACTID__c")
    assert [job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]] == ["JobComplete", 50, 1]
    done, failed = table(rest, job, "successfulResults"), table(rest, job, "failedResults")
    keys = [row["FDCONTACTID__c"] for row in done]
    assert sorted(keys, key=int) != keys
    assert {*keys, "7"} == {str(number) for number in range(50)}
    assert {row["sf__Created"] for row in done} == {"true"}
    assert failed == [
        {
            "sf__Id": "",
            "sf__Error": "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
            "FDCONTACTID__c": "7",
            "LastName": "",
        }
    ]
    assert table(rest, job, "unprocessedrecords") == []
    assert org.calls()["records_written"] == 49


def test_empty_keeps_and_the_null_word_clears(org, rest):
    contact = rest.create("Contact", LastName="x", Title="CEO", Phone="1")
    job = run(rest, f"Id,Title,Phone,Is_Vip__c\n{contact},,#N/A,true\n", "update")
    assert table(rest, job, "successfulResults")[0]["sf__Created"] == "false"
    record = org.records("Contact")[0]
    assert [record["Title"], record.get("Phone"), record["Is_Vip__c"]] == ["CEO", None, True]


def test_quotes_line_breaks_and_delimiters(org, rest):
    text = 'LastName;Description\r\n"O""Hara; x";"two\r\nlines"\r\n'
    run(rest, text, columnDelimiter="SEMICOLON", lineEnding="CRLF")
    record = org.records("Contact")[0]
    assert [record["LastName"], record["Description"]] == ['O"Hara; x', "two\r\nlines"]


def test_a_parent_by_external_id_in_the_header(org, rest):
    account = rest.create("Account", Name="Acme", FDACCOUNTID__c="A-17")
    job = run(rest, "LastName,Account.FDACCOUNTID__c\nA,A-17\nB,A-18\n")
    assert table(rest, job, "failedResults")[0]["sf__Error"].startswith("INVALID_FIELD:Foreign key external ID: A-18 not found")
    assert [record["AccountId"] for record in org.records("Contact")] == [account]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LastName,Foo__c\nx,y\n", "InvalidBatch : Field name not found : Foo__c"),
        ("\ufeffLastName\nx\n", "InvalidBatch : Field name not found : \ufeffLastName"),
        ("LastName\r\nx\r\n", "LineEnding is invalid on user data. Current LineEnding setting is LF"),
        (b"LastName\n\xe4\n", "InvalidBatch : The data is not UTF-8"),
        ("", "InvalidBatch : The CSV has no header"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_job(org, rest, text, message):
    job = run(rest, text)
    assert [job["state"], job["errorMessage"], job["numberRecordsProcessed"]] == ["Failed", message, 0]
    assert org.records("Contact") == []


def test_unprocessed_rows_after_a_failure(org, rest):
    org.switches(bulk_unprocessed=2)
    job = run(rest, "LastName\nA\nB\nC\n")
    assert job["state"] == "Failed"
    assert [row["LastName"] for row in table(rest, job, "unprocessedrecords")] == ["B", "C"]
    assert [row["LastName"] for row in table(rest, job, "successfulResults")] == ["A"]


def test_delete_jobs(org, rest):
    ids = [rest.create("Contact", LastName=name) for name in "AB"]
    run(rest, f"Id\n{ids[0]}\n", "delete")
    assert [record["Id"] for record in org.records("Contact")] == [ids[1]]
    assert error_of(start(rest, "hardDelete")) == (400, "FEATURENOTENABLED")
    org.switches(allow_hard_delete=True)
    run(rest, f"Id\n{ids[1]}\n", "hardDelete")
    assert len(org.records("Contact", with_deleted=True)) == 1


def test_duplicates_and_keys_met_twice(org, rest):
    org.switches(duplicate_rule="alert")
    rest.create("Contact", LastName="A", Email="a@b.example")
    job = run(rest, "LastName,Email\nB,A@b.example\n")
    assert table(rest, job, "failedResults")[0]["sf__Error"] == "DUPLICATES_DETECTED:Use one of these records?:--"
    job = run(rest, "FDCONTACTID__c,LastName\n1,A\n1,B\n", "upsert", externalIdFieldName="FDCONTACTID__c")
    assert table(rest, job, "failedResults")[0]["sf__Error"].startswith("DUPLICATE_EXTERNAL_ID:")


def test_an_aborted_job_wrote_nothing(org, rest):
    job = start(rest).json()
    rest.call("PUT", f"/jobs/ingest/{job['id']}/batches", data="LastName\nx\n", headers=CSV)
    assert rest.patch(f"/jobs/ingest/{job['id']}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.records("Contact") == []
    assert len(table(rest, job, "unprocessedrecords")) == 1


def test_the_one_shot_form(org, rest):
    job = '{"object":"Contact","operation":"insert","contentType":"CSV"}'
    files = {"job": (None, job, "application/json"), "content": ("content", "LastName\nÄ\n", "text/csv")}
    answer = rest.call("POST", "/jobs/ingest", files=files)
    assert [answer.status_code, answer.json()["state"]] == [200, "UploadComplete"]
    assert [record["LastName"] for record in org.records("Contact")] == ["Ä"]


def test_the_lead_rule_runs_only_when_named(org, rest):
    org.switches(assignment_rule=True)
    run(rest, "LastName,Company\nA,x\n", name="Lead")
    run(rest, "LastName,Company\nB,x\n", name="Lead", assignmentRuleId="01Q5e0000000001AAA")
    assert len({record["OwnerId"] for record in org.records("Lead")}) == 2


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"object": "Nope", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Contact", "operation": "explode"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "upsert", "externalIdFieldName": "Title"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "columnDelimiter": "X"}, "INVALIDJOB"),
    ],
)
def test_refused_jobs(rest, wish, code):
    assert error_of(rest.post("/jobs/ingest", wish)) == (400, code)


def query(rest, soql, operation="query"):
    answer = rest.post("/jobs/query", {"operation": operation, "query": soql})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_query_jobs_page_with_locators(org, rest):
    org.switches(bulk_polls=1)
    org.insert("Contact", [{"LastName": f"Ä{number}", "Title": None if number else "x"} for number in range(5)])
    job = query(rest, "SELECT LastName, Title, Account.Name, IsDeleted, SystemModstamp FROM Contact")
    assert job["state"] == "UploadComplete"
    path = f"/jobs/query/{job['id']}"
    assert rest.get(f"{path}/results").status_code == 204
    assert [rest.get(path).json()["state"] for _ in range(2)] == ["InProgress", "JobComplete"]
    assert rest.get(path).json()["numberRecordsProcessed"] == 5
    page = rest.get(f"{path}/results", params={"maxRecords": 3})
    assert page.headers["Sforce-NumberOfRecords"] == "3"
    lines = page.content.decode().splitlines()
    assert lines[0] == '"LastName","Title","Account.Name","IsDeleted","SystemModstamp"'
    assert lines[1].startswith('"Ä0","x","","false","20')
    assert lines[1].endswith('.000Z"')
    last = rest.get(f"{path}/results", params={"maxRecords": 3, "locator": page.headers["Sforce-Locator"]})
    assert [last.headers["Sforce-Locator"], last.headers["Sforce-NumberOfRecords"]] == ["null", "2"]
    assert last.content.decode().splitlines()[0] == lines[0]
    org.switches(bulk_header_on_pages=False)
    again = rest.get(f"{path}/results", params={"locator": page.headers["Sforce-Locator"]})
    assert again.content.decode().startswith('"Ä3"')
    assert error_of(rest.get(f"/services/data/v60.0{path}/results")) == (409, "API_VERSION_MISMATCH")
    assert error_of(rest.get(f"{path}/results?locator=%21%21")) == (400, "INVALID_QUERY_LOCATOR")


def test_query_all_jobs_see_the_recycle_bin(org, rest):
    rest.delete(f"/sobjects/Contact/{rest.create('Contact', LastName='x')}")
    job = query(rest, "SELECT Id FROM Contact WHERE IsDeleted = true", "queryAll")
    assert rest.get(f"/jobs/query/{job['id']}").json()["numberRecordsProcessed"] == 1
    assert rest.delete(f"/jobs/query/{job['id']}").status_code == 204


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Foo FROM Contact", "INVALID_FIELD"),
        ("SELECT COUNT(Id) FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id FROM Contact LIMIT 1 OFFSET 1", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT MailingAddress FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "FUNCTIONALITY_NOT_ENABLED"),
    ],
)
def test_queries_no_job_can_run(rest, soql, code):
    assert error_of(rest.post("/jobs/query", {"operation": "query", "query": soql})) == (400, code)


def test_jobs_count_as_reads_and_writes(org, rest):
    query(rest, "SELECT Id FROM Contact")
    start(rest)
    assert [org.calls()["read"], org.calls()["write"]] == [1, 1]
