"""Bulk jobs: every row of the answers adds up, whatever their order, and what is not answered is unknown."""

from datetime import UTC, datetime, timedelta

import pytest
from connector_contract import records_of, until_stopped
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Write
from connectors.errors import AuthError, TransientError
from connectors.salesforce_bulk import BulkJobs, Waiting, parse, split_error, table_of
from connectors.salesforce_calls import ApiError, Problem
from connectors.salesforce_collections import Way

INSERT, UPDATE = Way("insert"), Way("update")


def person(number, **fields):
    return {"LastName": f"Person {number:04}", "Email": f"p{number}@example.com", **fields}


def creates(count, **fields):
    return [Write("create", None, person(number, **fields)) for number in range(count)]


@pytest.fixture
def bulk(salesforce):
    """Return a connector that sends more than one write as a bulk job."""
    return salesforce.build(bulk_writes=1, bulk_rows=1)


def test_above_the_limit_a_job_costs_a_few_calls_for_any_number(salesforce):
    salesforce.connector.ping()
    salesforce.client.reset_calls()
    results = list(salesforce.connector.write("contact", creates(5_000)))
    calls = salesforce.client.calls()
    assert calls["read"] + calls["write"] <= 8
    live = salesforce.live()
    assert [live[result.id]["LastName"] for result in results] == [f"Person {number:04}" for number in range(5_000)]


def test_good_and_bad_rows_find_back_to_their_writes(salesforce, bulk):
    writes = creates(50)
    for place in (3, 17):
        writes[place] = Write("create", None, person(place, Email="not-an-address"))
    writes[30] = Write("create", None, {"Email": "p30@example.com"})
    results = list(bulk.write("contact", writes))
    assert {place: result.code for place, result in enumerate(results) if result.state == "failed"} == {
        3: "INVALID_EMAIL_ADDRESS",
        17: "INVALID_EMAIL_ADDRESS",
        30: "REQUIRED_FIELD_MISSING",
    }
    assert all(result.message for result in results if result.state == "failed")


def test_equal_rows_each_have_a_result_of_their_own(salesforce, bulk):
    results = list(bulk.write("contact", [Write("create", None, person(1))] * 5))
    assert len({result.id for result in results}) == 5


def test_updates_leave_alone_what_they_do_not_name(salesforce, bulk):
    ids = [salesforce.put(**person(number, Title="old", Phone="1")) for number in range(3)]
    writes = [
        Write("update", ids[0], {"Title": "new"}),
        Write("update", ids[1], {"Phone": None}),
        Write("update", ids[2], {"Title": "", "DoNotCall": True}),
    ]
    assert [result.state for result in bulk.write("contact", writes)] == ["done"] * 3
    live = salesforce.live()
    assert [(live[id].get("Title"), live[id].get("Phone")) for id in ids] == [("new", "1"), ("old", None), (None, "1")]
    assert live[ids[2]]["DoNotCall"] is True


def test_one_record_twice_is_two_jobs_in_order(salesforce, bulk):
    id = salesforce.put(**person(1))
    writes = [Write("update", id, {"Title": title}) for title in ("a", "b")]
    assert [result.state for result in bulk.write("contact", writes)] == ["done", "done"]
    assert salesforce.live()[id]["Title"] == "b"


def test_deletes_go_in_bulk_and_twice_is_no_matter(salesforce, bulk):
    writes = [Write("delete", salesforce.put(**person(number))) for number in range(3)]
    assert [result.state for result in bulk.write("contact", writes)] == ["done"] * 3
    assert [result.state for result in bulk.write("contact", writes)] == ["done"] * 3
    assert salesforce.live() == {}


def test_upserts_make_no_twin(salesforce):
    salesforce.connector.create_field("contact", "FDCONTACTID__c", "Freshdesk contact id")
    bulk = salesforce.build(bulk_writes=1, external_id_fields={"contact": "FDCONTACTID__c"})
    writes = [Write("create", None, person(number, FDCONTACTID__c=f"Key{number}")) for number in range(10)]
    first, second = list(bulk.write("contact", writes)), list(bulk.write("contact", writes))
    assert [result.id for result in first] == [result.id for result in second]
    assert len(salesforce.live()) == 10


def test_difficult_text_comes_through(salesforce, bulk):
    titles = ["a,b", 'q"q', "line\nline", "ü 日本", "=1+1", "'"]
    results = list(bulk.write("contact", [Write("create", None, person(n, Title=title)) for n, title in enumerate(titles)]))
    assert [salesforce.live()[result.id]["Title"] for result in results] == titles


def test_the_very_text_that_means_null_goes_another_way(salesforce, bulk):
    results = list(bulk.write("contact", [*creates(2), Write("create", None, person(3, Title="#N/A"))]))
    assert salesforce.live()[results[2].id]["Title"] == "#N/A"


def test_rows_a_failed_job_never_reached_may_be_repeated_or_say_why(salesforce, bulk):
    salesforce.client.switches(bulk_unprocessed=4)
    results = list(bulk.write("contact", creates(10)))
    assert [result.state for result in results].count("done") == 6
    assert {result.state for result in results} == {"done", "failed"}
    assert len(salesforce.live()) == 6
    salesforce.client.switches(bulk_unprocessed=0)


