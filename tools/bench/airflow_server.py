"""An Airflow API server as people use it, with the Sync health page in it, over a Lockstep database that is there already."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from sqlalchemy.engine import URL, make_url

from tools.place import ROOT, StepError
from tools.ports import HOST

SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
USERS = {"ada": "admin", "uma": "user", "vera": "viewer"}
PASSWORDS = {name: f"{name}-secret" for name in USERS}
START_SECONDS = 180


@contextmanager
def running(home: Path, database: str | URL) -> Iterator[str]:
    """Make Airflow's tables below `home`, start the server, yield its address, stop it. Raises StepError with what it said last."""
    port, log = _free_port(), home / "server.log"
    environment = _environment(home, make_url(database), port)
    python = [sys.executable, "-W", "ignore"]
    made = subprocess.run(
        [*python, "-m", "tools.bench.airflow_tables"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise StepError(f"Airflow's tables could not be made:\n{made.stderr[-3000:]}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*python, "-m", "airflow", "api-server"], env=environment, stdout=output, stderr=output, cwd=home
        )
        try:
            _wait(f"http://{HOST}:{port}", process, log)
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _environment(home: Path, database: URL, port: int) -> dict[str, str]:
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps(PASSWORDS))
    store = {"conn_type": "postgres", "host": database.query["host"], "login": database.username, "schema": database.database}
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
        "AIRFLOW_CONN_LOCKSTEP_DB": json.dumps(store),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise StepError(f"Airflow's API server ended at once:\n{log.read_text()[-3000:]}")
        try:
            if requests.get(f"{url}/api/v2/version", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise StepError(f"Airflow's API server did not answer within {START_SECONDS} s:\n{log.read_text()[-3000:]}")
