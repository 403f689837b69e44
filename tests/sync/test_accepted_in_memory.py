"""A create that the app takes and shows later is looked for at every run, never sent twice, and tried again after a day."""

import pytest
from sqlalchemy import text

from broken import Dying
from connectors.memory import MemoryConnector
from pipeline import Pipeline, names

pytestmark = pytest.mark.feature("GR-14")


@pytest.fixture
def contact(memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> str:
    """A new Salesforce contact that the app has accepted and does not show yet."""
    memory.run()
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    app.faults.hidden = {1}
    memory.run()
    return contact


def states(memory: Pipeline) -> tuple[list[str], list[str]]:
    """The states of the contact's creates and of its links."""
    actions = memory.rows("select state from sync.action where operation = 'create' order by id")
    return [row[0] for row in actions], [row[0] for row in memory.rows("select state from sync.link")]


def test_it_is_looked_for_and_not_sent_again(memory: Pipeline, contact: str, app: MemoryConnector) -> None:
    assert states(memory) == (["accepted"], ["pending"])
    reads = app.calls["read"]
    assert set(memory.run()) == {"extract"}
    assert app.calls["read"] > reads + 2
    assert (app.writes_seen, states(memory)) == (1, (["accepted"], ["pending"]))
    assert memory.rows("select reasons->0->>'code' from sync.rejection where closed_at is null") == [("waits",)]


def test_it_is_settled_when_it_appears(memory: Pipeline, contact: str, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    app.show()
    memory.run()
    assert states(memory) == (["done"], ["live"])
    assert salesforce.live("contact")[contact]["FDCONTACTID__c"] == next(iter(app.live("contact")))
    assert memory.rows("select 1 from sync.rejection where closed_at is null") == []
    memory.run()
    assert set(memory.run()) == {"extract"}
    assert names(app) == ["Lind"]


def test_one_without_our_reference_is_known_by_its_key(memory: Pipeline, contact: str, app: MemoryConnector) -> None:
    entity, id, fields = app.hidden[0]
    app.hidden = [(entity, id, {name: fields[name] for name in ("name", "email")})]
    app.show()
    memory.run()
    assert states(memory) == (["done"], ["live"])
    assert names(app) == ["Lind"]


def test_an_edit_meanwhile_waits_with_it(
    memory: Pipeline, contact: str, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    salesforce.edit("contact", contact, LastName="Lindqvist", Email="mara.lindqvist@nordwerk.example")
    memory.run()
    memory.run()
    assert app.writes_seen == 1
    app.show()
    memory.run()
    memory.run()
    assert names(app) == ["Lindqvist"]


def test_other_work_does_not_send_it_again(
    memory: Pipeline, contact: str, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    salesforce.put("contact", LastName="Berg", Email="nils@nordwerk.example")
    memory.run()
    assert names(app) == ["Berg"]
    assert states(memory)[0] == ["accepted", "done"]
    app.show()
    memory.run()
    assert names(app) == ["Berg", "Lind"]


def test_what_never_appears_is_tried_again_after_a_day(memory: Pipeline, contact: str, app: MemoryConnector) -> None:
    app.hidden = []
    with memory.engine.begin() as connection:
        connection.execute(text("update sync.action set sent_at = sent_at - interval '25 hours' where state = 'accepted'"))
    memory.run()
    assert names(app) == ["Lind"]
    assert states(memory) == (["failed", "done"], ["live"])
    assert memory.rows("select code, message from sync.action where state = 'failed'") == [
        ("not_shown", "taken 24 hours ago and never shown; tried again")
    ]
    memory.run()
    assert set(memory.run()) == {"extract"}


@pytest.mark.parametrize("next_step", ["the task again", "a new run"])
def test_a_task_killed_after_the_acceptance(
    next_step: str, memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    for name in ("Lind", "Berg"):
        salesforce.put("contact", LastName=name, Email=f"{name}@nordwerk.example")
    app.faults.hidden = {1, 2}
    memory.run(stages=("extract", "map", "reconcile"))
    alive = memory.connectors
    memory.connectors = {**alive, "app": Dying(app, 2, "create")}
    with pytest.raises(KeyboardInterrupt):
        memory.stage("load")
    memory.connectors = alive
    app.show()
    memory.stage("load") if next_step == "the task again" else memory.run()
    memory.run()
    assert names(app) == ["Berg", "Lind"]
    assert app.writes_seen == 2
    memory.run()
    assert set(memory.run()) == {"extract"}
