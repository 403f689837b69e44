"""Stages in a process of their own, as a worker runs them; a real process, so that it can really be killed."""

import json
import logging
import os
import select
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy.exc import DBAPIError

from connectors.connection import Settings
from connectors.contract import Connector
from connectors.errors import PermanentError, SyncError
from connectors.opening import build_connector
from sandbox.system import load as load_system
from sync.apply import apply
from sync.batch import Request
from sync.database import connect
from sync.pacing import SharedPace
from sync.settings import Settings as Integration
from sync.settings import Side
from sync.stages import run_stage
from tools.lab.moments import Moment, Watch

APPLY = "apply "  # and the number of a plan: what a task does once a person has approved it
HELD = b"held"  # the line by which a process tells that it stops now


@dataclass(frozen=True)
class Place:
    """Where a task works: database, mapping folder, the addresses of both systems, and how patient it is with them."""

    database: str
    folder: Path
    app: str
    addresses: Mapping[str, str]
    total_seconds: float
    read_seconds: float
    log: Path
    options: Mapping[str, Any] = field(default_factory=dict)  # of the connector to Salesforce


@dataclass
class Ending:
    """How a process ended: what its stages counted, the stage that it did not finish, and why."""

    done: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    trace: str = ""  # of an error that no stage may raise
    is_killed: bool = False
    usual: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """All stages came to their end."""
        return not self.error and not self.is_killed


class Task:
    """A process that runs `stages` of the run `run_id`. Started at once."""

    def __init__(self, place: Place, run_id: str, stages: Sequence[str], moment: Moment | None = None) -> None:
        self._reader, writer = os.pipe()
        self._moment = moment
        self._began = time.monotonic()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._reader)
            try:
                _work(place, run_id, stages, moment, writer)
            finally:
                os._exit(0)
        os.close(writer)

    def wait(self, while_held: Callable[[], object] = lambda: None) -> Ending:
        """Wait for its end, or kill it at its moment; where it is to be held still, do `while_held` and let it go on."""
        text = b""
        is_held, status = False, None
        limit = self._moment.number if self._moment and self._moment.what == "clock" else None
        while True:
            left = None if limit is None else max(limit - (time.monotonic() - self._began), 0)
            ready, _, _ = select.select([self._reader], [], [], left)
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                limit = None
                continue
            part = os.read(self._reader, 1 << 16)
            text += part
            if not part:
                break
            if HELD in text and not is_held:
                is_held = True
                _, status = os.waitpid(self.pid, os.WUNTRACED)
                if os.WIFSTOPPED(status):
                    while_held()
                    os.kill(self.pid, signal.SIGCONT)
                    status = None
        os.close(self._reader)
        if status is None:
            _, status = os.waitpid(self.pid, 0)
        return self._ending(text, os.WIFSIGNALED(status))

    def _ending(self, text: bytes, is_killed: bool) -> Ending:
        ending = Ending(is_killed=is_killed, seconds=time.monotonic() - self._began)
        for line in text.decode().splitlines(keepends=True):
            if line.endswith("\n") and line.strip() != HELD.decode():
                told = json.loads(line)
                ending.done |= told.get("done", {})
                ending.error, ending.trace = told.get("error", ""), told.get("trace", "")
                ending.usual = Counter(told.get("counts", {}))
        return ending


def warm_up(apps: Sequence[str]) -> None:
    """Import what a task would import, so that its process begins at once."""
    for name in (*(f"connectors.{app}" for app in apps), "connectors.salesforce", "great_expectations", "alembic.command"):
        import_module(name)


def connectors(
    app: str, addresses: Mapping[str, str], settings: Integration, salesforce: Mapping[str, Any] | None = None, **options: Any
) -> dict[Side, Connector]:
    """Return real connectors to both sandbox servers at `addresses`, by system, with the options that a task gives and `options`;
    those in `salesforce` are for that one alone."""
    given = {**settings.salesforce_options, **(salesforce or {}), **options}
    return {
        "salesforce": build_connector("salesforce", _login("salesforce", addresses), **given),
        "app": build_connector(app, _login(app, addresses), **options),
    }


def _login(system: str, addresses: Mapping[str, str]) -> Settings:
    told = load_system(system).connection(addresses[system])
    return Settings(**{key: told[key] for key in ("host", "login", "password", "extra") if key in told})


def _work(place: Place, run_id: str, stages: Sequence[str], moment: Moment | None, writer: int) -> None:
    logging.basicConfig(filename=place.log, level=logging.INFO, force=True, format="%(process)d %(name)s %(message)s")
    watch = Watch(moment, lambda: os.write(writer, HELD + b"\n"))
    engine = connect(place.database)
    patience = {"total_seconds": place.total_seconds, "read_seconds": place.read_seconds}

    def both(found: Integration) -> dict[Side, Connector]:
        pace = SharedPace(engine, place.app, found.integration, run_id, is_rehearsal=True)  # for what it asks before each call
        return connectors(place.app, place.addresses, found, place.options, pace=pace, **patience)

    watch.begin(engine)
    with _Telling(writer, watch) as telling:
        for stage in stages:
            logging.info("--- %s of %s", stage, run_id)
            if stage.startswith(APPLY):
                counts = apply(engine, int(stage.removeprefix(APPLY)), "the laboratory", both, is_rehearsal=True)
            else:
                counts = run_stage(stage, engine, place.folder, run_id, Request(), both, is_rehearsal=True)
                if counts.get("unread"):
                    raise PermanentError(counts["unread"])
            telling.tell(done={stage: counts})
            if stage == "extract" and not counts["total"]:
                break


class _Telling:
    """Tells the parent process what was done, and of the error that ended it."""

    def __init__(self, writer: int, watch: Watch) -> None:
        self._writer = writer
        self._watch = watch

    def tell(self, **news: Any) -> None:
        """Send one line."""
        os.write(self._writer, json.dumps({**news, "counts": self._watch.counts}, default=str).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if error is not None:
            is_known = isinstance(error, SyncError | DBAPIError)
            words = "" if is_known else "".join(traceback.format_exception(error))
            self.tell(error=f"{type(error).__name__}: {error}"[:400], trace=words)
            logging.info("--- ended by %s: %s", type(error).__name__, error)
        return True