def test_an_unknown_field_fails_every_row_with_its_name(salesforce, bulk):
    results = list(bulk.write("contact", creates(3, Nonsense__c="x")))
    assert {result.state for result in results} == {"failed"}
    assert all("Nonsense__c" in result.message for result in results)
    assert salesforce.live() == {}


def test_a_slow_job_is_waited_for(salesforce, bulk):
    salesforce.client.switches(bulk_polls=3)
    assert [result.state for result in bulk.write("contact", creates(3))] == ["done"] * 3
    assert salesforce.pauses == [1.0, 1.5, 2.25]
    salesforce.client.switches(bulk_polls=0)


def test_a_job_whose_results_cannot_be_read_is_unknown_then_stops(salesforce, bulk):
    bulk.ping()
    salesforce.client.fault("500", times=-1, path="successfulResults")
    results, error = until_stopped(bulk.write("contact", creates(3)))
    assert [result.state for result in results] == ["unknown"] * 3
    assert isinstance(error, TransientError)
    assert len(salesforce.live()) == 3


@pytest.mark.parametrize("path", ["jobs/ingest/[^/]+$", "successfulResults", "failedResults"])
def test_a_login_that_ends_while_a_job_runs_leaves_its_records_unknown(salesforce, bulk, path):
    bulk.ping()
    salesforce.client.fault("401", times=-1, method="GET", path=path)
    results, error = until_stopped(bulk.write("contact", creates(3)))
    assert len(results) == len(salesforce.live()) == 3, "they are there, and are not to be sent again"
    assert {result.state for result in results} <= {"done", "unknown"}
    assert isinstance(error, AuthError)


@pytest.mark.parametrize(("fault", "error"), [("401", AuthError), ("500", TransientError)])
def test_a_job_that_is_refused_before_its_start_has_sent_nothing_and_nothing_waits_for_it(salesforce, fault, error):
    bulk = salesforce.build(bulk_writes=1, total_seconds=0.2)
    bulk.ping()
    salesforce.client.fault(fault, times=-1, path="batches")
    results, stopped = until_stopped(bulk.write("contact", creates(3)))
    assert (results, salesforce.live()) == ([], {})
    assert isinstance(stopped, error)
    bulk.require_finished("contact")


def test_of_a_job_that_nobody_can_ask_after_nothing_is_said(salesforce, bulk, monkeypatch):
    call = bulk._calls.call

    def refuse(method, path, kind, **arguments):
        answer = call(method, path, kind, **arguments)
        if path.startswith("jobs/ingest/") and method in ("PATCH", "GET"):
            raise ApiError("refused", 400, Problem("INVALIDJOB", "no"))
        return answer

    monkeypatch.setattr(bulk._calls, "call", refuse)
    results, stopped = until_stopped(bulk.write("contact", creates(3)))
    assert [result.state for result in results] == ["unknown"] * 3
    assert isinstance(stopped, TransientError)
    assert len(salesforce.live()) == 3, "it has begun, and is not given up"


@pytest.mark.parametrize("kind", ["broken", "page", "half"])
def test_results_that_end_in_the_middle_leave_no_record_out(salesforce, bulk, kind):
    bulk.ping()
    salesforce.client.fault(kind, times=-1, path="successfulResults")
    results, _ = until_stopped(bulk.write("contact", creates(9)))
    assert len(results) == len(salesforce.live()) == 9
    assert "unknown" in {result.state for result in results} <= {"done", "unknown"}


@pytest.mark.parametrize("kind", ["broken", "page", "half"])
def test_a_bulk_query_that_ends_in_the_middle_is_not_taken_for_whole(salesforce, bulk, kind):
    salesforce.client.insert("Contact", [{"LastName": f"Person {number}"} for number in range(9)])
    bulk.ping()
    salesforce.client.fault(kind, times=-1, path="results")
    with pytest.raises(TransientError):
        list(bulk.read_changes("contact", None, ["LastName"]))


@pytest.mark.parametrize("path", ["jobs/ingest$", "batches", "jobs/ingest/[^/]+$"])
def test_an_answer_lost_on_the_way_makes_nothing_twice(salesforce, bulk, path):
    bulk.ping()
    salesforce.client.fault("lost", path=path)
    results = list(bulk.write("contact", creates(3)))
    assert len(salesforce.live()) == 3
    assert [result.state for result in results] == ["done"] * 3


