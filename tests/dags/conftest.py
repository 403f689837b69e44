"""Two sandbox servers, a Postgres and an Airflow in a process of its own, whose DAG files are those of this checkout."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from airflow_process import Airflow
from sqlalchemy import Engine

from pipeline import SHIPPED
from sandbox.client import SandboxClient
from sandbox.running import serve

ROOT = Path(__file__).parents[2]
LOGIN = {"domain": "nordwerk.my", "consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "sandbox-consumer-secret"}


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, SandboxClient]]:
    """One Salesforce and one Freshdesk."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", "freshdesk")}


@pytest.fixture(scope="session")
def started(servers: dict[str, SandboxClient], migrated: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """The one Airflow of this test worker."""
    home = tmp_path_factory.mktemp("airflow")
    url = migrated.url
    connections: dict[str, dict[str, Any]] = {
        "lockstep_db": {"conn_type": "postgres", "host": url.query["host"], "login": url.username, "schema": url.database},
        "salesforce_default": {"conn_type": "salesforce", "host": servers["salesforce"].url, "extra": LOGIN},
        "freshdesk_default": {
            "conn_type": "freshdesk", "host": servers["freshdesk"].url, "password": "sandbox-freshdesk-key",
            "extra": {"domain": "nordwerk"},
        },
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "LOCKSTEP"))}
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "GX_ANALYTICS_ENABLED": "False",
        "LOCKSTEP_MAPPINGS": str(home / "mappings"),
        "LOCKSTEP_REHEARSAL": "1",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
    }
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("airflow_driver.py")), str(home / "driver.log")]
    with subprocess.Popen(command, env=kept | own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=home) as process:
        airflow = Airflow(process, home / "driver.log", home / "mappings", connections, kept | own)
        assert process.stdout
        assert process.stdout.readline(), airflow.log.read_text()[-3000:]
        yield airflow
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def airflow(started: Airflow, servers: dict[str, SandboxClient], engine: Engine) -> Airflow:
    """Airflow with the shipped mapping and connections that work, both systems and the database empty."""
    for server in servers.values():
        server.reset(cross_references=True)
        server.clear_faults()
        server.reset_calls()
    servers["freshdesk"].switches(rate_limit=False)
    shutil.rmtree(started.mappings, ignore_errors=True)
    shutil.copytree(SHIPPED, started.mappings)
    started.connect(**started.connections)
    return started
