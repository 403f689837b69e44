"""Make `.venv` hold exactly what requirements.txt locks: quickly by uv, else by pip. Standard library only; safe to repeat.

A stamp with the digest of the lock is written last: an environment without it was cut off half way and is made anew, one with
the stamp of an older lock is brought up to date.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.txt"
STAMP = VENV / ".installed"
LOG = ROOT / ".lockstep" / "logs" / "setup.log"


def main() -> None:
    """Set up the virtual environment unless it is up to date."""
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"Lockstep needs Python 3.11, this is {sys.version.split()[0]}. Try: make PYTHON=/path/to/python3.11 …")
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with (LOG.parent.parent / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed():
            install()


def is_installed() -> bool:
    """Whether the virtual environment runs and was filled from this very lock file."""
    return STAMP.exists() and STAMP.read_text() == _digest() and _runs(PYTHON, "-c", "import msgspec, psycopg")


def install() -> None:
    """Fill the virtual environment from the lock file and stamp it."""
    begin = time.monotonic()
    LOG.write_text("")
    is_complete = STAMP.exists() and _runs(PYTHON, "--version")
    STAMP.unlink(missing_ok=True)
    if not is_complete:
        _must("creating .venv (Debian/Ubuntu: apt install python3.11-venv)", sys.executable, "-m", "venv", "--clear", VENV)
    print(f"Installing {len(_locked())} locked packages into .venv …", flush=True)
    if not (_has_uv() and _by_uv()):
        print("… uv is not usable here, pip does it (some minutes) …", flush=True)
        _must("pip install", PYTHON, "-m", "pip", "install", "--no-deps", "--require-hashes", "-r", LOCK)
    STAMP.write_text(_digest())
    print(f"Installed in {time.monotonic() - begin:.0f} s.", flush=True)


def _has_uv() -> bool:
    """Whether uv is there, installed by pip if need be: its lines of the lock file carry its hashes."""
    if _runs(VENV / "bin" / "uv", "--version"):
        return True
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
        only_uv.write(_locked()["uv"])
        only_uv.flush()
        return _runs(PYTHON, "-m", "pip", "install", "--require-hashes", "-r", only_uv.name)


def _by_uv() -> bool:
    command = (VENV / "bin" / "uv", "pip", "install", "--python", PYTHON, "--require-hashes", "--compile-bytecode")
    return _runs(*command, "-r", LOCK, env={**_index_of_pip(), **os.environ})


def _index_of_pip() -> dict[str, str]:
    """Return pip's own configured index for uv, which does not read pip's files."""
    found = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    settings = dict(re.findall(r"^(?:global|install|:env:)\.([\w-]+)='(.*)'$", found.stdout, re.MULTILINE))
    return {"UV_DEFAULT_INDEX": settings["index-url"]} if "index-url" in settings else {}


def _locked() -> dict[str, str]:
    """Return the lines of the lock file by package name."""
    blocks = re.findall(r"^[a-z0-9].*(?:\n .*)*", LOCK.read_text(), re.MULTILINE)
    return {re.split(r"[=\[ ]", block, maxsplit=1)[0]: block for block in blocks}


def _digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _runs(*command: str | Path, env: dict[str, str] | None = None) -> bool:
    """Run a command with its output in the log; return whether it succeeded."""
    with LOG.open("a") as log:
        try:
            return subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=env, check=False).returncode == 0
        except OSError:
            return False


def _must(step: str, *command: str | Path) -> None:
    if not _runs(*command):
        last = "\n".join(f"  | {line[:180]}" for line in LOG.read_text(errors="replace").splitlines()[-8:])
        sys.exit(f"Setup failed at: {step}. The log is {LOG.relative_to(ROOT)} and ends with:\n{last}")


if __name__ == "__main__":
    main()
