"""The demo's report says what moved and why the rest did not."""

from typing import Any

import pytest

from tools.report import Report, render, table

BATCH = {"id": 7, "mode": "backfill", "state": "done", "reads": {}, "app": "Freshdesk"}
NOTHING = {"updated": 0, "deleted": 0, "alike": 0, "skipped": 0, "failed": 0, "open": 0}


def _moved(**values: Any) -> dict[str, Any]:
    return {"entity": "contact", "side": "app", "created": 12, **NOTHING, **values}


def _reason(**values: Any) -> dict[str, Any]:
    row = {"entity": "contact", "side": "salesforce", "field": "email", "reason": "not an address", "records": 3}
    return {**row, "example": "003A", **values}


def test_what_moved_is_one_row_per_entity_and_direction() -> None:
    text = render(Report(BATCH, [_moved(), _moved(side="salesforce", created=0, updated=4)], [], []))
    assert "batch 7, mode backfill, done" in text
    assert [line.split() for line in text.splitlines()[3:]] == [
        ["contact", "Salesforce", "→", "Freshdesk", "12", "0", "0", "0", "0", "0"],
        ["contact", "Freshdesk", "→", "Salesforce", "0", "4", "0", "0", "0", "0"],
    ]


def test_open_actions_get_a_column_only_when_there_are_any() -> None:
    assert "open" not in render(Report(BATCH, [_moved()], [], []))
    assert "open" in render(Report(BATCH, [_moved(open=2)], [], []))


def test_reasons_come_with_count_and_example() -> None:
    text = render(Report(BATCH, [_moved()], [_reason()], [_reason(field="DUPLICATE", reason="there is one", records=1)]))
    assert "3 × contact of Salesforce: email: not an address  (for example 003A)" in text
    assert "Refused by the other system" in text


def test_a_reason_that_names_its_field_does_not_say_it_twice() -> None:
    assert "email: email" not in render(Report(BATCH, [], [_reason(reason="email: not an address")], []))


def test_a_long_reason_shows_that_it_was_cut() -> None:
    assert f"{'x' * 149}…  (for example" in render(Report(BATCH, [], [_reason(field="", reason="x" * 400)], []))


def test_many_reasons_are_cut_and_counted() -> None:
    text = render(Report(BATCH, [], [_reason(field=f"f{number}") for number in range(20)], []))
    assert text.count("×") == 12
    assert "20 reasons in all" in text


def test_an_idle_run_says_so() -> None:
    assert "Nothing: both systems agree" in render(Report({**BATCH, "state": "idle"}, [], [], []))


def test_a_run_that_only_looked_says_that_it_wrote_nothing() -> None:
    text = render(Report(BATCH, [_moved(created=0, alike=67)], [], []))
    assert "no write call was made; 67 records" in text
    assert "no write call" not in render(Report(BATCH, [_moved(created=0, alike=67, skipped=1)], [], []))


def test_an_entity_that_was_not_read_is_never_called_in_step() -> None:
    text = render(Report({**BATCH, "state": "open", "reads": {"contact": {"error": "no answer"}}}, [], [], []))
    assert "contact: no answer" in text
    assert "agree" not in text


@pytest.mark.parametrize(("state", "is_finished"), [("done", True), ("partial", True), ("idle", True), ("open", False)])
def test_a_run_is_finished_when_its_batch_is_closed(state: str, is_finished: bool) -> None:
    assert Report({**BATCH, "state": state}, [], [], []).is_finished is is_finished


def test_a_run_without_a_batch_points_to_the_log() -> None:
    assert "extract" in render(Report(None, [], [], []))


def test_a_table_is_aligned() -> None:
    lines = table(["name", "to", "n"], [["a", "b", 1], ["longer", "c", 100]]).splitlines()
    assert len({len(line) for line in lines[1:]}) == 1
