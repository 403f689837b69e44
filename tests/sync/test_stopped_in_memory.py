"""An entity that a system refuses as a whole holds no other entity back, and comes again with the next run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from connectors.contract import Connector, Result, Write
from connectors.errors import AuthError, PermanentError
from connectors.memory import MemoryConnector
from crm import LEAD_MARKS, both, crm
from pipeline import Pipeline, names


@dataclass
class Refusing:
    """Passes everything on to `inner`, but refuses writes of one entity as a whole."""

    inner: Connector
    entity: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Refuse."""
        if entity == self.entity and writes:
            raise PermanentError(f"400 the request for {entity} is malformed")
        yield from self.inner.write(entity, writes)


@pytest.fixture
def stopped(memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> Pipeline:
    """A run in which the app refused all accounts: one account, a contact of it and one without."""
    memory.run()
    account = salesforce.put("account", Name="Nordwerk")
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", AccountId=account)
    salesforce.put("contact", LastName="Berg", Email="nils@nordwerk.example")
    memory.connectors = {**memory.connectors, "app": Refusing(app, "account")}
    with pytest.raises(PermanentError, match="400 the request for account"):
        memory.run()
    return memory


def test_the_others_are_done_and_their_watermarks_move(stopped: Pipeline, app: MemoryConnector) -> None:
    assert "Berg" in names(app)
    moved = stopped.rows(
        "select entity, w.batch_id = max_id from sync.watermark w, (select max(id) as max_id from sync.batch) b where side = 'app' order by 1"
    )
    assert moved == [("account", False), ("contact", True)]
    assert stopped.rows("select state from sync.batch order by id desc limit 1") == [("partial",)]


def test_the_next_run_brings_it_in_order(stopped: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    stopped.connectors = {"salesforce": salesforce, "app": app}
    stopped.run()
    assert [raw["name"] for raw in app.live("account").values()] == ["Nordwerk"]
    stopped.run()
    assert names(app) == ["Berg", "Lind"]
    assert {raw.get("company_id") for raw in app.live("contact").values()} == {None, next(iter(app.live("account")))}
    stopped.run()
    assert set(stopped.run()) == {"extract"}


def test_a_task_that_is_cleared_does_not_take_it_for_done(
    stopped: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    stopped.connectors = {"salesforce": salesforce, "app": app}
    with pytest.raises(PermanentError, match="account was not written, it is left to the next run: 400 the request for account"):
        stopped.stage("load")
    assert app.live("account") == {}
    stopped.run()
    assert [raw["name"] for raw in app.live("account").values()] == ["Nordwerk"]


def test_the_mark_that_it_was_to_bring_comes_with_the_next_run(engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, lead=f"app: contact, match: [email], {LEAD_MARKS}")
    salesforce, app = both(pipeline)
    person = app.put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.connectors = {"salesforce": salesforce, "app": Refusing(app, "contact")}
    with pytest.raises(PermanentError, match="400 the request for contact"):
        pipeline.run()
    assert len(salesforce.live("lead")) == 1
    pipeline.connectors = {"salesforce": salesforce, "app": app}
    pipeline.run()
    assert app.live("contact")[person]["tags"] == ["added-lead"]
    pipeline.run()
    assert set(pipeline.run()) == {"extract"}


@dataclass
class Locked:
    """Refuses every reading."""

    inner: Connector

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read_changes(self, *_: Any) -> Any:
        """Refuse."""
        raise PermanentError("403 no right to read")

    def ping(self) -> None:
        """Refuse."""
        raise AuthError("the key was revoked")


def test_a_first_run_that_fails_is_the_beginning_all_the_same(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.connectors = {"salesforce": salesforce, "app": Locked(app)}
    with pytest.raises(PermanentError):
        memory.run()
    salesforce.now = app.now = datetime.now(UTC)
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    memory.connectors = {"salesforce": salesforce, "app": app}
    memory.run()
    assert names(app) == ["Lind"]
