"""What `settings.yaml` says of bounds: how much one run may change before a person has to look (`guard`), how many calls it may make,
and how much the nightly audit may mend by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.documents import Section

WHEN_EXCEEDED = ("hold", "fail")
FIRST_RUNS = ("hold", "go")
OPERATIONS = ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class Limit:
    """How many writes of one operation pass: `most` in all, `share` of the entity's links; 0 means no such limit."""

    most: int = 0
    share: float = 0.0


DEFAULTS: Mapping[str, Limit] = {"create": Limit(), "update": Limit(share=0.5), "delete": Limit(most=100, share=0.1)}


@dataclass(frozen=True, slots=True)
class Guard:
    """The limits of one integration. Up to `minimum` writes of a kind always pass, whatever their share."""

    when_exceeded: str = "hold"
    first_run: str = "hold"
    approval_hours: int = 24
    minimum: int = 20
    emptied_share: float = 0.2  # of the links, in one field
    median_factor: int = 50  # against the median of the last runs that wrote; 0: not looked at
    limits: Mapping[str, Limit] = field(default_factory=lambda: dict(DEFAULTS))


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of an account's day may be used: `reserve` is left for people, `daily` is this integration's own part (0: all)."""

    reserve: float = 0.2
    daily: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """What the nightly audit may do: mend up to `repairs` unexplained differences, and leave `reserve` of the day's calls to the runs."""

    repairs: int = 100
    reserve: float = 0.5

    def within(self, budget: Budget) -> Budget:
        """Return the audit's part of `budget`."""
        return Budget(max(budget.reserve, self.reserve), int(budget.daily * (1 - self.reserve)))


def read_audit(section: Section) -> Audit:
    """Return what the audit may do; every problem is reported to `section`."""
    plain = Audit()
    audit = Audit(section.whole("repairs", plain.repairs, 0, 1_000_000), section.share("reserve", plain.reserve))
    section.close()
    return audit


def read_budgets(section: Section) -> dict[str, Budget]:
    """Return the budget of each side; every problem is reported to `section`."""
    reserve, daily = section.share("reserve", Budget().reserve), section.section("daily")
    budgets = {side: Budget(reserve, daily.whole(side, 0, 0, 100_000_000)) for side in ("salesforce", "app")}
    daily.close()
    section.close()
    return budgets


def read_guard(section: Section) -> Guard:
    """Return the guard; every problem is reported to `section`."""
    plain = Guard()
    guard = Guard(
        when_exceeded=section.choice("when_exceeded", WHEN_EXCEEDED, plain.when_exceeded),
        first_run=section.choice("first_run", FIRST_RUNS, plain.first_run),
        approval_hours=section.whole("approval_hours", plain.approval_hours, 1, 720),
        minimum=section.whole("minimum", plain.minimum, 0, 1_000_000),
        emptied_share=section.share("emptied_share", plain.emptied_share),
        median_factor=section.whole("median_factor", plain.median_factor, 0, 10_000),
        limits={operation: _read_limit(section.section(operation), DEFAULTS[operation]) for operation in OPERATIONS},
    )
    section.close()
    return guard


def _read_limit(section: Section, default: Limit) -> Limit:
    limit = Limit(section.whole("most", default.most, 0, 100_000_000), section.share("share", default.share))
    section.close()
    return limit
