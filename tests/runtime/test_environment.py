"""The demo's Airflow gets its settings from one place: secrets made once, nothing readable by others, no address but loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import json
from pathlib import Path
from tools import environment, place
place.make_folders()
systems = {"salesforce": "http://127.0.0.1:1", "freshdesk": "http://127.0.0.1:2"}
env = environment.build(Path("/run/socket folder"), 8080, systems)
print(json.dumps({"env": env, "password": environment.password()}))
"""


@pytest.fixture
def build(tmp_path: Path) -> Any:
    """Return a function that builds the environment in a new interpreter, as `make demo` would."""

    def run() -> dict[str, Any]:
        env = {**os.environ, "LOCKSTEP_STATE": str(tmp_path / "state"), "PYTHONPATH": str(ROOT), "AIRFLOW_HOME": "/elsewhere"}
        found = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True)
        return dict(json.loads(found.stdout))

    return run


def test_secrets_are_made_once(build: Any) -> None:
    assert build() == build()


def test_files_with_secrets_are_private(build: Any, tmp_path: Path) -> None:
    build()
    files = [tmp_path / "state" / name for name in ("env.sh", "secrets.json", "airflow/passwords.json")]
    assert [file for file in files if file.stat().st_mode & 0o077] == []


def test_every_address_is_loopback_or_a_socket(build: Any) -> None:
    addresses = [value for name, value in build()["env"].items() if name.startswith("AIRFLOW_") and "://" in value]
    assert addresses
    assert [text for text in addresses if "127.0.0.1" not in text and "@/airflow?host=/run/socket%20folder" not in text] == []


def test_settings_of_another_airflow_do_not_leak_in(build: Any, tmp_path: Path) -> None:
    assert build()["env"]["AIRFLOW_HOME"] == str(tmp_path / "state" / "airflow")


def test_the_shell_file_gives_a_shell_the_same(build: Any, tmp_path: Path) -> None:
    wanted = build()["env"]["AIRFLOW_CONN_LOCKSTEP_DB"]
    command = ["sh", "-c", f". '{tmp_path}/state/env.sh' && printf %s \"$AIRFLOW_CONN_LOCKSTEP_DB\""]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == wanted
    assert json.loads(wanted)["host"] == "/run/socket folder"
