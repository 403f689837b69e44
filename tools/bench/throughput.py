"""Writes at the limit of each app: through the connector and the shared pace, against a sandbox that keeps the real allowance and
answers after 150 ms. They go in the chunks that `load` sends; what each app's pause between two chunks costs is in the figure.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from requests import Response

from connectors.connection import Settings
from connectors.contract import Write
from connectors.opening import build_connector
from sandbox.client import SandboxClient
from sandbox.running import serve
from sandbox.system import load
from sync.database import connect
from sync.outbox import CHUNK
from sync.pacing import SharedPace
from tools.place import StepError

LATENCY_SECONDS = 0.15
TOO_MANY = 429


@dataclass(frozen=True)
class Trial:
    """One app: what is written how often, and what its real allowance is."""

    entity: str
    record: Callable[[int], dict[str, Any]]
    records: int
    calls_per_second: float
    switches: Mapping[str, Any] = field(default_factory=dict)


TRIALS = {
    "freshdesk": Trial(
        "contact", lambda n: {"name": f"Mara Lind {n}", "email": f"p{n}@nordwerk.example"}, 3000, 700 / 60, {"plan": "enterprise"}
    ),
    "activecampaign": Trial("contact", lambda n: {"firstName": "Mara", "email": f"p{n}@nordwerk.example"}, 600, 5),
    "getresponse": Trial(
        "contact", lambda n: {"name": f"Mara Lind {n}", "email": f"p{n}@nordwerk.example"}, 1500, 50, {"create_delay_seconds": 0}
    ),
    "forcemanager": Trial("account", lambda n: {"name": f"Nordwerk {n}", "branchId": "Main unit", "salesRepId1": "310"}, 200, 3),
}


@dataclass(slots=True)
class CountingPace(SharedPace):
    """Counts the answers, and those that refused a call."""

    answers: int = 0
    refused: int = 0

    def note(self, kind: str, response: Response, wait_seconds: float | None) -> None:
        """Count one answer."""
        self.answers += 1
        self.refused += response.status_code == TOO_MANY
        SharedPace.note(self, kind, response, wait_seconds)


def measure(url: str, system: str, share: float = 1.0) -> dict[str, Any]:
    """Write `share` of a trial's records; return seconds, calls, refused calls and the used share of the allowance."""
    trial = TRIALS[system]
    with serve(system) as server:
        server.switches(**{"rate_limit": True, **trial.switches})
        return _measure(url, system, trial, server, max(1, int(trial.records * share)))


def _measure(url: str, system: str, trial: Trial, server: SandboxClient, records: int) -> dict[str, Any]:
    engine = connect(url)
    pace = CountingPace(engine, f"{system}_bench", "bench", "bench")
    told = load(system).connection(server.url)
    settings = Settings(**{key: told[key] for key in ("host", "login", "password", "extra") if key in told})
    connector = build_connector(system, settings, pace=pace)
    connector.ping()
    server.fault("slow", seconds=LATENCY_SECONDS, times=-1)
    before, begin = pace.answers, time.perf_counter()
    for writes in _chunks(trial, records):
        failed = [result for result in connector.write(trial.entity, writes) if result.state != "done"]
        if failed:
            raise StepError(f"{system}: the sandbox refuses the trial's records: {failed[0].message}")
    seconds = time.perf_counter() - begin
    engine.dispose()
    calls = pace.answers - before - pace.refused
    return {
        "records": records, "calls": calls, "seconds": seconds, "refused": pace.refused, "allowed_per_second": trial.calls_per_second,
        "used": calls / seconds / trial.calls_per_second,
    }  # fmt: skip


def _chunks(trial: Trial, records: int) -> Iterator[list[Write]]:
    for start in range(0, records, CHUNK["app"]):
        numbers = range(start, min(start + CHUNK["app"], records))
        yield [Write("create", None, trial.record(number)) for number in numbers]
