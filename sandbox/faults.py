"""Faults on demand: what goes wrong, for which requests, how often.

A fault lets the first `after` matching requests pass, then strikes `times` times (-1 = for ever), each time with the
probability `share` (seeded, so a run repeats itself).
"""

import random
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FOR_EVER = -1
CORE_KINDS: Mapping[str, str] = {  # what the client sees, whichever system it is
    "429": "that status with a body in the system's own words, `retry_after` in its header; nothing is done",
    "500": "that status; nothing is done",
    "502": "that status; nothing is done",
    "503": "that status; nothing is done",
    "401": "that status with a body in the system's own words; nothing is done",
    "html": "a maintenance page with status 503; nothing is done",
    "page": "a web page with status 200, as a proxy or a single sign-on sends it; nothing is done",
    "redirect": "a redirect to a login page; nothing is done",
    "slow": "the answer comes `seconds` late",
    "cut": "the connection is closed without an answer; nothing was done",
    "lost": "the work is done and stored, then the connection is closed: the answer is lost",
    "half": "the work is done, then the connection is closed after the first half of the answer",
    "broken": "the work is done, the answer ends in the middle and says that this is all",
    "blank": "the work is done, the answer has no body",
    "shape": "the work is done, the answer is JSON of another shape; `form` says which: other (a list for an object and the other "
    "way about), empty ({}), null, nulls (in the place of every item), ids (numbers for texts and the other way about)",
    "twice": "the request is delivered twice, and the answer is that of the second delivery",
    "doubled": "every row of a list that is read comes twice",
}
READ_KINDS = frozenset({"doubled"})  # they pass by what writes


@dataclass(slots=True)
class Fault:
    """One armed fault. `options` are the words of its kind: retry_after, seconds, code, message, id …"""

    kind: str
    method: str | None = None
    path: str | None = None
    times: int = 1
    after: int = 0
    share: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)

    def matches(self, method: str, path: str) -> bool:
        """Tell whether the fault is meant for this request; `method` is a pattern, `path` one searched in path and query."""
        is_method = self.method is None or bool(re.fullmatch(self.method, method))
        return is_method and (self.path is None or bool(re.search(self.path, path)))

    def strikes(self, chance: random.Random) -> bool:
        """Use up one turn and tell whether the fault strikes now."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.times == 0 or chance.random() >= self.share:
            return False
        if self.times != FOR_EVER:
            self.times -= 1
        return True


class Faults:
    """The armed faults of one server, in the order they were armed."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Disarm all."""
        self._armed: list[Fault] = []
        self._chance = random.Random(4711)

    def add(self, arguments: Mapping[str, Any]) -> None:
        """Arm a fault; unknown words of `arguments` become its options."""
        own = {name: value for name, value in arguments.items() if name in ("method", "path", "times", "after", "share")}
        rest = {name: value for name, value in arguments.items() if name not in own and name != "kind"}
        self._armed.append(Fault(kind=str(arguments["kind"]), options=rest, **own))

    @property
    def is_armed(self) -> bool:
        """Some fault waits; asked before the dearer questions."""
        return bool(self._armed)

    def remaining(self) -> list[dict[str, Any]]:
        """Return the armed faults with what is left of them."""
        return [asdict(fault) for fault in self._armed if fault.times != 0]

    def take(self, method: str, path: str, passed_by: frozenset[str] = frozenset()) -> Fault | None:
        """Return the fault that strikes this request, if any, of a kind that is not `passed_by`."""
        for fault in self._armed:
            if fault.kind not in passed_by and fault.matches(method, path) and fault.strikes(self._chance):
                return fault
        return None

    def take_row(self, kind: str, *keys: str | None) -> Fault | None:
        """Return the fault of `kind` that strikes one record, if any; its option `id` must be among the record's `keys`."""
        for fault in self._armed:
            wanted = fault.options.get("id")
            if fault.kind == kind and (wanted is None or wanted in keys) and fault.strikes(self._chance):
                return fault
        return None
