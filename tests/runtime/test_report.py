"""The demo's report says what moved, what is held back and why."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from pipeline import QUICK, Pipeline, memory_pair, shipped_folder
from tools import report
from tools.report import Report, Run, render, table

NOTHING = {"updated": 0, "deleted": 0, "linked": 0}


def _moved(**values: Any) -> dict[str, Any]:
    return {"entity": "contact", "side": "app", "created": 12, **NOTHING, **values}


def _reason(**values: Any) -> dict[str, Any]:
    row = {"entity": "contact", "side": "salesforce", "field": "email", "reason": "not an address", "records": 3}
    return {**row, "example": "003A", **values}


def test_what_moved_is_one_row_per_entity_and_direction() -> None:
    text = render(Report("freshdesk", [_moved(), _moved(side="salesforce", created=0, updated=4)], []))
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["contact", "Salesforce", "→", "Freshdesk", "12", "0", "0", "0"],
        ["contact", "Freshdesk", "→", "Salesforce", "0", "4", "0", "0"],
    ]


def test_reasons_come_with_count_and_example() -> None:
    text = render(Report("freshdesk", [_moved()], [_reason(), _reason(field="", reason="there is one", records=1)], 4))
    assert "Records that need a person: 4" in text
    assert "3 × contact of Salesforce: email: not an address  (for example 003A)" in text
    assert "1 × contact of Salesforce: there is one" in text


def test_a_reason_that_names_its_field_does_not_say_it_twice() -> None:
    assert "email: email" not in render(Report("freshdesk", [], [_reason(reason="email: not an address")]))


def test_a_long_reason_shows_that_it_was_cut() -> None:
    assert f"{'x' * 149}…  (for example" in render(Report("freshdesk", [], [_reason(field="", reason="x" * 400)]))


def test_many_reasons_are_cut_and_counted() -> None:
    text = render(Report("freshdesk", [], [_reason(field=f"f{number}") for number in range(20)], 60))
    assert text.count("×") == 12
    assert "20 reasons in all" in text


def test_what_waits_what_lost_and_what_is_under_way_is_told() -> None:
    text = render(Report("freshdesk", [_moved()], [], waiting=2, conflicts=3, open=4))
    assert [re.findall(r"\d+", line) for line in text.splitlines()[3:]] == [["2"], ["3"], ["4"]]


def test_runs_that_moved_nothing_say_so() -> None:
    assert "Nothing moved: no write call was made." in render(Report("freshdesk", [], []))


@pytest.mark.parametrize(
    ("state", "is_finished"), [("done", True), ("partial", True), ("idle", True), ("open", False), ("", False)]
)
def test_a_run_is_finished_when_its_batch_is_closed(state: str, is_finished: bool) -> None:
    assert Run(state).is_finished is is_finished


def test_a_table_is_aligned() -> None:
    lines = table(["name", "to", "n"], [["a", "b", 1], ["longer", "c", 100]]).splitlines()
    assert len({len(line) for line in lines[1:]}) == 1


def test_the_report_of_real_runs_counts_what_they_did(engine: Engine, tmp_path: Path) -> None:
    memory = Pipeline(engine, shipped_folder("freshdesk", tmp_path), memory_pair(), stages=QUICK)
    memory.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    salesforce, app = (memory.connectors[side] for side in ("salesforce", "app"))
    salesforce.put("contact", LastName="Lind", Email="lind@nordwerk.example")
    salesforce.put("contact", LastName="Berg", Email="lind@nordwerk.example")
    app.put("contact", name="Mara Holm", email="holm@nordwerk.example")
    with psycopg.connect(engine.url.render_as_string(hide_password=False).replace("+psycopg", "")) as connection:
        assert not report.has_backfill(connection, "salesforce_freshdesk")
        memory.run(mode="backfill")
        assert report.read_run(connection, memory.run_id) == Run("partial", 4, 1)
        assert report.has_backfill(connection, "salesforce_freshdesk")
        first = memory.run_id
        memory.run()
        assert report.read_run(connection, memory.run_id).written == 0
        assert report.read_run(connection, "another") == Run()
        found = report.read(connection, "freshdesk", [first, memory.run_id])
        moved = {(row["side"], *(row[name] for name in report.COLUMNS)) for row in found.moved}
        assert moved == {("app", 1, 0, 0, 1), ("salesforce", 1, 0, 0, 1)}
        [held] = found.held
        assert (held["entity"], held["records"], found.held_records, found.waiting, found.open) == ("contact", 1, 1, 0, 0)
        assert report.example_contact(connection) in salesforce.live("contact")
