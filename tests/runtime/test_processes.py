"""Processes are started once, found again, and stopped with everything they left; strangers are left alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = "import json, os, sys; from tools import place, processes; place.make_folders(); "
PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); time.sleep(600)"


class Checkout:
    """Runs lines of code as one command after the other would, with a state folder of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def run(self, code: str, *arguments: str) -> Any:
        """Run the code in a new interpreter; return what it printed as JSON."""
        env = {**os.environ, "LOCKSTEP_STATE": str(self.state), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PRELUDE + code, *arguments]
        return json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)

    def ensure(self, name: str, code: str = "import time; time.sleep(600)", mapping: str = "1") -> int:
        """Make sure a process runs; return its pid."""
        line = "p = processes.ensure(sys.argv[1], [sys.executable, '-c', sys.argv[2]], {**os.environ, 'LOCKSTEP_X': sys.argv[3]})"
        return int(self.run(f"{line}; print(p.pid)", name, code, mapping))

    def stop(self) -> list[str]:
        """Stop everything; return the names."""
        return list(self.run("print(json.dumps(processes.stop_all()))"))


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """Yield a checkout whose processes are stopped afterwards."""
    made = Checkout(tmp_path / "state")
    yield made
    made.stop()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_running_process_is_kept(checkout: Checkout) -> None:
    assert checkout.ensure("one") == checkout.ensure("one")


def test_a_changed_environment_starts_it_anew(checkout: Checkout) -> None:
    old = checkout.ensure("one", mapping="1")
    new = checkout.ensure("one", mapping="2")
    assert new != old
    assert not _is_alive(old)
    assert _is_alive(new)


def test_stop_ends_all_and_a_second_stop_finds_nothing(checkout: Checkout) -> None:
    pids = [checkout.ensure(name) for name in ("one", "two")]
    assert checkout.stop() == ["one", "two"]
    assert [pid for pid in pids if _is_alive(pid)] == []
    assert checkout.stop() == []


def test_children_of_a_killed_process_are_stopped_too(checkout: Checkout) -> None:
    parent = checkout.ensure("one", PARENT)
    children = Path(f"/proc/{parent}/task/{parent}/children")
    while not (found := children.read_text().split()):
        assert _is_alive(parent)
    os.kill(parent, 9)
    checkout.stop()
    assert not _is_alive(int(found[0]))


def test_a_stranger_with_our_pid_is_not_touched(checkout: Checkout) -> None:
    checkout.run("print(1)")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        known = {"name": "one", "pid": stranger.pid, "born": "long ago", "digest": ""}
        (checkout.state / "pids" / "one.json").write_text(json.dumps(known))
        assert checkout.stop() == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_pid_file_cut_short_counts_as_none(checkout: Checkout) -> None:
    checkout.run("print(1)")
    (checkout.state / "pids" / "one.json").write_text('{"name": "on')
    assert checkout.run("print(json.dumps(processes.find('one')))") is None


def test_a_process_that_dies_is_reported_with_its_log(checkout: Checkout) -> None:
    checkout.ensure("one", "raise SystemExit('no room left')")
    message = checkout.run(
        "from tools.place import StepError\n"
        "try: processes.wait_until(lambda: False, 'starting one', ['one'], 20)\n"
        "except StepError as error: print(json.dumps(str(error)))"
    )
    assert message.startswith("one stopped while starting one")
    assert "no room left" in message
    assert "one.log" in message