@pytest.mark.parametrize("header_on_pages", [True, False])
def test_a_bulk_query_gives_what_rest_gives(salesforce, bulk, header_on_pages):
    salesforce.client.switches(bulk_header_on_pages=header_on_pages)
    account = salesforce.client.insert("Account", [{"Name": "Nordwerk", "NumberOfEmployees": 5, "AnnualRevenue": 1.5}])[0]
    salesforce.client.insert("Account", [{"Name": 'A "quoted", long\nname'}])
    for number in range(3):
        salesforce.put(**person(number, AccountId=account, DoNotCall=True))
    salesforce.remove(salesforce.put(**person(9)))
    for entity, fields in (
        ("account", ["Name", "NumberOfEmployees", "AnnualRevenue"]),
        ("contact", ["Email", "DoNotCall", "Account.Name"]),
    ):
        for since in (None, records_of(salesforce.connector.read_changes(entity, None, fields)).popitem()[1].modified_at):
            plain = records_of(salesforce.connector.read_changes(entity, since, fields))
            assert records_of(bulk.read_changes(entity, since, fields)) == plain
    salesforce.client.switches(bulk_header_on_pages=True)


def test_a_bulk_query_shows_what_was_there_when_it_began_and_says_so(salesforce, bulk, monkeypatch):
    salesforce.client.insert("Contact", [person(number) for number in range(3)])
    began, call = datetime.now(UTC), bulk._calls.call

    def slow(method, path, kind, **arguments):
        if path.endswith("/results"):
            salesforce.client.clock(600)
            salesforce.client.insert("Contact", [person(9)])
        return call(method, path, kind, **arguments)

    monkeypatch.setattr(bulk._calls, "call", slow)
    pages = list(bulk.read_changes("contact", None, ["LastName"]))
    salesforce.client.clock(0)
    assert len([record for page in pages for record in page.records]) == 3, "who came later is not in it"
    assert all(page.server_time - began < timedelta(minutes=5) for page in pages), "and is read by the next run"


@pytest.mark.parametrize("header_on_pages", [True, False])
def test_a_bulk_query_of_many_pages_loses_no_row(salesforce, bulk, header_on_pages):
    salesforce.client.switches(bulk_header_on_pages=header_on_pages)
    ids = salesforce.client.insert("Contact", [person(number) for number in range(25)])
    jobs = BulkJobs(bulk._calls, "Contact")
    pages = [rows for rows, _ in jobs.query("SELECT Id, LastName FROM Contact", page_rows=10)]
    assert [len(rows) for rows in pages] == [10, 10, 5]
    assert {row["Id"] for rows in pages for row in rows} == set(ids)
    salesforce.client.switches(bulk_header_on_pages=True)


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=5)
ROWS = st.lists(st.dictionaries(st.sampled_from(["LastName", "Title", "Phone"]), CELL, min_size=1), min_size=1, max_size=20)


@given(ROWS, st.randoms())
def test_rows_find_back_from_any_order(rows, chance):
    writes = [Write("create", None, row) for row in rows]
    table = table_of(INSERT, writes)
    _, echoed = parse(table.encode())
    chance.shuffle(echoed)
    waiting = Waiting(INSERT, table)
    places = [waiting.take(row) for row in echoed]
    assert sorted(places) == list(range(len(writes)))
    assert waiting.take(echoed[0]) is None


def test_a_value_that_reads_like_its_column_is_no_second_header():
    assert parse(b"Title\nTitle\nCEO\n") == (["Title"], [{"Title": "Title"}, {"Title": "CEO"}])
    assert parse(b"Title\nCEO\n", ["Title"]) == parse(b"CEO\n", ["Title"]) == (["Title"], [{"Title": "CEO"}])
    assert parse(b"") == ([], [])


def test_the_file_is_plain_csv_without_a_byte_order_mark():
    content = table_of(UPDATE, [Write("update", "003", {"Title": None, "DoNotCall": False})]).encode()
    assert content == b"Id,DoNotCall,Title\n003,false,#N/A\n"


@pytest.mark.parametrize("content", [b"", b'"sf__Id","sf__Created"\n'])
def test_an_empty_result_file_has_no_rows(content):
    assert parse(content)[1] == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("REQUIRED:Fields are missing: [LastName]:LastName --", ("REQUIRED", "Fields are missing: [LastName]:LastName")),
        ("DUPLICATES_DETECTED:Use one of these records?:--", ("DUPLICATES_DETECTED", "Use one of these records?")),
        ("ODD", ("ODD", "")),
    ],
)
def test_errors_of_rows_are_code_and_message(text, parts):
    assert split_error(text) == parts


def test_only_jobs_of_ours_on_the_object_that_may_still_write_are_waited_for(salesforce, bulk):
    def opened(name):
        body = {"object": name, "operation": "insert", "contentType": "CSV"}
        return bulk._calls.call("POST", "jobs/ingest", "write", json=body).json()["id"]

    bulk.require_finished("contact")
    opened("Lead")
    bulk.require_finished("contact")
    job = opened("Contact")
    with pytest.raises(TransientError, match=f"{job} on Contact in state Open"):
        bulk.require_finished("contact")
    salesforce.client.fault("401", path="userinfo", times=2)
    with pytest.raises(TransientError, match="in state Open"):
        bulk.require_finished("contact")
    salesforce.client.clock(601)
    bulk.require_finished("contact")
    salesforce.client.clock(0)
    bulk._calls.call("PATCH", f"jobs/ingest/{job}", "write", json={"state": "Aborted"})
    bulk.require_finished("contact")
