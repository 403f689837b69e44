"""Allowance, versions and faults of the Salesforce sandbox."""

import pytest
import requests
from salesforce_rest import error_of


def test_every_counted_call_names_the_usage(org, rest):
    assert rest.get("/sobjects/Contact/describe").headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert rest.get("/sobjects/Nope/describe").headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    body = rest.get("/limits").json()
    assert body["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_997}
    assert body["DailyBulkV2QueryJobs"]["Max"] == 10_000
    org.switches(per_app_usage=True)
    expected = "api-usage=4/100000; per-app-api-usage=4/100000(appName=sync)"
    assert rest.get("/limits").headers["Sforce-Limit-Info"] == expected


def test_the_version_list_is_free_and_open(org):
    answer = requests.get(f"{org.url}/services/data/", timeout=5)
    assert {"label": "Version 59", "url": "/services/data/v59.0", "version": "59.0"} in answer.json()
    assert "Sforce-Limit-Info" not in answer.headers


def test_a_spent_allowance_refuses_until_the_next_day(org, rest):
    org.switches(daily_api_requests=2)
    assert [rest.get("/limits").status_code for _ in range(3)] == [200, 200, 403]
    answer = rest.get("/limits")
    assert answer.json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    org.clock(86400)
    rest.session.headers["Authorization"] = f"Bearer {org.action('issue_token')}"
    assert rest.get("/limits").status_code == 200


def test_record_counts(org, rest):
    org.insert("Contact", [{"LastName": "x"}] * 3)
    body = rest.get("/limits/recordCount", params={"sObjects": "contact,Account"}).json()
    assert body == {"sObjects": [{"count": 3, "name": "Contact"}]}


def test_versions_out_of_service(rest):
    assert rest.get("/services/data/v30.0/limits").status_code == 410
    assert rest.get("/services/data/v99.0/limits").status_code == 404
    assert rest.get("/services/data/v66.0/").json()["query"] == "/services/data/v66.0/query"


def test_wrong_verbs(rest):
    assert error_of(rest.call("PUT", "/sobjects/Contact")) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("token", 401, "INVALID_SESSION_ID"),
        ("limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("disabled", 403, "API_DISABLED_FOR_ORG"),
        ("500", 500, "UNKNOWN_EXCEPTION"),
    ],
)
def test_faults_speak_the_platform_s_language(org, rest, kind, status, code):
    org.fault(kind)
    assert error_of(rest.get("/limits")) == (status, code)
    assert rest.get("/limits").status_code == 200


def test_an_unavailable_server_answers_with_one_object_or_html(org, rest):
    org.fault("503")
    assert rest.get("/limits").json() == {"message": "Server is unavailable", "errorCode": "SERVER_UNAVAILABLE"}
    org.fault("html")
    answer = rest.get("/limits")
    assert [answer.status_code, answer.headers["content-type"]] == [503, "text/html; charset=utf-8"]


def test_a_lost_answer_of_an_upsert_was_done_once(org, rest):
    org.fault("lost", method="PATCH", path="FDCONTACTID__c")
    path = "/sobjects/Contact/FDCONTACTID__c/1"
    with pytest.raises(requests.ConnectionError):
        rest.patch(path, {"LastName": "x"})
    assert rest.patch(path, {"LastName": "x"}).json()["created"] is False
    assert len(org.records("Contact")) == 1


def test_labels_of_calls_have_no_ids(org, rest):
    contact = rest.create("Contact", LastName="x")
    rest.get(f"/sobjects/Contact/{contact}")
    rest.get("/sobjects/Contact/FDCONTACTID__c/4711")
    rest.get("/query/01g5e0000000001AAA-2000")
    rest.post("/composite/sobjects/Contact", {"ids": [contact], "fields": ["Id"]})
    assert org.calls() == {
        "read": 4, "write": 1, "auth": 0, "other": 0, "records_written": 1,
        "by": {
            "POST /sobjects/Contact": 1, "GET /sobjects/Contact/{id}": 1, "GET /sobjects/Contact/FDCONTACTID__c/{key}": 1,
            "GET /query/{locator}": 1, "POST /composite/sobjects/Contact": 1,
        },
    }  # fmt: skip
