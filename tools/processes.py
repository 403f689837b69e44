"""Long-lived processes of this checkout: started detached, found again by pid *and* birth, stopped as a whole session.

A pid alone can belong to a stranger after a reboot. The pid file therefore keeps the moment the process was born too, and
nothing is signalled unless both agree. Children carry the name of their checkout in the environment, so that those of a killed
parent are found as well. Standard library only: `make stop` works when the virtual environment does not.
"""

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.place import LOGS, PIDS, ROOT, STATE, StepError, read_json, shown, write_json

STOP_SECONDS = 12.0
POLL_SECONDS = 0.1
MARK = {"LOCKSTEP_CHECKOUT": str(STATE), "SPT_NOENV": "1"}  # without SPT_NOENV a new process title overwrites the environment
_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One process that this checkout started."""

    name: str
    pid: int
    born: str
    digest: str  # of the command and of what it was told by the environment

    @property
    def is_alive(self) -> bool:
        """Whether the very process we started still runs."""
        return birth(self.pid) == self.born != ""


def birth(pid: int) -> str:
    """Return what tells this process from a later one with the same pid; empty when there is none or it is a zombie."""
    if _PROC.joinpath("self/stat").exists():
        fields = _stat(pid)
        return fields[19] if fields and fields[0] not in "ZX" else ""
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "" if found.stdout.startswith("Z") else found.stdout.partition(" ")[2].strip()


def command_line(pid: int) -> str:
    """Return the command line of a process, empty when there is none."""
    if _PROC.joinpath("self/cmdline").exists():
        return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def working_in(folder: Path) -> Iterator[int]:
    """Yield the processes whose working directory is this folder (Linux)."""
    for entry in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                yield int(entry.name)


def ensure(name: str, command: Sequence[str], env: Mapping[str, str]) -> Process:
    """Return the process of that name, started anew unless it already runs with this very command and environment."""
    known, digest = find(name), _digest(command, env)
    if known and known.digest == digest:
        return known
    stop_all([name])
    return _start(name, command, env, digest)


def _start(name: str, command: Sequence[str], env: Mapping[str, str], digest: str) -> Process:
    """Start a command in a session of its own with its output in `.lockstep/logs/<name>.log`, and remember it."""
    log = log_path(name)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("w") as output:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**env, **MARK, "LOCKSTEP_PROCESS": name},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process = Process(name, child.pid, birth(child.pid), digest)
    write_json(_pid_path(name), asdict(process))
    return process


def _digest(command: Sequence[str], env: Mapping[str, str]) -> str:
    told = sorted((name, value) for name, value in env.items() if name.startswith(("AIRFLOW", "PYTHONPATH", "LOCKSTEP")))
    return hashlib.sha256(repr((list(command), told)).encode()).hexdigest()


def find(name: str) -> Process | None:
    """Return the running process of that name, or None; a stale pid file counts as none."""
    known = read_json(_pid_path(name))
    process = Process(**known) if known else None
    return process if process and process.is_alive else None


def log_path(name: str) -> Path:
    """Return where the process of that name writes its output."""
    return LOGS / f"{name}.log"


def wait_until(ready: Callable[[], bool], what: str, names: Sequence[str], seconds: float) -> None:
    """Wait until `ready`; raise StepError with the log's path when one of the processes dies or the time is over."""
    end = time.monotonic() + seconds
    while not ready():
        dead = [name for name in names if find(name) is None]
        if dead:
            raise StepError(f"{dead[0]} stopped while {what}; its log ends with:\n{tail(log_path(dead[0]))}")
        if time.monotonic() > end:
            logs = ", ".join(shown(log_path(name)) for name in names)
            raise StepError(f"{what} took longer than {seconds:.0f} seconds; see {logs}")
        time.sleep(POLL_SECONDS)


def tail(log: Path, lines: int = 12) -> str:
    """Return the path of a log and its last lines, each cut to what fits a terminal."""
    text = log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else []
    return "\n".join([f"  {shown(log)}", *(f"  | {line[:180]}" for line in text)])


def stop_all(names: Collection[str] = ()) -> list[str]:
    """Stop every process of this checkout, or the named ones, politely first; return the names of those that ran."""
    known = names or sorted(path.stem for path in PIDS.glob("*.json"))
    processes = [process for name in known if (process := find(name))]
    for process in processes:
        os.kill(process.pid, signal.SIGTERM)
    wait_for_end([process.pid for process in processes])
    left = list(_left_behind({process.pid for process in processes}, names))
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for name in known:
        _pid_path(name).unlink(missing_ok=True)
    return [process.name for process in processes] or ["left-over children"] * bool(left)


def wait_for_end(pids: Sequence[int], seconds: float = STOP_SECONDS) -> bool:
    """Wait until all these processes are gone; return whether they are."""
    end = time.monotonic() + seconds
    while any(birth(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return not any(birth(pid) for pid in pids)


def _left_behind(leaders: Collection[int], names: Collection[str]) -> Iterator[int]:
    """Yield what is left of our sessions, and children whose parent was killed (Linux; elsewhere the leaders only)."""
    yield from (pid for pid in leaders if birth(pid))
    for folder in _PROC.glob("[0-9]*"):
        pid, fields = int(folder.name), _stat(int(folder.name))
        if fields and pid not in leaders and (int(fields[3]) in leaders or _is_ours(pid, names)):
            yield pid


def _is_ours(pid: int, names: Collection[str]) -> bool:
    told = dict(entry.partition("=")[::2] for entry in _read(pid, "environ").decode(errors="replace").split("\0"))
    ours = told.get("LOCKSTEP_CHECKOUT") == MARK["LOCKSTEP_CHECKOUT"]
    return ours and (not names or told.get("LOCKSTEP_PROCESS") in names)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on: the name before it may hold blanks and brackets."""
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""


def _pid_path(name: str) -> Path:
    return PIDS / f"{name}.json"
