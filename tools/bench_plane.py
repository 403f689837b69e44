"""One measurement of the data plane in a process of its own, so that its peak memory is its own. Prints one JSON line."""

import json
import resource
import sys
import time
from pathlib import Path

from sqlalchemy import text

from sync.batch import Request
from sync.database import connect
from sync.stages import STAGES, run_stage
from tools.bench_data import GeneratedConnector

FOLDER = Path(__file__).parent / "bench_mapping" / "bench"


def main(url: str, run_id: str, mode: str, count: int, first: int, version: int, both: bool) -> None:
    """Run extract, map, validate and reconcile over `count` records (of both sides, or of the app alone)."""
    engine = connect(url)
    numbers = range(first, first + count)
    connectors = {
        "salesforce": GeneratedConnector("salesforce", numbers if both else ()),
        "app": GeneratedConnector("app", numbers, version),
    }
    seconds = {}
    counts = {}
    import great_expectations  # noqa: F401  imported before the clock: Airflow's parents hold it in memory too

    for stage in STAGES[:-1]:
        begin = time.monotonic()
        counts[stage] = run_stage(stage, engine, FOLDER, run_id, Request(mode=mode), lambda _: connectors)  # type: ignore[arg-type,return-value]
        seconds[stage] = time.monotonic() - begin
    with engine.begin() as connection:
        connection.execute(text("update sync.batch set state = 'planned' where run_id = :run_id"), {"run_id": run_id})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"records": count * (2 if both else 1), "seconds": seconds, "peak_mib": peak, "plan": counts["reconcile"]}))


if __name__ == "__main__":
    url, run_id, mode, count, first, version, both = sys.argv[1:]
    main(url, run_id, mode, int(count), int(first), int(version), both == "both")
