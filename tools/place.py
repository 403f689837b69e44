"""Where the files of one checkout live. Everything a run makes is below `.lockstep/`, so that removing it removes the run.

`LOCKSTEP_STATE` names another folder, for a checkout on a network drive or for a second run beside the first.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("LOCKSTEP_STATE") or ROOT / ".lockstep").resolve()
LOGS = STATE / "logs"
PIDS = STATE / "pids"
POSTGRES = STATE / "postgres"
SANDBOX = STATE / "sandbox"
AIRFLOW = STATE / "airflow"
RESULTS = STATE / "results"
BIN = ROOT / ".venv" / "bin"


class StepError(Exception):
    """One step of a command failed; the message is the one sentence the user reads."""


def make_folders() -> None:
    """Create the folders of a run, readable by their owner; Postgres makes its own."""
    for folder in (STATE, LOGS, PIDS, SANDBOX, AIRFLOW, RESULTS):
        folder.mkdir(parents=True, exist_ok=True)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file, or None when it is absent or was cut short by a crash."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file that only its owner can read, in one step: a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file, indent=1)
    draft.replace(path)


def digest_of(*names: str) -> str:
    """Return a digest over files of the checkout; a folder stands for the Python files in it."""
    digest = hashlib.sha256()
    for path in (ROOT / name for name in names):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def shown(path: Path) -> str:
    """Return a path as the user would type it: relative inside the checkout."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
