"""The short laboratory: some tens of histories with kills, a crash of Postgres and two workers at once, and every promise holds."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tools.lab.histories import History
from tools.lab.score import DONE, PROMISES, Score
from tools.place import ROOT

HISTORIES, KILLS = 32, 6  # of both apps together


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """A folder for the run, outside of pytest's own: that one is closed to the user whom Postgres runs as."""
    with tempfile.TemporaryDirectory(prefix="lockstep-lab-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def told(state: Path) -> dict[str, dict[str, int]]:
    """The score of a short run."""
    words = f"--histories {HISTORIES} --size {HISTORIES // 2} --kills {KILLS} --seed 11 --incidents crash race meanwhile".split()
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tools.lab", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f".{os.pathsep}plugins", "LOCKSTEP_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert all(words in found.stdout for words in (*DONE.values(), *PROMISES.values(), "seed 11"))
    by_app = json.loads((state / "lab" / "score.json").read_text())
    assert set(by_app) == {"activecampaign", "freshdesk"}
    total = Score()
    for each in by_app.values():
        total.add(Score.of(each))
    return total.document()


@pytest.mark.feature("ALL-29", "ALL-03", "ALL-19", "ALL-18", "ALL-31")
def test_nothing_is_lost_doubled_or_left_unexplained(told: dict[str, dict[str, int]]) -> None:
    assert told["broken"] == {}
    assert told["done"]["histories"] == HISTORIES
    assert told["done"]["steps"] > 5 * HISTORIES


@pytest.mark.feature("ALL-29", "ALL-03", "ALL-02")
def test_it_was_no_quiet_time(told: dict[str, dict[str, int]]) -> None:
    assert told["done"]["kills"] == KILLS
    assert told["done"]["races"] >= 1
    assert told["done"]["crashes"] >= 1
    assert told["done"]["faults"] > 0


def test_the_servers_are_gone_afterwards(told: dict[str, dict[str, int]], state: Path) -> None:
    assert [path.name for path in state.iterdir()] == ["lab"]


def test_the_chances_of_a_history_do_not_depend_on_the_others() -> None:
    one, two = (History(4, "11", []).chance(2, "before") for _ in range(2))
    assert isinstance(one, Random)
    assert [one.random() for _ in range(3)] == [two.random() for _ in range(3)]
    assert History(5, "11", []).chance(2, "before").random() != two.random()
