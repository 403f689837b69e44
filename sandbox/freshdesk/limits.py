"""The allowance of calls per minute: one for the account, a smaller one for the list of contacts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls per minute; `contact_lists` None is no smaller limit."""

    calls: int
    contact_lists: int | None


PLANS: Mapping[str, Plan] = {
    "trial": Plan(50, None),
    "growth": Plan(200, 20),
    "pro": Plan(400, 100),
    "enterprise": Plan(700, 200),
    "1000": Plan(1000, 300),
    "2000": Plan(2000, 400),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter says of one call; `wait_seconds` above zero refuses it."""

    total: int
    remaining: int
    wait_seconds: int = 0


class Meter:
    """Counts calls in windows of one minute by the sandbox's clock."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start with the full allowance."""
        self._start: datetime | None = None
        self._used: Counter[str] = Counter()

    def take(self, plan: Plan, is_contact_list: bool, now: datetime) -> Reading:
        """Count one call, unless the allowance is used up."""
        wait = self._wait(now)
        is_over = self._used["calls"] >= plan.calls
        is_list_over = is_contact_list and plan.contact_lists is not None and self._used["lists"] >= plan.contact_lists
        if is_over or is_list_over:
            return Reading(plan.calls, max(0, plan.calls - self._used["calls"]), wait)
        self._used["calls"] += 1
        self._used["lists"] += is_contact_list
        return Reading(plan.calls, plan.calls - self._used["calls"])

    def _wait(self, now: datetime) -> int:
        """Return the seconds to the next window, after opening one if the last is over."""
        passed = WINDOW_SECONDS if self._start is None else (now - self._start).total_seconds()
        if not 0 <= passed < WINDOW_SECONDS:
            self._start, passed = now, 0
            self._used.clear()
        return WINDOW_SECONDS - int(passed)
