"""Every fault of the sandbox servers once, between each app and Salesforce: afterwards everything is in place, once, and rests.

The connectors make no pauses. A fault strikes the first reading and the first write of either side that knows it.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app_cases import CASES, Case, Course, course
from connectors.connection import Settings
from connectors.contract import Connector
from connectors.errors import SyncError
from connectors.session import Session
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.faults import READ_KINDS
from sandbox.running import serve
from sandbox.system import load
from sync.settings import Side
from sync.settings import load as load_settings

SPOTS = {  # method and path of a reading and of a write
    "salesforce": (("GET", "/query"), ("POST|PATCH", "/composite/sobjects")),
    "app": (("GET", r"^(?!.*/login)"), ("POST|PUT|PATCH|DELETE", r"^(?!.*(/login|/search-contacts))")),
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {"429": {"retry_after": 0}, "slow": {"seconds": 0.01}}
AT_A_TIME = 3
MOST_RUNS = 4 * AT_A_TIME + 2  # one for each strike, one that goes through, one that rests
# Nothing that a create carries is unique there: no client can tell a second delivery from a second record.
CREATES_TWINS = {("forcemanager", "twice")}


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[str, SandboxClient]]:
    """All systems, each served once."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", *(case.app for case in CASES))}


@pytest.fixture(params=CASES, ids=lambda case: case.app)
def world(request, systems: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> Course:
    """An app and an org after the run that enables the integration."""
    made = course(request.param, engine, tmp_path, systems["salesforce"], systems[request.param.app])
    made.connectors = {side: hasty(made, side) for side in ("salesforce", "app")}
    made.stages = QUICK
    made.run()
    return made


def hasty(world: Course, side: Side) -> Connector:
    """A connector that repeats without pauses."""
    system, server = (world.case.app, world.app) if side == "app" else ("salesforce", world.salesforce)
    options = {} if side == "app" else load_settings(world.folder).salesforce_options
    told = load(system).connection(server.url)
    settings = Settings(**{key: told[key] for key in ("host", "login", "password", "extra") if key in told})
    session = Session(loopback=server.url, pause=lambda _: None)
    made: Connector = import_module(f"connectors.{system}").build(settings, session, options)
    return made


def arm(world: Course, kind: str) -> None:
    """Let the fault strike one reading and one write on every side that knows it, after those that are armed already."""
    for side, system, server in (("salesforce", "salesforce", world.salesforce), ("app", world.case.app, world.app)):
        known, is_written = load(system), world.entity.creates_on(side) or world.entity.updates_on(side)
        if kind in known.row_faults and is_written:
            server.fault(kind)
        elif kind in known.faults.keys() - known.row_faults:
            reading, (method, path) = SPOTS[side]
            server.fault(kind, method=reading[0], path=reading[1], **OPTIONS.get(kind, {}))
            if is_written and kind not in READ_KINDS:
                method = "PUT" if (system, kind) in CREATES_TWINS else method
                server.fault(kind, method=method, path=path, **OPTIONS.get(kind, {}))


def run_until_it_rests(world: Course) -> int:
    """Run, whatever a run ends with, until one finds nothing to do; return how many runs that took."""
    for runs in range(1, MOST_RUNS + 1):
        try:
            if set(world.run()) == {"extract"}:
                return runs
        except SyncError:
            continue
    raise AssertionError(f"still at work after {MOST_RUNS} runs: {world.rejections()}")


def key_of(case: Case) -> tuple[str, str]:
    """The field by which people tell one record of the case from the others, on either side."""
    return ("Email", "email") if "Email" in case.here else ("Name", "name")


def keys(world: Course) -> tuple[list[str], list[str]]:
    """What stands in that field, on either side."""
    here, there = key_of(world.case)
    return sorted(row[here] for row in world.all_here().values()), sorted(row[there] for row in world.all_there().values())


def in_groups(case: Case) -> Iterator[tuple[int, list[str]]]:
    """The kinds of fault that either system knows, a few at a time; those of one record last."""
    both = (load("salesforce"), load(case.app))
    of_records = {kind for system in both for kind in system.row_faults}
    kinds = sorted({kind for system in both for kind in system.faults}, key=lambda kind: (kind in of_records, kind))
    for start in range(0, len(kinds), AT_A_TIME):
        yield start, kinds[start : start + AT_A_TIME]


def add(world: Course, number: int) -> list[str]:
    """Make one record on each side from which the other gets records; return their keys."""
    here, there = key_of(world.case)
    mine, theirs = (f"{side}{number}@nordwerk.example" for side in ("here", "there"))
    world.put_there(**{there: theirs})
    if not world.entity.creates_on("app"):
        return [theirs]
    world.put_here(**{here: mine})
    return [mine, theirs]


def mend(world: Course) -> None:
    """Change what was refused, as the person does whom the report tells."""
    query = "select side, record_id from sync.rejection where closed_at is null"
    for side, record_id in world.rows(query):
        world.edit_on(side, record_id, **{world.case.text[side == "app"]: "mended"})


@pytest.mark.feature("ALL-03", "ALL-29")
def test_every_fault_once(world: Course) -> None:
    (here, there), case = world.pair(), world.case
    wanted = keys(world)[0]
    for start, kinds in in_groups(case):
        for number in range(start, start + len(kinds)):
            wanted += add(world, number)
        world.edit_there(there, **{case.text[1]: f"after {start}"})
        for kind in kinds:
            arm(world, kind)
        run_until_it_rests(world)
        assert [*world.salesforce.faults(), *world.app.faults()] == [], "every fault has struck"
        mend(world)
        run_until_it_rests(world)
        assert keys(world) == (sorted(wanted), sorted(wanted)), kinds
        assert world.all_here()[here][case.text[0]] == world.all_there()[there][case.text[1]] != f"after {start - AT_A_TIME}", (
            kinds
        )
        assert world.rejections() == {}, kinds
