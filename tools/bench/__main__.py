"""`make bench`: measure the data plane, the incremental run, the writes and the Sync health page, print a table, write build/bench.json.

Every measurement is a process of its own on a fresh database; imports and the first touch of Postgres are outside the clock.
Ours, the bare COPY and dlt take turns within a round, so that a slow minute of the machine hits all three.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench import dlt_merge, page, table, throughput
from tools.bench.job import Job, run
from tools.bench.links import make_links, take_back
from tools.bench.server import Server, running
from tools.place import ROOT, StepError, write_json

Measured = dict[str, Any]
QUICK = {"records": 1_000, "links": 5_000, "changed": 100, "rounds": 1, "writes": 0.005, "page": 1_000, "requests": 1}


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    told = _arguments(arguments)
    try:
        with running() as server:
            found = measure_page(server, told) if told.only == "page" else measure(server, told)
    except StepError as error:
        sys.exit(f"bench: {error}")
    write_json(told.output, found)
    print(table.render(found))
    print(f"\nWritten to {told.output}")


def measure(server: Server, told: argparse.Namespace) -> Measured:
    """Take all measurements; return them with their medians and ratios."""
    obstacle = "left out" if told.no_dlt else dlt_merge.install()
    _say("warming up")
    _on_fresh(server, "plane", Job("", 500))
    rounds = [_round(server, told.records, not obstacle, f"round {n + 1} of {told.rounds}") for n in range(told.rounds)]
    found: Measured = {"machine": table.machine(server.version()), "rounds": rounds, "dlt_obstacle": obstacle}
    found["ratios"] = {
        f"ours ÷ {name}": table.spread([one[name]["seconds"] / one["ours"]["seconds"] for one in rounds])
        for name in ("COPY", "dlt")
        if name in rounds[0]
    }
    write_json(told.output, found)  # what is known stays known when the rest is interrupted
    _say("memory of a quarter of the records")
    found["memory"] = [_on_fresh(server, "plane", Job("", told.records // 4)), rounds[0]["ours"]]
    found["incremental"] = _incremental(server, told)
    found["throughput"] = _throughput(server, told.writes)
    return found | (measure_page(server, told) if told.page else {})


def measure_page(server: Server, told: argparse.Namespace) -> Measured:
    """Take the times of the Sync health page alone."""
    found = page.measure(server.fresh("page"), server.folder, told.page, told.requests, _say)
    server.drop("page")
    return {"machine": table.machine(server.version()), "page": found}


def _throughput(server: Server, share: float) -> Measured:
    measured = {}
    for system, trial in throughput.TRIALS.items() if share else ():
        _say(f"writing {int(trial.records * share):,} records to {system} at its limit")
        measured[system] = throughput.measure(server.fresh("bench"), system, share)
        server.drop("bench")
    return measured


def _round(server: Server, records: int, has_dlt: bool, what: str) -> dict[str, Measured]:
    job = Job("", records)
    modules: dict[str, tuple[str, Callable[..., Measured]]] = {
        "COPY": ("plain_copy", run),
        "ours": ("plane", run),
        "dlt": ("", lambda _, job: dlt_merge.run_dlt(job)),
    }
    measured = {}
    for name, (module, measure_one) in modules.items():
        if name != "dlt" or has_dlt:
            _say(f"{what}: {name}, 2 × {records:,} records")
            measured[name] = _on_fresh(server, module, job, measure_one)
    return measured


def _on_fresh(server: Server, module: str, job: Job, measure_one: Callable[..., Measured] = run) -> Measured:
    found = measure_one(module, Job(**{**vars_of(job), "url": server.fresh("bench")}))
    server.drop("bench")
    return found


def _incremental(server: Server, told: argparse.Namespace) -> Measured:
    """The same number of changed records against few and against many links, in turns."""
    sizes = (told.changed, told.links)
    for size in sizes:
        _say(f"making {size:,} live links")
        make_links(server.fresh(f"links_{size}"), size)
    runs: dict[int, list[Measured]] = {size: [] for size in sizes}
    for number in range(max(told.rounds, 1)):
        for size in sizes:
            _say(f"incremental {number + 1} of {told.rounds}: {told.changed:,} changed of {size:,}")
            job = Job(server.settle(f"links_{size}"), told.changed, size // told.changed, 1, ("app",), "sync")
            runs[size].append(run("plane", job))
            take_back(job.url)
    few, many = ([one["seconds"] for one in runs[size]] for size in sizes)
    return {
        "changed": told.changed,
        "links": list(sizes),
        "seconds": [table.spread(few), table.spread(many)],
        "ratio": median(many) / median(few),
        "stages": [runs[size] for size in sizes],
    }


def vars_of(job: Job) -> dict[str, Any]:
    """The fields of a job."""
    return {name: getattr(job, name) for name in Job.__dataclass_fields__}


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--records", type=int, default=200_000, help="records per side (default 200,000)")
    parser.add_argument("--links", type=int, default=1_000_000, help="live links of the incremental run (default 1,000,000)")
    parser.add_argument("--changed", type=int, default=10_000, help="changed records of the incremental run (default 10,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often; the median counts (default 3)")
    parser.add_argument(
        "--writes", type=float, default=1.0, help="share of the writes to the apps; 1 takes eight minutes, 0 none"
    )
    parser.add_argument(
        "--page", type=int, default=1_000_000, help="writes behind the Sync health page (default 1,000,000), 0 none"
    )
    parser.add_argument("--requests", type=int, default=15, help="requests per view of the page (default 15)")
    parser.add_argument("--only", choices=("page",), help="measure nothing else")
    parser.add_argument("--no-dlt", action="store_true", help="leave dlt out")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round, no dlt: to see that it works")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench.json")
    told = parser.parse_args(arguments)
    if told.quick:
        vars(told).update(QUICK, no_dlt=True)
    return told


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
