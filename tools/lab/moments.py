"""When a task is killed or held still: by the clock, or counted from inside by calls that leave and transactions that are committed."""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import Engine, event

COUNTED = ("call", "answer", "write", "write", "commit", "stored")  # before a call leaves, shortly after any or a writing one, …
WRITES = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")
BETWEEN_CALLS = ("commit", "stored")
LOGIN = b"/oauth2/"
OUT_SECONDS = 0.004  # how long after its start a call may be hit


@dataclass(frozen=True)
class Moment:
    """One moment: the `number`-th of what is counted, or so many seconds (`clock`). `is_pause`: the task is held still, not killed."""

    what: str
    number: float
    delay: float = 0.0
    is_pause: bool = False


def draw(chance: Random, usual: Counter[str], seconds: float, is_pause: bool = False) -> Moment:
    """Return a moment within what such a process usually counts, or a little after its end."""
    what = chance.choice(COUNTED if is_pause else (*COUNTED, "clock"))
    if what == "clock":
        return Moment(what, chance.uniform(0, 1.1 * seconds))
    most = max(usual[{"answer": "call", "stored": "commit"}.get(what, what)], 1)
    return Moment(what, chance.randint(1, most), chance.uniform(0, OUT_SECONDS), is_pause)


class Watch:
    """Counts calls and commits of this process, and ends it at its moment, or holds it still once `announce` has told so."""

    def __init__(self, moment: Moment | None, announce: Callable[[], None]) -> None:
        self.counts: Counter[str] = Counter()
        self._moment = moment
        self._announce = announce

    def begin(self, engine: Engine) -> None:
        """Look on from now."""
        sys.addaudithook(self._hear)
        event.listen(engine, "commit", lambda _: self._count("commit"))
        event.listen(engine, "checkin", lambda *_: self._reach("stored", self.counts["commit"]))

    def _hear(self, name: str, told: tuple[Any, ...]) -> None:
        if name == "http.client.send":
            self._count("call")
            self._reach("answer", self.counts["call"])
            line = bytes(told[1][:200]).partition(b"\r\n")[0] if isinstance(told[1], bytes | bytearray) else b""
            if line.startswith(WRITES) and LOGIN not in line:
                self._count("write")

    def _count(self, what: str) -> None:
        self.counts[what] += 1
        self._reach(what, self.counts[what])

    def _reach(self, what: str, number: int) -> None:
        if self._moment and self._moment.what == what and number >= self._moment.number:
            moment, self._moment = self._moment, None
            if what in ("answer", "write"):
                threading.Timer(moment.delay, self._strike, [moment]).start()
            else:
                self._strike(moment)

    def _strike(self, moment: Moment) -> None:
        if moment.is_pause:
            self._announce()
        os.kill(os.getpid(), signal.SIGSTOP if moment.is_pause else signal.SIGKILL)
