"""The data plane: extract, map, validate and reconcile over generated records, in a process whose peak memory is its own."""

import resource
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from sync.batch import Request
from sync.database import connect
from sync.stages import STAGES, run_stage
from tools.bench.data import GeneratedConnector
from tools.bench.job import FOLDER, SIDES, Job, answer

PLANNING = STAGES[:-1]


def measure(job: Job) -> dict[str, Any]:
    """Run the stages up to the plan; return seconds per stage, the plan's counts and the peak memory."""
    import great_expectations  # noqa: F401  imported before the clock, as the program itself is

    engine = connect(job.url)
    connectors = {side: GeneratedConnector(side, job.numbers(side), job.version) for side in SIDES}
    seconds: dict[str, float] = {}
    counts: dict[str, Any] = {}
    for stage in PLANNING:
        begin = time.perf_counter()
        counts[stage] = run_stage(stage, engine, FOLDER, "bench", Request(mode=job.mode), lambda _: connectors)  # type: ignore[arg-type,return-value]
        seconds[stage] = time.perf_counter() - begin
        if stage == "extract" and not counts[stage]["total"]:
            break
    _release(engine)
    return {"seconds": sum(seconds.values()), "stages": seconds, "plan": plan_of(counts), "peak_mib": peak_mib()}


def plan_of(counts: dict[str, Any]) -> dict[str, int]:
    """The counts of the plan that are not zero."""
    return {name: count for name, count in counts.get("reconcile", {}).get("contact", {}).items() if count}


def peak_mib() -> float:
    """Return the most memory this process ever held; Linux keeps it apart from what the parent held before the start."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _release(engine: Any) -> None:
    """Close the batch, so that the next job of this database starts like a scheduled run."""
    with engine.begin() as connection:
        connection.execute(text("update sync.batch set state = 'planned' where state = 'open'"))
    engine.dispose()


if __name__ == "__main__":
    answer(measure)
