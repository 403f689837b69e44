"""The environment of the demo's Airflow: settings, secrets made once per checkout, connections to the sandbox systems."""

import base64
import json
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

from sandbox.system import load
from tools import postgres
from tools.place import AIRFLOW, BIN, ROOT, STATE, read_json, write_json
from tools.ports import HOST

USER = "admin"
_SECRETS = STATE / "secrets.json"
_PASSWORDS = AIRFLOW / "passwords.json"
_SIMPLE_AUTH = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"


def password() -> str:
    """Return the password of the demo's Airflow user; made at the first call."""
    known = read_json(_PASSWORDS)
    if not known:
        known = {USER: secrets.token_urlsafe(9)}
        write_json(_PASSWORDS, known)
    return str(known[USER])


def build(socket: Path, port: int, systems: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment for Airflow's processes and commands; also kept in `.lockstep/env.sh` for the shell."""
    password()
    own = {**_python(), **_core(socket, port), **_speed(), **_connections(socket, systems)}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in own.items()]
    _write_private(STATE / "env.sh", "\n".join([*lines, f'export PATH={shlex.quote(str(BIN))}:"$PATH"', ""]))
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW") and k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **own, "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}"}


def _python() -> dict[str, str]:
    path = os.pathsep.join(str(ROOT / name) for name in ("", "plugins", "config"))
    return {"PYTHONPATH": path, "AIRFLOW_HOME": str(AIRFLOW), "GX_ANALYTICS_ENABLED": "False", "LOCKSTEP_REHEARSAL": "1"}


def _core(socket: Path, port: int) -> dict[str, str]:
    own = _own_secrets()
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url(socket, "airflow", "+psycopg2"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__DAGS_FOLDER": os.environ.get("LOCKSTEP_DAGS", str(ROOT / "dags")),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__FERNET_KEY": own["fernet_key"],
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__AUTH_MANAGER": _SIMPLE_AUTH,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_PASSWORDS),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__SECRET_KEY": own["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": own["jwt_secret"],
    }


def _speed() -> dict[str, str]:
    """Return what makes a small Airflow quick: one API worker, few executor processes, short idle sleeps."""
    return {
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__PARALLELISM": str(min(8, max(4, 2 * (os.cpu_count() or 2)))),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
    }


def _connections(socket: Path, systems: Mapping[str, str]) -> dict[str, str]:
    """Return Airflow connections by environment variable; the credentials are the sandbox's own, worth nothing elsewhere."""
    connections: dict[str, dict[str, object]] = {
        "LOCKSTEP_DB": {"conn_type": "postgres", "host": str(socket), "login": "postgres", "schema": "lockstep"}
    }
    for name, url in systems.items():
        connections[f"{name.upper()}_DEFAULT"] = load(name).connection(url)
    return {f"AIRFLOW_CONN_{name}": json.dumps(value) for name, value in connections.items()}


def _own_secrets() -> dict[str, str]:
    known = read_json(_SECRETS)
    if not known:
        known = {
            "fernet_key": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "jwt_secret": secrets.token_hex(64),
            "secret_key": secrets.token_hex(32),
        }
        write_json(_SECRETS, known)
    return dict(known)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
