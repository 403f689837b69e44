"""The allowances: five calls a second for the account, and bulk imports by the minute."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

CALLS_PER_SECOND = 5
IMPORTS_PER_MINUTE = {"many": 100, "single": 20}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter says of one call; `wait_seconds` above zero refuses it."""

    remaining: int
    wait_seconds: int = 0


class Meter:
    """Counts calls and imports in windows of the sandbox's clock."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start with the full allowances."""
        self._second: datetime | None = None
        self._minute: datetime | None = None
        self._calls = 0
        self._imports: Counter[str] = Counter()

    def take(self, now: datetime) -> Reading:
        """Count one call, unless the second is used up."""
        if now != self._second:
            self._second, self._calls = now, 0
        if self._calls >= CALLS_PER_SECOND:
            return Reading(0, 1)
        self._calls += 1
        return Reading(CALLS_PER_SECOND - self._calls)

    def take_import(self, now: datetime, contacts: int) -> bool:
        """Count one import; tell whether it was allowed."""
        minute = now.replace(second=0)
        if minute != self._minute:
            self._minute = minute
            self._imports.clear()
        kind = "single" if contacts == 1 else "many"
        self._imports[kind] += 1
        return self._imports[kind] <= IMPORTS_PER_MINUTE[kind]
