"""Two workers at once, and a database that drops its connections in the middle of a stage."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from connectors.errors import TransientError
from crowd import assert_complete
from pipeline import QUICK, World
from sync.database import integration_lock


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
