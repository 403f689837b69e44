"""What a system allows us, and whoever keeps to it: asked before every call, told of every answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from requests import Response


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many calls in so many seconds; `burst` of them at once."""

    calls: float
    seconds: float
    burst: int = 1

    @property
    def per_second(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds


@dataclass(frozen=True, slots=True)
class Told:
    """What the headers of an answer say: calls per minute allowed, and of a daily limit the used part; None: not said."""

    per_minute: int | None = None
    used: int | None = None
    limit: int | None = None


class Pace(Protocol):
    """Keeps one account's allowance. Safe to use from several threads."""

    def allow(self, allowance: Allowance | None) -> None:
        """Learn what the connector knows of the system's allowance; headers that say otherwise are believed later."""
        ...

    def take(self, kind: str) -> None:
        """Wait until one more call may be made. Raises BudgetError when the day's part of it is used up."""
        ...

    def note(self, kind: str, response: Response, wait_seconds: float | None) -> None:
        """Learn from an answer; `wait_seconds` is given when the system asks everybody to wait."""
        ...


def read_headers(headers: Mapping[str, str]) -> Told:
    """Read `Sforce-Limit-Info: api-usage=18/5000` and `X-RateLimit-Total: 700` (a minute); what is not there is None."""
    usage = headers.get("Sforce-Limit-Info", "").partition("api-usage=")[2].split(";")[0].split(",")[0]
    used, _, limit = usage.strip().partition("/")
    total = headers.get("X-Ratelimit-Total", "")
    return Told(
        per_minute=int(total) if total.isdigit() else None,
        used=int(used) if used.isdigit() else None,
        limit=int(limit) if limit.isdigit() else None,
    )
