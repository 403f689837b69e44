"""Pacing: all workers together keep to what an account allows, by one row of Postgres per account.

A call books its time in that row before it is made (a leaky bucket: one statement, no lock held while waiting), so that two DAGs
that write to one Salesforce or Freshdesk share its allowance. A system that asks one worker to wait makes all wait.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from requests import Response
from sqlalchemy import Engine, text

from connectors.errors import BudgetError
from connectors.pace import Allowance, read_headers
from sync.guard_settings import Budget
from sync.locks import require_locks

LONGEST_WAIT_SECONDS = 120.0  # a worker whose turn is further off gives up: the task is tried again later
LONGEST_BLOCK_SECONDS = 3600.0  # however long a system wants all to wait, it is asked again by then: it may have meant a moment
USED_SHARE = 0.98  # of the allowance: clocks and windows differ
FRESH_HOURS = 24  # how long what Salesforce said of its daily limit counts

# Books one call, at the time that the system's headers allow, else `gap` seconds after the last (0: at once). `burst` calls may be made
# at once; they are taken off the rate, so that no window of the system has more calls than it allows.
TAKE = """
with counted as (
  insert into sync.api_call as c (account, integration, run_id, kind, day, calls)
  values (:account, :integration, :run_id, :kind, current_date, 1)
  on conflict (account, integration, run_id, kind, day) do update set calls = c.calls + 1),
booked as (
  insert into sync.pace as p (account, free_at) values (:account, clock_timestamp() + make_interval(secs => :gap))
  on conflict (account) do update set free_at = greatest(p.free_at, clock_timestamp()) + make_interval(secs => {gap})
  returning p.*, {gap} as gap)
select greatest(
    extract(epoch from free_at) - extract(epoch from clock_timestamp()) - gap * :burst,
    extract(epoch from blocked_until) - extract(epoch from clock_timestamp()), 0)::float as wait,
  case when told_at > now() - make_interval(hours => :fresh) then used end as used,
  case when told_at > now() - make_interval(hours => :fresh) then daily_limit end as daily_limit
from booked
"""
GAP = (
    "case when :gap = 0 then 0 when p.per_minute is null then :gap"
    " else 60.0 / greatest(p.per_minute * :share - :burst + 1, 1) end"
)
SPENT = """
select coalesce(sum(calls), 0), coalesce(sum(calls) filter (where kind = 'write'), 0) from sync.api_call
where account = :account and integration = :integration and day = current_date
"""
WRITES_SHARE = 0.5  # of a daily budget: what is written is read again by the next run, which must not stop at that
TELL = """
update sync.pace set per_minute = coalesce(:per_minute, per_minute), used = coalesce(:used, used),
  daily_limit = coalesce(:limit, daily_limit), told_at = case when :limit is null then told_at else now() end,
  blocked_until = greatest(blocked_until, clock_timestamp() + make_interval(secs => :wait))
where account = :account
"""


@dataclass(slots=True)
class SharedPace:
    """The pace of one account, for one stage of one run of an integration."""

    engine: Engine
    account: str
    integration: str
    run_id: str
    budget: Budget = field(default_factory=Budget)
    pause: Callable[[float], None] = time.sleep
    allowance: Allowance | None = None
    is_rehearsal: bool = False  # between sandbox servers: calls are counted, and nobody waits until they ask for it
    _told: tuple[int | None, int | None] = (None, None)

    def allow(self, allowance: Allowance | None) -> None:
        """Keep to `allowance`; None: only counted and held to the budget."""
        self.allowance = None if self.is_rehearsal else allowance

    def take(self, kind: str) -> None:
        """Wait for our turn. Raises BudgetError when the budget is used up, or our turn is too far off; before a write LockLostError
        when a lock that this worker needs is lost."""
        gap, burst = _spacing(self.allowance) if self.allowance else (0.0, 1)
        values = {**self._names(), "kind": kind, "gap": gap, "burst": burst, "share": USED_SHARE, "fresh": FRESH_HOURS}
        with self.engine.begin() as connection:
            row = connection.execute(text(TAKE.format(gap=GAP)), values).one()
            spent, written = connection.execute(text(SPENT), self._names()).one() if self.budget.daily else (0, 0)
        if kind != "auth":  # to know whom we speak to, and to end the run in order
            self._check(row.used, row.daily_limit, max(spent, written / WRITES_SHARE if kind == "write" else 0))
        if row.wait > LONGEST_WAIT_SECONDS:
            raise BudgetError(f"{self.account}: its allowance is booked for the next {row.wait:.0f} seconds", row.wait)
        if row.wait > 0:
            self.pause(row.wait)
        if kind == "write":
            require_locks()

    def note(self, kind: str, response: Response, wait_seconds: float | None) -> None:
        """Keep what the headers say, for everybody; written only when it is news."""
        told = read_headers(response.headers)
        news = (told.per_minute, told.used)
        if wait_seconds is None and (news == self._told or news == (None, None)):
            return
        self._told = news
        wait = min(wait_seconds or 0.0, LONGEST_BLOCK_SECONDS)
        values = {"per_minute": told.per_minute, "used": told.used, "limit": told.limit, "wait": wait}
        with self.engine.begin() as connection:
            connection.execute(text(TELL), {**values, "account": self.account})

    def _check(self, used: int | None, limit: int | None, spent: float) -> None:
        if used is not None and limit and used >= limit * (1 - self.budget.reserve):
            raise BudgetError(
                f"{self.account}: {used} of the {limit} calls of the day are used, the rest is left for people"
                f" (api_budget.reserve {self.budget.reserve:g}). What is left to do comes with a later run.",
                _until_tomorrow(),
            )
        if self.budget.daily and spent > self.budget.daily:
            raise BudgetError(
                f"{self.account}: {self.integration} has used its {self.budget.daily} calls of the day (api_budget.daily)."
                " What is left to do comes with a later run.",
                _until_tomorrow(),
            )

    def _names(self) -> dict[str, str]:
        return {"account": self.account, "integration": self.integration, "run_id": self.run_id}


def _spacing(allowance: Allowance) -> tuple[float, int]:
    calls = allowance.calls * USED_SHARE - allowance.burst + 1
    return allowance.seconds / calls, allowance.burst


def _until_tomorrow() -> float:
    now = datetime.now(UTC)
    return 86_400.0 - (now.hour * 3600 + now.minute * 60 + now.second)
