"""Two workers at once, and a database that drops its connections in the middle of a stage."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from requests import Response
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from connectors.errors import TransientError
from crowd import assert_complete
from pipeline import QUICK, World, freshdesk_connectors
from sync.locks import LockLostError, integration_lock, require_locks
from sync.pacing import SharedPace


@pytest.mark.feature("ALL-03")
@pytest.mark.parametrize("stage", QUICK)
def test_a_stage_whose_database_connections_are_cut(ready: World, stage: str) -> None:
    ready.run(stages=QUICK[: QUICK.index(stage)])
    with pytest.raises(OperationalError, match=r"terminat|lost"):
        _cut_during(ready, stage)
    ready.run(stages=QUICK[QUICK.index(stage) :], run_id=ready.run_id)
    assert_complete(ready)
    ready.assert_settled()


@pytest.mark.feature("ALL-02")
def test_a_second_worker_is_turned_away(ready: World) -> None:
    with integration_lock(ready.engine, "salesforce_freshdesk"), pytest.raises(TransientError, match="another worker"):
        ready.run()
    assert ready.writes() > 0
    ready.run()
    assert_complete(ready)


@dataclass(slots=True)
class Frozen(SharedPace):
    """The pace of a worker that stands still at its `number`-th writing call, before it or once it is answered, while `meanwhile`."""

    number: int = 1
    is_answered: bool = False
    meanwhile: Any = None
    seen: list[None] = field(default_factory=list)

    def take(self, kind: str) -> None:
        """Stand still before the call."""
        if not self.is_answered:
            self._count(kind)
        SharedPace.take(self, kind)

    def note(self, kind: str, response: Response, wait_seconds: float | None) -> None:
        """Stand still before anything is made of the answer."""
        if self.is_answered:
            self._count(kind)
        SharedPace.note(self, kind, response, wait_seconds)

    def _count(self, kind: str) -> None:
        if kind == "write":
            self.seen.append(None)
            if len(self.seen) == self.number:
                time.sleep(0.5)  # what is under way in other threads comes to its end
                self.meanwhile()


def _cut(world: World) -> None:
    """End all sessions of workers, as a restart of the database does."""
    with world.engine.connect() as connection:
        connection.execute(text("set application_name = 'another'"))
        connection.execute(text("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lockstep'"))


@pytest.mark.feature("ALL-03", "ALL-29")
@pytest.mark.parametrize("is_answered", [False, True])
@pytest.mark.parametrize("number", [1, 3, 6])
def test_a_worker_that_has_lost_its_lock_to_another_does_no_more(ready: World, number: int, is_answered: bool) -> None:
    def another() -> None:
        _cut(ready)
        worker = threading.Thread(target=ready.stage, args=("load",))
        ready.connectors = freshdesk_connectors(ready.salesforce.url, ready.app.url)
        worker.start()
        worker.join()

    ready.run(stages=QUICK[:-1])
    names = (ready.engine, "freshdesk_default", "salesforce_freshdesk", ready.run_id)
    pace = Frozen(*names, number=number, is_answered=is_answered, meanwhile=another)
    ready.connectors = freshdesk_connectors(ready.salesforce.url, ready.app.url, pace=pace)
    with pytest.raises(LockLostError, match="another worker may be at work"):
        ready.stage("load")
    assert_complete(ready)
    ready.run()
    assert_complete(ready)
    ready.assert_settled()


def test_a_lost_lock_is_told_in_threads_too_and_of_no_use_to_those_who_have_none(ready: World) -> None:
    with integration_lock(ready.engine, "salesforce_freshdesk"):
        require_locks()
        _cut(ready)
        for _ in range(2):
            with pytest.raises(LockLostError):
                require_locks()
            with pytest.raises(LockLostError), ready.engine.begin():
                pass
    require_locks()
    assert ready.rows("select 1") == [(1,)]


def _cut_during(world: World, stage: str) -> None:
    """Run a stage under a trigger that ends every connection of the database but its own, at its first write."""
    table = {"extract": "staging.raw", "map": "staging.record", "reconcile": "sync.action", "load": "sync.link"}[stage]
    with world.engine.begin() as connection:
        connection.execute(
            text(
                "create function sync.cut() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pid)"
                " from pg_stat_activity where application_name = 'lockstep'; return null; end $$"
            )
        )
        trigger = f"create trigger cut after insert or update on {table} for each statement execute function sync.cut()"
        connection.execute(text(trigger))
    try:
        world.stage(stage)
    finally:
        with world.engine.begin() as connection:
            connection.execute(text("drop function sync.cut() cascade"))
