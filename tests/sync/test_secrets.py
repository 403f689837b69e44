"""Credentials stand nowhere but in the connection: planted in all six systems and looked for in everything that comes out."""

import ast
import base64
import logging
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app_cases import CASES, Case, Course, course
from connectors.connection import Settings
from connectors.contract import Connector
from connectors.errors import PermanentError, SyncError
from connectors.opening import build_connector
from erasing_world import places_of
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.running import serve
from secret_words import PLACES, SECRETS, TOKENS, connection, leaks, plant

ROOT = Path(__file__).parents[2]
FAULTS = ("429", "500", "503", "401", "html", "page", "redirect", "cut", "half", "broken", "blank")


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, SandboxClient]]:
    """All six systems, with secrets of ours; they are nobody else's."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in PLACES}


def opened(system: str, told: dict[str, Any], **options: Any) -> Connector:
    """The connector of a connection, as a task opens it; it gives up soon."""
    settings = Settings(**{key: told[key] for key in ("host", "login", "password", "extra") if key in told})
    return build_connector(system, settings, total_seconds=0.2, **options)


def says(error: BaseException) -> str:
    """All that an exception can put into a log."""
    return f"{error!r} {error} {''.join(traceback.format_exception(error))} {vars(error)}"


def use(connector: Connector) -> Iterator[str]:
    """Make every kind of call; yield what the failures say."""
    kind = next(iter(connector.entities))
    for call in (
        connector.ping,
        lambda: connector.describe(kind),
        lambda: list(connector.read_changes(kind, None, ["name"])),
        lambda: list(connector.read(kind, ["1"], ["name"])),
        connector.users,
    ):
        try:
            call()
        except SyncError as error:
            yield says(error)


@pytest.mark.parametrize("is_right", [True, False], ids=["right", "wrong"])
@pytest.mark.parametrize("system", PLACES)
def test_no_call_and_no_failure_tells_a_secret(
    servers: dict[str, SandboxClient], system: str, is_right: bool, caplog: pytest.LogCaptureFixture
) -> None:
    server = servers[system]
    server.reset()
    plant(system, server)
    told = connection(system, server, is_right)
    said = []
    with caplog.at_level(logging.DEBUG):
        for fault in ("", *FAULTS) if is_right else ("",):
            server.clear_faults()
            if fault:
                server.fault(fault, times=-1, retry_after=0)
            connector = opened(system, told)
            said += use(connector)
            said += [repr(connector), str(connector)]
    server.clear_faults()
    settings = Settings(**{key: told[key] for key in ("host", "login", "password", "extra") if key in told})
    text = "\n".join([*said, caplog.text, repr(settings)])
    assert "AuthError" in text
    assert leaks(text) == []
    assert not [token for token in TOKENS if token in text]


def test_the_search_finds_a_secret_in_every_spelling() -> None:
    for word in SECRETS:
        assert leaks(f"log line with {word} in it")
        assert leaks(f"Authorization: Basic {base64.b64encode(f'{word}:X'.encode()).decode()}")
        assert leaks(f"Basic {base64.b64encode(f'user:{word}'.encode()).decode()}")
    assert leaks("log line without one") == []


@pytest.fixture(params=CASES, ids=lambda case: case.app)
def world(request: pytest.FixtureRequest, servers: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> Course:
    """An app and an org, to which our secrets open the doors."""
    case: Case = request.param
    made = course(case, engine, tmp_path, servers["salesforce"], servers[case.app])
    made.stages = QUICK
    made.connectors = {
        "salesforce": opened("salesforce", plant("salesforce", servers["salesforce"])),
        "app": opened(case.app, plant(case.app, servers[case.app])),
    }
    made.run()
    return made


def test_runs_that_work_and_runs_that_fail_leave_no_secret(world: Course, caplog: pytest.LogCaptureFixture) -> None:
    said = []
    with caplog.at_level(logging.DEBUG):
        world.put_here()
        world.put_there(**world.case.incomplete[1] if world.case.incomplete[0] == "app" else {})
        for fault in ("", "500", "401", "429"):
            for server in (world.salesforce, world.app):
                server.clear_faults()
                if fault:
                    server.fault(fault, times=3, after=2, retry_after=0)
            try:
                world.run(mode="backfill")
            except SyncError as error:
                said.append(says(error))
    assert places_of(world.engine, "mara", "nordwerk")
    assert said
    assert leaks("\n".join([*said, caplog.text])) == []
    assert places_of(world.engine, *SECRETS) == []


def calls_of(path: Path) -> Iterator[ast.keyword]:
    """The keyword arguments of every call in a file."""
    return (each for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) for each in node.keywords)


def test_no_code_of_ours_turns_the_check_of_certificates_off() -> None:
    files = [path for folder in ("plugins", "dags", "config") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert [path.name for path in files for each in calls_of(path) if each.arg == "verify"] == []
    words = ("CERT_NONE", "_create_unverified_context", "check_hostname", ".verify =", "disable_warnings")
    assert [(path.name, word) for path in files for word in words if word in path.read_text()] == []


def test_a_server_with_a_certificate_that_nobody_vouches_for_hears_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with serve("freshdesk", tls=True) as server:
        told = connection("freshdesk", server)
        with caplog.at_level(logging.DEBUG), pytest.raises(PermanentError, match="certificate was not accepted") as caught:
            opened("freshdesk", told).ping()
        assert sum(value for value in server.calls().values() if isinstance(value, int)) == 0
    assert leaks(says(caught.value) + caplog.text) == []
