"""Composite calls of the Salesforce sandbox."""

from salesforce_rest import DATA, error_of

HALTED = "The transaction was rolled back since another operation in the same transaction failed."


def part(name, method, path, body=None, **more):
    return {"method": method, "url": DATA + path, "referenceId": name, **({"body": body} if body else {}), **more}


def send(rest, *parts, whole=False):
    return rest.post("/composite", {"allOrNone": whole, "compositeRequest": list(parts)})


def results(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["compositeResponse"]


def test_later_parts_use_earlier_answers(rest):
    found = results(
        send(
            rest,
            part("acc", "PATCH", "/sobjects/Account/FDACCOUNTID__c/A-17", {"Name": "Acme"}),
            part("con", "POST", "/sobjects/Contact", {"LastName": "Lovelace", "AccountId": "@{acc.id}"}),
            part("query", "GET", "/query?q=SELECT+Id,+AccountId+FROM+Contact+WHERE+AccountId='@{acc.id}'"),
            part("read", "GET", "/sobjects/Account/@{query.records[0].AccountId}"),
        )
    )
    assert [each["httpStatusCode"] for each in found] == [201, 201, 200, 200]
    assert [each["referenceId"] for each in found] == ["acc", "con", "query", "read"]
    assert found[0]["body"] == {"id": found[0]["body"]["id"], "success": True, "errors": [], "created": True}
    assert found[0]["httpHeaders"]["Location"] == f"{DATA}/sobjects/Account/{found[0]['body']['id']}"
    assert found[3]["body"]["Name"] == "Acme"


def test_all_or_none_halts_the_rest_and_undoes_what_was_done(org, rest):
    found = results(
        send(
            rest,
            part("a", "POST", "/sobjects/Account", {"Name": "Acme"}),
            part("b", "POST", "/sobjects/Contact", {"FirstName": "x"}),
            part("c", "POST", "/sobjects/Account", {"Name": "Bolt"}),
            whole=True,
        )
    )
    assert found[0]["body"] == [{"errorCode": "PROCESSING_HALTED", "message": HALTED}]
    assert found[1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert [each["httpStatusCode"] for each in found] == [400, 400, 400]
    assert org.records("Account") == []
    assert org.calls()["records_written"] == 0


def test_without_it_only_what_depends_fails(org, rest):
    found = results(
        send(
            rest,
            part("a", "POST", "/sobjects/Account", {}),
            part("b", "POST", "/sobjects/Contact", {"LastName": "x", "AccountId": "@{a.id}"}),
            part("c", "POST", "/sobjects/Account", {"Name": "Bolt"}),
        )
    )
    assert [each["httpStatusCode"] for each in found] == [400, 400, 201]
    assert "No value for a.id found in a" in found[1]["body"][0]["message"]


def test_it_is_one_call_of_the_allowance(org, rest):
    parts = [part(f"p{number}", "POST", "/sobjects/Account", {"Name": "x"}) for number in range(25)]
    answer = send(rest, *parts)
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert org.calls()["by"] == {"POST /composite": 1}
    assert org.calls()["records_written"] == 25


def test_a_query_too_long_for_an_address_fits_in(rest):
    names = ",".join(f"'{number:018}'" for number in range(900))
    found = results(send(rest, part("q", "GET", f"/query?q=SELECT Id FROM Contact WHERE LastName IN ({names})")))
    assert found[0]["body"] == {"totalSize": 0, "done": True, "records": []}


def test_parts_have_their_own_headers(org, rest):
    org.switches(assignment_rule=True)
    lead = {"LastName": "x", "Company": "y"}
    send(rest, part("a", "POST", "/sobjects/Lead", lead, httpHeaders={"Sforce-Auto-Assign": "FALSE"}))
    send(rest, part("b", "POST", "/sobjects/Lead", lead))
    assert len({record["OwnerId"] for record in org.records("Lead")}) == 2
    unchanged = part("d", "GET", "/sobjects/Lead/describe", httpHeaders={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert results(send(rest, unchanged))[0]["httpStatusCode"] == 304
    refused = results(send(rest, part("c", "GET", "/limits", httpHeaders={"Authorization": "x"})))
    assert refused[0]["httpStatusCode"] == 400


def test_limits_of_the_envelope(rest):
    many = [part(f"p{number}", "GET", "/limits") for number in range(26)]
    assert error_of(send(rest, *many)) == (400, "LIMIT_EXCEEDED")
    queries = [part(f"p{number}", "GET", "/query?q=SELECT+Id+FROM+Lead") for number in range(6)]
    assert error_of(send(rest, *queries)) == (400, "LIMIT_EXCEEDED")
    assert error_of(send(rest, part("a", "GET", "/limits"), part("a", "GET", "/limits"))) == (400, "INVALID_INPUT")
    assert error_of(send(rest, part("a-b", "GET", "/limits"))) == (400, "INVALID_INPUT")
    nested = results(send(rest, part("a", "POST", "/composite", {"compositeRequest": []})))
    assert nested[0]["httpStatusCode"] == 404


def test_reading_composites_count_as_reads(org, rest):
    send(rest, part("q", "GET", "/query?q=SELECT+Id+FROM+Lead"))
    assert [org.calls()["read"], org.calls()["write"]] == [1, 0]


def test_batch_counts_each_part(rest):
    parts = [{"method": "GET", "url": "v59.0/limits"}, {"method": "GET", "url": "v59.0/sobjects/Nope/describe"}]
    answer = rest.post("/composite/batch", {"batchRequests": parts})
    assert answer.json()["hasErrors"] is True
    assert [result["statusCode"] for result in answer.json()["results"]] == [200, 404]
    assert rest.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=3/100000"
