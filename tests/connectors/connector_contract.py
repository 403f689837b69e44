"""What every connector promises. A connector's test class inherits these and gives a `bench`."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import NOT_SENT, Field, Write
from connectors.errors import AuthError, RateLimitError, SyncError, TransientError

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
GONE = "999999999"


def records_of(pages):
    """Return the records of all pages by id, the last word on each."""
    return {record.id: record for page in pages for record in page.records}


def until_stopped(results):
    """Return the results that came and what stopped them."""
    known = []
    try:
        for result in results:
            known.append(result)
    except SyncError as error:
        return known, error
    return known, None


class ConnectorContract:
    """The promises that need no HTTP."""

    gone = GONE

    def new(self, bench, number, **fields):
        return {bench.name: f"Person {number:04}", bench.email: f"p{number}@example.com", **fields}

    def read_changes(self, bench, since, *fields):
        return records_of(bench.connector.read_changes("contact", since, [bench.name, bench.email, *fields]))

    def test_ping_names_the_same_account_each_time(self, bench):
        assert bench.connector.ping() == bench.connector.ping()
        assert bench.connector.ping().id

    def test_describe_gives_fields(self, bench):
        assert all(isinstance(field, Field) for field in bench.connector.describe("contact"))

    def test_since_is_inclusive(self, bench):
        id = bench.put(**self.new(bench, 1))
        modified = self.read_changes(bench, None)[id].modified_at
        assert id in self.read_changes(bench, modified)
        assert id not in self.read_changes(bench, modified + timedelta(seconds=2))

    def test_a_page_comes_even_when_nothing_changed(self, bench):
        pages = list(bench.connector.read_changes("contact", None, [bench.name]))
        assert pages
        assert [record for page in pages for record in page.records] == []
        assert pages[0].server_time.utcoffset() == timedelta(0)

    def test_all_pages_come(self, bench):
        ids = {bench.put(**self.new(bench, number)) for number in range(230)}
        assert set(self.read_changes(bench, None)) == ids
        assert set(self.read_changes(bench, EPOCH)) == ids

    def test_records_are_flat_with_aware_times(self, bench):
        id = bench.put(**self.new(bench, 1))
        record = self.read_changes(bench, None)[id]
        assert record.raw[bench.email] == "p1@example.com"
        assert record.modified_at.utcoffset() == timedelta(0)
        assert not record.is_deleted

    def test_an_edit_is_a_change(self, bench):
        id, _ = bench.put(**self.new(bench, 1)), bench.put(**self.new(bench, 2))
        bench.edit(id, **{bench.name: "Renamed"})
        assert self.read_changes(bench, None)[id].raw[bench.name] == "Renamed"

    def test_deletions_are_reported(self, bench):
        id = bench.put(**self.new(bench, 1))
        bench.remove(id)
        assert self.read_changes(bench, EPOCH)[id].is_deleted

    def test_without_since_only_what_lives_comes(self, bench):
        gone, kept = bench.put(**self.new(bench, 1)), bench.put(**self.new(bench, 2))
        bench.remove(gone)
        assert set(self.read_changes(bench, None)) == {kept}

    def test_read_leaves_out_what_does_not_exist(self, bench):
        id = bench.put(**self.new(bench, 1))
        assert set(records_of(bench.connector.read("contact", [id, self.gone], [bench.name]))) == {id}

    def test_read_tells_what_is_deleted(self, bench):
        id = bench.put(**self.new(bench, 1))
        bench.remove(id)
        assert records_of(bench.connector.read("contact", [id], [bench.name]))[id].is_deleted

    def test_reading_and_finding_nothing_asks_nothing(self, bench):
        before = bench.requests()
        assert list(bench.connector.read("contact", [], [])) == []
        assert list(bench.connector.find("contact", bench.email, ["", "  "], [])) == []
        assert bench.requests() == before

    def test_find_knows_no_case_and_only_the_living(self, bench):
        id, gone = bench.put(**self.new(bench, 1)), bench.put(**self.new(bench, 2))
        bench.remove(gone)
        values = ["P1@Example.com", "p2@example.com", "nobody@example.com"]
        assert set(records_of(bench.connector.find("contact", bench.email, values, [bench.name]))) == {id}

    def test_find_many_at_once(self, bench):
        ids = {bench.put(**self.new(bench, number)) for number in range(120)}
        values = [f"p{number}@example.com" for number in range(0, 120)]
        assert set(records_of(bench.connector.find("contact", bench.email, values, [bench.name]))) == ids

    def test_find_takes_any_text_as_a_value(self, bench):
        bench.put(**self.new(bench, 1))
        hostile = ["x' OR Name != '", "\\", "a\nb", 'q"q', "ü+&=%@example.com", "') OR ('1'='1"]
        assert records_of(bench.connector.find("contact", bench.email, hostile, [bench.name])) == {}

    def test_create_update_delete_come_back_in_order(self, bench):
        old, doomed = bench.put(**self.new(bench, 1)), bench.put(**self.new(bench, 2))
        writes = [
            Write("create", None, self.new(bench, 3)),
            Write("update", old, {bench.name: "Renamed"}),
            Write("delete", doomed),
            Write("create", None, self.new(bench, 4)),
        ]
        results = list(bench.connector.write("contact", writes))
        assert [result.state for result in results] == ["done"] * 4
        assert [result.id for result in results[1:3]] == [old, doomed]
        live = bench.live()
        assert set(live) == {old, results[0].id, results[3].id}
        assert live[old][bench.name] == "Renamed"
        assert live[results[3].id][bench.email] == "p4@example.com"

    def test_an_update_touches_only_what_it_names(self, bench):
        id = bench.put(**self.new(bench, 1))
        list(bench.connector.write("contact", [Write("update", id, {bench.name: "Renamed"})]))
        assert bench.live()[id][bench.email] == "p1@example.com"

    def test_none_clears_a_value(self, bench):
        id = bench.put(**self.new(bench, 1, **{bench.phone: "+49 40 1"}))
        list(bench.connector.write("contact", [Write("update", id, {bench.phone: None})]))
        assert not bench.live()[id].get(bench.phone)

    def test_one_bad_row_does_not_stop_the_others(self, bench):
        bad = {**self.new(bench, 2), bench.email: bench.bad_email}
        writes = [Write("create", None, fields) for fields in (self.new(bench, 1), bad, self.new(bench, 3))]
        results = list(bench.connector.write("contact", writes))
        assert [result.state for result in results] == ["done", "failed", "done"]
        assert results[1].code
        assert results[1].message
        assert len(bench.live()) == 2

    def test_an_update_of_what_is_gone_fails_for_that_row(self, bench):
        [result] = bench.connector.write("contact", [Write("update", self.gone, {bench.name: "X"})])
        assert result.state == "failed"
        assert not result.is_transient

    def test_a_delete_of_what_is_gone_is_done(self, bench):
        id = bench.put(**self.new(bench, 1))
        results = [
            *bench.connector.write("contact", [Write("delete", id)]),
            *bench.connector.write("contact", [Write("delete", id)]),
        ]
        assert [result.state for result in results] == ["done", "done"]

    def test_no_writes_no_request(self, bench):
        before = bench.requests()
        assert list(bench.connector.write("contact", [])) == []
        assert bench.requests() == before

    def test_a_created_field_is_there_and_making_it_twice_is_no_matter(self, bench):
        for _ in range(2):
            bench.connector.create_field("contact", bench.new_field, "Lockstep id")
        made = next(field for field in bench.connector.describe("contact") if field.name == bench.new_field)
        assert (made.type, made.length, made.is_unique, made.is_custom) == ("text", 255, True, True)

    def test_a_lost_create_is_unknown_and_done_once(self, bench):
        bench.lose()
        writes = [Write("create", None, self.new(bench, number)) for number in range(bench.rows_per_call + 1)]
        results = list(bench.connector.write("contact", writes))
        assert sorted(result.state for result in results) == ["done"] + ["unknown"] * bench.rows_per_call
        assert len(bench.live()) == len(writes)


class HttpContract(ConnectorContract):
    """The promises of a connector that speaks HTTP."""

    def test_an_idle_check_is_cheap(self, bench):
        bench.connector.ping()
        bench.client.reset_calls()
        self.read_changes(bench, datetime.now(UTC) + timedelta(hours=1))
        assert bench.client.calls()["read"] == bench.idle_calls

    def test_429_waits_as_long_as_the_server_asks(self, bench):
        bench.client.fault("429", retry_after=7)
        self.read_changes(bench, None)
        assert len(bench.pauses) == 1
        assert 7 <= bench.pauses[0] < 8

    def test_429_beyond_the_cap_carries_the_wait(self, bench):
        bench.client.fault("429", retry_after=900, times=-1)
        with pytest.raises(RateLimitError) as caught:
            self.read_changes(bench, None)
        assert caught.value.wait_seconds == 900

    def test_401_is_an_auth_error(self, bench):
        with pytest.raises(AuthError):
            bench.wrong_key().ping()

    @pytest.mark.parametrize("kind", ["500", "502", "503", "html", "cut"])
    def test_passing_trouble_is_got_over(self, bench, kind):
        id = bench.put(**self.new(bench, 1))
        bench.client.fault(kind, times=2)
        assert set(self.read_changes(bench, None)) == {id}

    @pytest.mark.parametrize("kind", ["500", "html", "cut"])
    def test_lasting_trouble_is_transient(self, bench, kind):
        bench.client.fault(kind, times=-1)
        with pytest.raises(TransientError):
            self.read_changes(bench, None)

    def test_a_lost_update_is_repeated(self, bench):
        id = bench.put(**self.new(bench, 1))
        bench.connector.ping()
        bench.client.fault("lost", times=2)
        [result] = bench.connector.write("contact", [Write("update", id, {bench.name: "Renamed"})])
        assert result.state == "done"

    def test_writes_whose_answers_stay_lost_are_unknown_then_the_run_stops(self, bench):
        id = bench.put(**self.new(bench, 1))
        bench.connector.ping()
        bench.client.fault("lost", times=-1)
        results = bench.connector.write("contact", [Write("update", id, {bench.name: "Renamed"})])
        assert next(results).state == "unknown"
        with pytest.raises(TransientError):
            next(results)

    def test_results_known_so_far_come_before_the_stop(self, bench):
        writes = [Write("create", None, self.new(bench, number)) for number in range(bench.rows_per_call + 1)]
        bench.connector.ping()
        bench.client.fault("429", retry_after=900, times=-1, after=1)
        results, error = until_stopped(bench.connector.write("contact", writes))
        assert isinstance(error, RateLimitError)
        assert [result.state for result in results if result.code != NOT_SENT] == ["done"] * bench.rows_per_call
        assert len(bench.live()) == bench.rows_per_call

    def test_no_secret_and_no_person_in_any_log_line(self, bench, caplog):
        caplog.set_level(logging.DEBUG)
        id = bench.put(**self.new(bench, 1))
        self.read_changes(bench, EPOCH)
        list(bench.connector.find("contact", bench.email, ["p1@example.com"], [bench.name]))
        list(bench.connector.write("contact", [Write("create", None, self.new(bench, 2)), Write("delete", id)]))
        bench.client.fault("500")
        self.read_changes(bench, None)
        lines = [record.getMessage() for record in caplog.records if record.name.startswith(("connectors", "urllib3"))]
        assert len(lines) >= 5
        said = "\n".join(lines)
        assert not [word for word in (*bench.secrets, "example.com", "Person", "Bearer", "Basic") if word in said]
