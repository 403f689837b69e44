"""The bench in seconds: it measures what it says, its plans are right, and nothing of it is left behind."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.bench import table, throughput
from tools.place import ROOT


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder for the run, outside of pytest's own: that one is closed to the user whom Postgres runs as."""
    with tempfile.TemporaryDirectory(prefix="lockstep-bench-") as folder:
        yield Path(folder)


def test_a_quick_bench_measures_everything_and_leaves_nothing(tmp_path: Path, state: Path) -> None:
    output = tmp_path / "bench.json"
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tools.bench", "--quick", "--output", str(output)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f".{os.pathsep}plugins", "LOCKSTEP_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    measured = json.loads(output.read_text())
    assert measured["rounds"][0]["ours"]["plan"] == {"agree": 900, "to_app update": 100, "conflicts": 100}
    assert [run[0]["plan"] for run in measured["incremental"]["stages"]] == [{"to_salesforce update": 100}] * 2
    assert {name: one["refused"] for name, one in measured["throughput"].items()} == dict.fromkeys(throughput.TRIALS, 0)
    assert measured["ratios"]["ours ÷ COPY"]["median"] > 0
    assert list(state.iterdir()) == []
    assert "dlt was not measured" in found.stdout


def test_a_ratio_is_told_with_its_range() -> None:
    assert table.spread([3.0, 1.0, 2.0]) == {"median": 2.0, "low": 1.0, "high": 3.0, "n": 3}
