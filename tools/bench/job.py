"""One measurement is a job in a process of its own: told by one JSON argument, answered by one JSON line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.place import ROOT, StepError

FOLDER = Path(__file__).parent / "mapping" / "bench"
SIDES = ("salesforce", "app")


@dataclass(frozen=True)
class Job:
    """What to measure: `count` records of each of `sides`, every `step`-th person, the app's in another `version`."""

    url: str
    count: int
    step: int = 1
    version: int = 0
    sides: tuple[str, ...] = SIDES
    mode: str = "backfill"

    @property
    def records(self) -> int:
        """How many records the job works through."""
        return self.count * len(self.sides)

    def numbers(self, side: str) -> range:
        """Return the numbers of the persons on `side`."""
        return range(0, self.count * self.step, self.step) if side in self.sides else range(0)


def run(module: str, job: Job, python: Path | str = sys.executable, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a job in a process of its own; return what it measured. Raises StepError with the last lines it said."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}", **(env or {})}
    command = [str(python), "-W", "ignore", "-m", f"tools.bench.{module}", json.dumps(asdict(job))]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if found.returncode:
        raise StepError(f"{module} failed:\n{found.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return measured


def answer(measure: Callable[[Job], Mapping[str, Any]]) -> None:
    """Measure the job of the command line and print the answer."""
    told = json.loads(sys.argv[1])
    job = Job(**{**told, "sides": tuple(told["sides"])})
    print(json.dumps({"records": job.records, **measure(job)}))
