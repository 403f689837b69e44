"""What a broken or lost answer leaves behind, over two systems in memory."""

import pytest

from broken import Dying
from connectors.errors import TransientError
from connectors.memory import MemoryConnector
from pipeline import Pipeline, forget_staging, names


def run_killed(pipeline: Pipeline) -> None:
    """Let a run be killed once the app has done its update, and before it has answered."""
    alive = pipeline.connectors
    pipeline.connectors = {**alive, "app": Dying(alive["app"], on="update")}
    with pytest.raises(KeyboardInterrupt):
        pipeline.run()
    pipeline.connectors = alive


def test_a_lost_create_is_found_by_the_first_run_of_the_next_day(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    app.faults.lost = {1}
    memory.run()
    assert app.writes_seen == 1
    forget_staging(memory.engine)
    memory.run()
    assert names(app) == ["Lind"]
    assert memory.rows("select state from sync.link where entity = 'contact'") == [("live",)]


def test_a_lost_create_of_an_entity_that_is_switched_off_waits_for_it(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    salesforce.put("contact", LastName="Lind", Phone="+49 30 1234")
    app.faults.lost = {1}
    memory.run()
    memory.change("settings.yaml", "  contact:\n", "  contact:\n    enabled: false\n")
    memory.run()
    memory.change("settings.yaml", "    enabled: false\n", "")
    memory.run()
    assert names(app) == ["Lind"]


def test_a_lost_update_that_arrived_is_not_taken_for_an_edit_of_the_app(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "prefer: salesforce ", "prefer: app ")
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="first")
    memory.run(mode="backfill")
    salesforce.edit("contact", contact, Title="second")
    app.faults.lost = {app.writes_seen + 1}
    memory.run()
    salesforce.edit("contact", contact, Title="third")
    memory.run()
    assert [raw["job_title"] for raw in app.live("contact").values()] == ["third"]
    assert salesforce.live("contact")[contact]["Title"] == "third"
    assert memory.rows("select field from sync.conflict") == []


def test_the_part_of_a_lost_update_that_arrived_is_not_taken_for_an_edit_of_the_app(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "prefer: salesforce ", "prefer: app ")
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="first")
    memory.run(mode="backfill")
    [there] = app.live("contact")
    salesforce.edit("contact", contact, Title="second", Description="here")
    run_killed(memory)
    app.edit("contact", there, description="there")
    salesforce.edit("contact", contact, Title="third")
    memory.run()
    memory.run()
    assert app.live("contact")[there]["job_title"] == salesforce.live("contact")[contact]["Title"] == "third"
    assert app.live("contact")[there]["description"] == salesforce.live("contact")[contact]["Description"] == "there"
    assert memory.rows("select field from sync.conflict where field = 'job_title'") == []


def test_a_conflict_stays_noted_though_of_its_lost_write_only_a_part_is_found(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="first", MailingCity="Kiel")
    memory.run(mode="backfill")
    [there] = app.live("contact")
    salesforce.edit("contact", contact, Title="here", Phone="+49 431 1")
    app.edit("contact", there, job_title="there")
    run_killed(memory)
    app.edit("contact", there, phone="+49 431 2")
    memory.run()
    query = "select app_value from sync.conflict where field = 'job_title'"
    assert memory.rows(query) == [("there",)]
    memory.run()
    assert memory.rows(query) == [("there",)]
    assert salesforce.live("contact")[contact]["Title"] == app.live("contact")[there]["job_title"] == "here"


def test_a_cross_reference_that_was_not_written_is_mended_by_the_next_run(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    salesforce.faults.cut = {1}
    memory.run()
    assert salesforce.live("contact")[contact].get("FDCONTACTID__c") is None
    memory.run()
    assert salesforce.live("contact")[contact]["FDCONTACTID__c"] == next(iter(app.live("contact")))


def test_a_cross_reference_left_behind_by_a_broken_run_is_mended(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    salesforce.faults.stop_after = 0
    with pytest.raises(TransientError, match="stop here"):
        memory.run()
    salesforce.faults.stop_after = None
    memory.run()
    assert salesforce.live("contact")[contact]["FDCONTACTID__c"] == next(iter(app.live("contact")))
