"""What a second look at the engine found: each test failed before its fix."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from connectors.contract import Field, Page, Result, Write
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


def test_what_a_new_app_record_finds_is_looked_up_in_its_turn(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    salesforce.put("contact", LastName="Lind", Phone="+49 30 1234")
    app.put("contact", name="Lind", phone="+49 30 1234")
    enable(memory, salesforce, app)
    newcomer = app.put("contact", name="Lund", phone="+49 30 1234")
    memory.run()
    assert memory.rows("select record_id, reasons->0->>'code' from sync.rejection") == [(newcomer, "ambiguous")]
    assert salesforce.writes_seen == app.writes_seen == 0


def test_two_untouched_records_are_not_linked_for_having_been_looked_up(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    old = salesforce.put("contact", LastName="Old", Email="old@nordwerk.example", Title="in Salesforce")
    desk = app.put("contact", name="Old", email="old@nordwerk.example", phone="+49 30 1234", job_title="in Freshdesk")
    enable(memory, salesforce, app)
    salesforce.put("contact", LastName="Lind", Phone="+49 30 1234")
    memory.run()
    assert salesforce.live("contact")[old]["Title"] == "in Salesforce"
    assert app.live("contact")[desk]["job_title"] == "in Freshdesk"
    assert names(app) == ["Lind", "Old"]


def test_an_edit_that_takes_back_a_write_nobody_saw_is_an_edit(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="first")
    memory.run(mode="backfill")
    desk = next(iter(app.live("contact")))
    app.edit("contact", desk, description="read by a whole run")
    memory.run()
    salesforce.edit("contact", contact, Title="second")
    mute = like(Mute, app)
    memory.connectors = {"salesforce": salesforce, "app": mute}
    memory.run()
    assert app.live("contact")[desk]["job_title"] == "second"
    mute.edit("contact", desk, job_title="first")
    memory.run()
    memory.run()
    assert salesforce.live("contact")[contact]["Title"] == app.live("contact")[desk]["job_title"] == "first"


class Mute(MemoryConnector):
    """A system that answers writes without the record, and does not let it be read either."""

    has_written = False

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Write, and keep the outcome to itself."""
        self.has_written = True
        return (replace(result, record=None) for result in super().write(entity, writes))

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Refuse, once something was written."""
        if self.has_written:
            raise TransientError("not now")
        return super().read(entity, ids, fields)


class Silent(MemoryConnector):
    """A system that does not tell which fields it has."""

    def describe(self, entity: str) -> list[Field]:
        """Refuse."""
        raise TransientError("not now")


def like(kind: type[MemoryConnector], system: MemoryConnector) -> MemoryConnector:
    return kind(**{each.name: getattr(system, each.name) for each in fields(MemoryConnector)})


def enable(memory: Pipeline, *systems: MemoryConnector) -> None:
    for system in systems:
        system.now = datetime.now(UTC)
    memory.run()


def let_time_pass(*systems: MemoryConnector) -> None:
    for system in systems:
        system.now += timedelta(days=1)


def make_due(memory: Pipeline) -> None:
    with memory.engine.begin() as connection:
        connection.execute(text("update sync.rejection set retry_at = now() where closed_at is null"))
