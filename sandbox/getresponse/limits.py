"""The allowance of calls: eighty a second, thirty thousand in ten minutes."""

from dataclasses import dataclass
from datetime import datetime

SECOND, FRAME = 1, 600


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter says of one call, of the window that is nearest to its end; `is_over` refuses the call."""

    limit: int
    remaining: int
    reset_seconds: int
    is_over: bool = False

    def headers(self) -> dict[str, str]:
        """Return the three headers that every answer carries."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": f"{self.reset_seconds} seconds",
        }


class Window:
    """Counts calls in windows of `seconds` by the sandbox's clock."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._start: datetime | None = None
        self._used = 0

    def take(self, limit: int, now: datetime) -> Reading:
        """Count one call, unless the allowance is used up."""
        passed = self.seconds if self._start is None else (now - self._start).total_seconds()
        if not 0 <= passed < self.seconds:
            self._start, self._used, passed = now, 0, 0
        reset = self.seconds - int(passed)
        if self._used >= limit:
            return Reading(limit, 0, reset, is_over=True)
        self._used += 1
        return Reading(limit, limit - self._used, reset)


class Meter:
    """Both windows of one account."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start with the full allowance."""
        self._windows = Window(SECOND), Window(FRAME)

    def take(self, per_second: int, per_frame: int, now: datetime) -> Reading:
        """Count one call in both windows; the headers describe the one that was hit, else the longer."""
        readings = [window.take(limit, now) for window, limit in zip(self._windows, (per_second, per_frame), strict=True)]
        return next((reading for reading in readings if reading.is_over), readings[-1])
