"""What a run was asked for: a plan only, a part, a limit, and runs that overtake each other."""

from datetime import timedelta

import pytest

from connectors.errors import GuardError, PermanentError, TransientError
from connectors.memory import MemoryConnector
from pipeline import Pipeline, names


def test_a_plan_that_was_only_looked_at_does_not_hide_the_match_from_the_next_run(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 0")
    desk = app.put("contact", name="Mara Lind", phone="+49 30 1234")
    app.now += timedelta(seconds=1)
    memory.run()
    salesforce.put("contact", FirstName="Mara", LastName="Lind", Phone="+49 30 1234")
    memory.run(mode="plan")
    memory.run()
    assert memory.rows("select app_id from sync.link where entity = 'contact'") == [(desk,)]
    assert len(app.live("contact")) == 1


def test_since_later_than_the_watermark_leaves_no_gap(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 0")
    memory.run()
    salesforce.put("contact", LastName="Early", Email="early@nordwerk.example")
    late = salesforce.put("contact", LastName="Late", Email="late@nordwerk.example")
    memory.run(since=salesforce.records["contact"][late].modified_at)
    assert names(app) == ["Late"]
    memory.run()
    assert names(app) == ["Early", "Late"]


@pytest.mark.parametrize("direction", ["to_app", "to_salesforce"])
def test_what_a_run_in_one_direction_leaves_out_comes_with_the_next(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector, direction: str
) -> None:
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="old")
    memory.run(mode="backfill")
    desk = next(iter(app.live("contact")))
    memory.run()
    salesforce.edit("contact", contact, Title="new")
    app.edit("contact", desk, description="from the app")
    salesforce.put("contact", LastName="Only", Email="only@nordwerk.example")
    app.put("contact", name="Jon Doe", email="jon@nordwerk.example")
    memory.run(direction=direction)
    is_to_app = direction == "to_app"
    assert (app.live("contact")[desk]["job_title"] == "new") == is_to_app
    assert (salesforce.live("contact")[contact].get("Description") == "from the app") != is_to_app
    assert len(app.live("contact")) + len(salesforce.live("contact")) == 5
    memory.run()
    assert app.live("contact")[desk]["job_title"] == "new"
    assert salesforce.live("contact")[contact]["Description"] == "from the app"
    assert len(app.live("contact")) == len(salesforce.live("contact")) == 3


def test_a_run_left_behind_by_a_newer_one_writes_nothing(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="old")
    memory.run(stages=("extract", "map", "reconcile"), run_id="first")
    salesforce.edit("contact", contact, Title="new")
    memory.run(stages=("extract",), run_id="second")
    for stage in ("map", "reconcile", "load"):
        memory.run_id = "first"
        assert "superseded_by" in memory.stage(stage)
    memory.run_id = "second"
    for stage in ("map", "reconcile", "load"):
        memory.stage(stage)
    assert [raw["job_title"] for raw in app.live("contact").values()] == ["new"]


def test_a_backfill_that_broke_off_is_not_taken_for_done_because_of_a_newer_run(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    salesforce.now += timedelta(days=1)
    memory.run()
    app.faults.stop_after = 0
    with pytest.raises(TransientError):
        memory.run(mode="backfill", run_id="backfill")
    app.faults.stop_after = None
    salesforce.put("contact", LastName="Berg", Email="nils@nordwerk.example")
    memory.run()
    memory.run_id = "backfill"
    with pytest.raises(PermanentError, match=r"overtaken by batch 3, which has not read what it was asked for.*Trigger it again"):
        memory.stage("load", mode="backfill")
    assert [raw["name"] for raw in app.live("contact").values()] == ["Berg"]
    memory.run(mode="backfill")
    memory.stage("load", mode="backfill")
    assert len(app.live("contact")) == 2


def test_load_does_not_carry_out_a_plan_that_the_guard_stopped(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    with pytest.raises(GuardError, match="max_changes allows 0"):
        memory.run(max_changes=0)
    with pytest.raises(PermanentError, match="plan is not carried out any more"):
        memory.stage("load", max_changes=0)
    assert app.writes_seen + salesforce.writes_seen == 0


def test_a_record_found_as_a_match_and_changed_as_well_is_a_change(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Freshdesk_Tags__c=7)
    app.put("contact", name="Mara Lind", email="mara@nordwerk.example")
    memory.run()
    memory.run()
    rows = memory.rows("select side, origin from staging.raw where entity = 'contact' and batch_id = 2 order by 1")
    assert ("app", "match") not in rows
