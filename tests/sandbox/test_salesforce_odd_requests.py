"""Whatever is sent, the Salesforce sandbox answers as an API does and never breaks."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sandbox.salesforce import seeding, sessions
from sandbox.salesforce.answers import ApiRequest
from sandbox.salesforce.api import Api
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import Org
from sandbox.store import Store

WORDS = """
    SELECT Id FROM Contact Account WHERE AND OR NOT ( ) = != < >= LIKE IN INCLUDES 'a%' 'x' '' 5 -1.5 null true
    2026-01-01 2026-01-01T00:00:00Z Email Account.Name Who.Type ORDER BY DESC NULLS LAST LIMIT OFFSET 3 COUNT(Id) count()
    GROUP MAX(Score__c) SUM(Name) , TODAY LAST_N_DAYS:3 Birthdate SystemModstamp Is_Vip__c MailingAddress Description c.Id
    FIELDS(ALL) ALL ROWS FOR VIEW ' \\ é
"""
VALUES = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=40), some.lists(some.text(), max_size=1),
    some.dictionaries(some.sampled_from(["Name", "FDACCOUNTID__c", "type"]), some.text(), max_size=1),
    some.sampled_from(["2026-01-01", "2026-01-01T00:00:00Z", "0035e000009zzzzAAA", "a@b.example", "x" * 40_000]),
)  # fmt: skip
FIELD_NAMES = [f"{name}.{field.name}" for name, found in OBJECTS.items() for field in found.fields]
QUIET = settings(max_examples=150)


@pytest.fixture(scope="module")
def api():
    org = Org(Store())
    seeding.seed(org, "empty", {"cross_references": True, "contacts": 20, "accounts": 2})
    org.store.set_value("switch:daily_api_requests", 10**9)
    return Api(org)


def status(api, method, path, body=None, query=None):
    token = f"Bearer {sessions.open_session(api.org, 'x')}"
    headers = {"authorization": token, "content-type": "application/json"}
    answer = api.answer(ApiRequest(method, path, query or {}, headers, json.dumps(body).encode()))
    answer.encoded()
    return answer.status


@QUIET
@given(some.lists(some.sampled_from(WORDS.split()), max_size=12).map(" ".join), some.booleans())
def test_any_query_is_answered_or_refused(api, words, is_whole):
    soql = words if is_whole else f"SELECT Id FROM Contact WHERE {words}"
    assert status(api, "GET", "/query", query={"q": soql}) in (200, 400)


@QUIET
@given(some.dictionaries(some.sampled_from(FIELD_NAMES), VALUES, max_size=5), some.sampled_from(sorted(OBJECTS)))
def test_any_record_is_saved_or_refused(api, fields, name):
    record = {key.partition(".")[2]: value for key, value in fields.items()}
    assert status(api, "POST", f"/sobjects/{name}", record) in (201, 400, 404)
    rows = [{"attributes": {"type": name}, **record}]
    assert status(api, "POST", "/composite/sobjects", {"records": rows}) in (200, 400)
    assert status(api, "PATCH", "/composite/sobjects", {"records": rows}) in (200, 400)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/composite", {"compositeRequest": [{}]}),
        ("/composite", {"compositeRequest": [{"method": 5, "url": 5, "referenceId": "a"}]}),
        ("/composite/batch", {"batchRequests": ["x"]}),
        ("/composite/sobjects", {"records": [{"attributes": None}]}),
        ("/composite/sobjects", {"records": [{"attributes": {"type": {}}}]}),
        ("/composite/sobjects/Contact", {"ids": [1], "fields": []}),
        ("/jobs/ingest", {"object": 5, "operation": []}),
        ("/jobs/query", {"operation": "query", "query": ["x"]}),
        (
            "/tooling/sobjects/CustomField",
            {"FullName": "Contact.x__c", "Metadata": {"type": "Text", "label": "x", "length": "y"}},
        ),
        (
            "/tooling/sobjects/CustomField",
            {"FullName": "Contact.x__c", "Metadata": {"type": "Picklist", "label": "x", "valueSet": 5}},
        ),
    ],
)
def test_bodies_of_a_wrong_shape_are_refused(api, path, body):
    assert status(api, "POST", path, body) in (200, 400)
