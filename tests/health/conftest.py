"""An Airflow API server as people use it, with the page in it, over a Postgres that the tests fill."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from filling import fill
from health_server import Server
from sqlalchemy import Engine

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
USERS = {"ada": "admin", "uma": "user", "vera": "viewer"}
START_SECONDS = 180


def _environment(home: Path, engine: Engine, port: int) -> dict[str, str]:
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({name: f"{name}-secret" for name in USERS}))
    database = {
        "conn_type": "postgres",
        "host": engine.url.query["host"],
        "login": engine.url.username,
        "schema": engine.url.database,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "LOCKSTEP"))}
    return kept | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": SIMPLE,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__SECRET_KEY": "s" * 64,
        "AIRFLOW__API_AUTH__JWT_SECRET": "j" * 64,
        "AIRFLOW_CONN_LOCKSTEP_DB": json.dumps(database),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
    }


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A database as a week of runs leaves it: two integrations, a thousand writes, a hundred waiting records, a plan each."""
    with engine.begin() as connection:
        fill(connection)
    return engine


@pytest.fixture(scope="session")
def server(migrated: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one API server of this test worker."""
    home, port = tmp_path_factory.mktemp("airflow"), _free_port()
    environment = _environment(home, migrated, port)
    python = [sys.executable, "-W", "ignore"]
    made = subprocess.run(
        [*python, str(Path(__file__).with_name("airflow_tables.py"))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-3000:]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen([*python, "-m", "airflow", "api-server"], env=environment, stdout=log, stderr=log, cwd=home)
        try:
            running = Server(f"http://{HOST}:{port}", {name: f"{name}-secret" for name in USERS})
            _wait(running, process, home / "server.log")
            yield running
        finally:
            process.terminate()
            process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            if requests.get(f"{server.url}/api/v2/version", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"no answer within {START_SECONDS} s:\n{log.read_text()[-3000:]}")
