"""The three-way merge of one field: which side's value stands, or none. Pure.

A field has *moved* on a side when its value differs from what that side was last settled on; without a settled value (first
link, new mapping row) every non-empty value counts as moved, so a first link never sends nulls.
"""

from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["salesforce", "app"]


class _Sentinel:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


UNKNOWN = _Sentinel("UNKNOWN")  # a reference to a record that has no link yet
MISSING = _Sentinel("MISSING")  # never settled


def is_empty(value: Any) -> bool:
    """Tell whether a common value counts as empty; False and 0 do not."""
    return value is None or value == "" or value == []


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """How one mapped field travels. `default` is a common value; `on_empty` may be the one side that is emptied."""

    name: str
    to_app: bool = True
    to_salesforce: bool = True
    on_conflict: str = ""
    on_empty: str = "clear"
    overwrite: str = "always"
    default: Any = None
    required: frozenset[Side] = frozenset()  # no record is made on these sides without a value

    def is_open(self, side: Side) -> bool:
        """Tell whether the field may be written on `side`."""
        return self.to_app if side == "app" else self.to_salesforce


@dataclass(frozen=True, slots=True)
class Values:
    """The present and the settled value of one field on both sides."""

    salesforce: Any
    app: Any
    salesforce_base: Any = MISSING
    app_base: Any = MISSING

    def of(self, side: Side) -> Any:
        """Return the present value on `side`."""
        return self.app if side == "app" else self.salesforce

    def base(self, side: Side) -> Any:
        """Return the settled value on `side`, or MISSING."""
        return self.app_base if side == "app" else self.salesforce_base

    def is_moved(self, side: Side) -> bool:
        """Tell whether the field moved on `side` since it was settled."""
        base, value = self.base(side), self.of(side)
        return not is_empty(value) if base is MISSING else bool(value != base)

    @property
    def agreed(self) -> Any:
        """The last agreed value for the log, None when there was none."""
        return None if self.salesforce_base is MISSING else self.salesforce_base


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both sides shall hold. `decision` is set when a moved value loses: salesforce, app, merged or ask."""

    salesforce: Any
    app: Any
    rule: str = ""
    decision: str = ""

    def of(self, side: Side) -> Any:
        """Return what `side` shall hold."""
        return self.app if side == "app" else self.salesforce


def resolve(policy: FieldPolicy, master: str, prefer: Side, values: Values, newer: Side | None) -> Outcome:
    """Decide one field. `newer`: the side modified last, None when they cannot be told apart."""
    if values.salesforce == values.app:
        return Outcome(values.salesforce, values.app)
    if policy.on_conflict == "union" and isinstance(values.salesforce or values.app, list):
        return _union(policy, values)
    if policy.on_conflict == "ratchet":  # before all else: neither direction nor master takes an opt-out back
        return _ratchet(policy, values)
    if policy.overwrite == "if_empty":
        return _fill(policy, master, values)
    if policy.to_app != policy.to_salesforce:
        return _one_way(policy, master, values)
    moved: list[Side] = [side for side in ("salesforce", "app") if values.is_moved(side)]
    if not moved or not policy.to_app:
        return _keep(values, "difference was settled before")
    if master in ("salesforce", "app"):
        winner: Side = "salesforce" if master == "salesforce" else "app"
        is_void = values.base(winner) is MISSING and is_empty(values.of(winner))
        return _take(policy, values, _other(winner) if is_void else winner, f"master {master}")
    if len(moved) == 1:
        return _take(policy, values, moved[0], f"changed in {moved[0]}")
    return _conflict(policy, prefer, values, newer)


def _conflict(policy: FieldPolicy, prefer: Side, values: Values, newer: Side | None) -> Outcome:
    rule = policy.on_conflict or prefer
    if rule == "ask":
        return Outcome(values.salesforce, values.app, "both changed: a person decides", "ask")
    winner = prefer
    if rule in ("salesforce", "app"):
        winner = "salesforce" if rule == "salesforce" else "app"
    elif rule == "newest" and newer:
        winner = newer
    elif rule == "non_empty" and is_empty(values.of(prefer)):
        winner = _other(prefer)
    return _take(policy, values, winner, f"both changed: {rule}")


def _one_way(policy: FieldPolicy, master: str, values: Values) -> Outcome:
    origin: Side = "salesforce" if policy.to_app else "app"
    if values.is_moved(origin) or (master == origin and values.is_moved(_other(origin))):
        return _take(policy, values, origin, f"one way from {origin}")
    return _keep(values, f"one way from {origin}")


def _fill(policy: FieldPolicy, master: str, values: Values) -> Outcome:
    """A filled field is never replaced, an empty one is filled by what moved. Emptying what both sides held alike travels."""
    for side in ("salesforce", "app"):
        other = _other(side)
        is_cleared = values.is_moved(side) and values.base(side) == values.of(other)
        if not is_empty(values.of(side)):
            continue
        if is_cleared and policy.is_open(other) and master in ("merge", side):
            return _take(policy, values, side, f"emptied in {side}")
        if policy.is_open(side) and (values.is_moved(side) or values.is_moved(other)):
            return _take(policy, values, other, f"empty in {side}")
    return _keep(values, "not overwritten: not empty")


def _union(policy: FieldPolicy, values: Values) -> Outcome:
    """Set merge: everything on either side, less what one side has taken out since it was settled."""
    present = {"salesforce": set(values.salesforce or ()), "app": set(values.app or ())}
    removed: set[Any] = set()
    for side in ("salesforce", "app"):
        base = values.base(side)
        removed |= set(base or ()) - present[side] if base is not MISSING else set()
    merged = sorted((present["salesforce"] | present["app"]) - removed) or None
    salesforce = merged if policy.to_salesforce else values.salesforce
    return Outcome(salesforce, merged if policy.to_app else values.app, "union")


def _ratchet(policy: FieldPolicy, values: Values) -> Outcome:
    """Let the tick stand wherever it may be written; where there is none, the side that has a value."""
    if not any(values.is_moved(side) for side in ("salesforce", "app")):
        return _keep(values, "difference was settled before")
    winner: Side = "salesforce" if values.salesforce or is_empty(values.app) else "app"
    return _take(policy, values, winner, "ratchet")


def _take(policy: FieldPolicy, values: Values, winner: Side, rule: str) -> Outcome:
    """Let `winner`'s value stand on both sides, within what the field's policy lets the loser receive."""
    loser = _other(winner)
    value = values.of(winner)
    if policy.overwrite == "never" or not policy.is_open(loser):
        return _keep(values, "never overwritten")
    if is_empty(value):
        if policy.on_empty in ("skip", winner):
            return _keep(values, "empty is not sent")
        value = policy.default if policy.on_empty == "default" else None
    lost = values.is_moved(loser) and value != values.of(loser)
    held = values.of(winner)
    decision = winner if lost else ""
    return Outcome(held, value, rule, decision) if winner == "salesforce" else Outcome(value, held, rule, decision)


def _keep(values: Values, rule: str) -> Outcome:
    return Outcome(values.salesforce, values.app, rule)


def _other(side: Side) -> Side:
    return "app" if side == "salesforce" else "salesforce"
