"""What a second look at the engine found: each test failed before its fix."""

from dataclasses import fields
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from connectors.contract import Field
from connectors.errors import TransientError
from connectors.memory import MemoryConnector
from pipeline import Pipeline, names


def test_a_run_in_one_direction_closes_no_rejection(memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="old")
    memory.run(mode="backfill")
    salesforce.edit("contact", contact, Title="refused")
    app.faults.refused = {"refused": "invalid_value"}
    memory.run()
    let_time_pass(salesforce, app)
    app.faults.refused = {}
    memory.run()
    make_due(memory)
    memory.run(direction="to_salesforce")
    assert memory.rows("select 1 from sync.rejection where closed_at is null") == [(1,)]
    make_due(memory)
    memory.run()
    assert [raw["job_title"] for raw in app.live("contact").values()] == ["refused"]


def test_history_waits_for_a_run_that_reads_it(memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    memory.change("settings.yaml", "history: none", "history: all")
    salesforce.put("contact", LastName="Old", Email="old@nordwerk.example")
    let_time_pass(salesforce, app)
    salesforce.put("contact", LastName="New", Email="new@nordwerk.example")
    memory.run(since=salesforce.now)
    assert names(app) == ["New"]
    memory.run()
    assert names(app) == ["New", "Old"]


def test_systems_that_describe_nothing_stop_no_run(memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    memory.connectors = {"salesforce": like(Silent, salesforce), "app": like(Silent, app)}
    memory.run(mode="backfill")
    assert names(app) == ["Lind"]


def test_an_error_of_the_database_shows_no_values(memory: Pipeline) -> None:
    with pytest.raises(DBAPIError) as caught, memory.engine.begin() as connection:
        connection.execute(text("select 1 / (length(:email) - 20)"), {"email": "mara@nordwerk.exampl"})
    assert "mara" not in str(caught.value)


def test_a_crowd_behind_one_number_is_listed_with_a_few_candidates(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    for number in range(8):
        salesforce.put("contact", LastName=f"Sales {number}", Phone="+49 30 1234")
        app.put("contact", name=f"Desk {number}", phone="+49 30 1234")
    memory.run(mode="backfill")
    reasons = memory.rows("select reasons->0->>'code', reasons->0->>'reason' from sync.rejection where closed_at is null")
    assert [code for code, _ in reasons] == ["ambiguous"] * 16
    assert {words.count("-contact-") for _, words in reasons} == {5}
    assert memory.rows("select 1 from sync.link") == []


class Silent(MemoryConnector):
    """A system that does not tell which fields it has."""

    def describe(self, entity: str) -> list[Field]:
        """Refuse."""
        raise TransientError("not now")


def like(kind: type[MemoryConnector], system: MemoryConnector) -> MemoryConnector:
    return kind(**{each.name: getattr(system, each.name) for each in fields(MemoryConnector)})


def let_time_pass(*systems: MemoryConnector) -> None:
    for system in systems:
        system.now += timedelta(days=1)


def make_due(memory: Pipeline) -> None:
    with memory.engine.begin() as connection:
        connection.execute(text("update sync.rejection set retry_at = now() where closed_at is null"))
