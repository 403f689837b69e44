"""The live Airflow, one for all tests in a row that need it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from listening import EVENTS, Heard, listening
from live import Live, running
from post import post_office
from sqlalchemy import Engine

from pipeline import SHIPPED
from sandbox.client import SandboxClient
from sandbox.running import serve
from sandbox.system import load

ROOT = Path(__file__).parents[2]
RECIPIENTS = "recipients: [crm@nordwerk.example, it@nordwerk.example]"
APPS = ("freshdesk", "lemontaps")
AIRFLOW = ExitStack()  # what ends it, while it runs
RUNNING: list[Live] = []
BROKEN: list[str] = []  # why it does not start: to try for every test would take an hour


@pytest.fixture(scope="session")
def live_servers() -> Iterator[dict[str, SandboxClient]]:
    """One Salesforce and the apps that these tests use."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", *APPS)}


@pytest.fixture(scope="session")
def heard() -> Iterator[Heard]:
    """What the company's own server of lineage and metrics has been told."""
    with listening() as heard:
        yield heard


@pytest.fixture(scope="session")
def ended(migrated: Engine, live_servers: dict[str, SandboxClient]) -> Iterator[None]:
    """No Airflow outlives its database and its systems."""
    yield
    end()


@pytest.fixture
def started(
    ended: None,
    migrated: Engine,
    live_servers: dict[str, SandboxClient],
    heard: Heard,
    tmp_path_factory: pytest.TempPathFactory,
) -> Live:
    """The Airflow that runs, or a new one where none does."""
    assert not BROKEN, f"Airflow did not start before: {BROKEN[0]}"
    if not RUNNING:
        try:
            RUNNING.append(AIRFLOW.enter_context(whole(migrated, live_servers, heard, tmp_path_factory)))
        except BaseException as error:
            BROKEN.append(f"{error}")
            raise
    return RUNNING[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """End the Airflow when the next test does without: its schedules would go on in the database of the tests after it."""
    yield
    if "started" not in getattr(nextitem, "fixturenames", ()):
        end()


def end() -> None:
    """End the Airflow, if one runs."""
    AIRFLOW.close()
    RUNNING.clear()


@contextmanager
def whole(
    migrated: Engine, servers: dict[str, SandboxClient], heard: Heard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """Airflow with the shipped DAGs and the probes, two people who hear of everything, and a server for lineage and metrics.

    Daily runs are twelve hours off: Airflow begins one at once where a DAG is switched on within a tenth of a day after it was due.
    """
    home, letters, dags = (tmp_path_factory.mktemp(name) for name in ("airflow", "letters", "dags"))
    mappings = home / "mappings"
    shutil.copytree(SHIPPED, mappings)
    for settings in mappings.glob("*/settings.yaml"):
        text = settings.read_text().replace("recipients: []", RECIPIENTS)
        settings.write_text(re.sub(r"^schedule: .*", "schedule: daily", text, flags=re.MULTILINE))
    cron = f"0 {(datetime.now(UTC) + timedelta(hours=12)).hour} * * *"
    for file in (ROOT / "dags").glob("*.py"):
        head, first, rest = file.read_text().partition("\nfrom ")
        (dags / file.name).write_text(f'{head}\nfrom sync import settings\nsettings.CRONS["daily"] = "{cron}"{first}{rest}')
    (dags / "probes.py").symlink_to(Path(__file__).with_name("probes.py"))
    url = migrated.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with post_office(letters) as post, running(home, url, mappings, dags, post, servers, heard.settings(home / EVENTS)) as live:
        yield live


@pytest.fixture
def live(started: Live, live_servers: dict[str, SandboxClient], engine: Engine) -> Live:
    """The live Airflow with connections that work, both systems and the database empty, no mail unread."""
    for server in live_servers.values():
        server.clear_faults()
    for name in ("salesforce", "freshdesk"):
        live_servers[name].reset(cross_references=True)
    live_servers["lemontaps"].reset()
    live_servers["freshdesk"].switches(rate_limit=False)
    started.post.refuse(False)
    started.connect("smtp_default", started.post.connection)
    for name, server in live_servers.items():
        started.connect(f"{name}_default", load(name).connection(server.url))
    started.post.new()
    return started
