"""A task killed at any moment: nothing is lost and nothing is done twice, whether the task or the next run goes on."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import broken
from broken import Dying
from connectors.errors import TransientError
from crowd import assert_complete
from pipeline import World
from sync.locks import integration_lock

ROOT = Path(__file__).parents[2]
KILLS = [(0, "the task again"), (1, "a new run"), (1, "the task again"), (4, "a new run")]  # results that came before
HOLD_SECONDS = 0.8


@pytest.mark.feature("ALL-29", "ALL-03")
@pytest.mark.parametrize("operation", ["create", "update"])
@pytest.mark.parametrize("side", ["salesforce", "app"])
@pytest.mark.parametrize(("result", "next_step"), KILLS)
def test_a_load_killed_while_it_writes(ready: World, side: str, result: int, operation: str, next_step: str) -> None:
    ready.run(stages=("extract", "map", "reconcile"))
    alive = ready.connectors
    ready.connectors = {**alive, side: Dying(alive[side], result, operation)}
    with pytest.raises(KeyboardInterrupt):
        ready.stage("load")
    ready.connectors = alive
    ready.stage("load") if next_step == "the task again" else ready.run()
    assert_complete(ready)
    ready.assert_settled()


@pytest.mark.feature("ALL-29", "ALL-03")
@pytest.mark.parametrize(("request_number", "is_late"), [(1, False), (3, False), (3, True)])
def test_a_load_process_that_is_killed_for_good(ready: World, request_number: int, is_late: bool) -> None:
    """The sandbox holds a call back, so that the process surely waits for its answer when SIGKILL comes, and then does the work.

    `is_late`: the next run begins before that, looks in vain, and its repeat must not make a twin either.
    """
    ready.run(stages=("extract", "map", "reconcile"))
    ready.app.fault("slow", method="POST", path="/api/v2/contacts", seconds=HOLD_SECONDS, after=request_number - 1)
    process = start_load(ready)
    try:
        while ready.app.faults() and process.poll() is None:
            pass
        assert process.poll() is None, "the process ended before its call was held back"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    work_is_done = time.monotonic() + HOLD_SECONDS + 0.2
    wait_for_lock(ready)
    if is_late:
        ready.run()
    while time.monotonic() < work_is_done:
        time.sleep(0.05)
    ready.run()
    assert_complete(ready)
    ready.assert_settled()


def wait_for_lock(world: World) -> None:
    """Wait until Postgres has noticed that the killed process is gone; Airflow would try again."""
    while True:
        with suppress(TransientError), integration_lock(world.engine, "salesforce_freshdesk"):
            return


def start_load(world: World) -> subprocess.Popen[bytes]:
    """Run the task `load` of the present run in a process of its own."""
    url = world.engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("plugins", ".", "tests/sync"))}
    arguments = [url, str(world.folder), world.run_id, world.salesforce.url, world.app.url]
    return subprocess.Popen([sys.executable, broken.__file__, *arguments], env=environment)
