"""Histories: one person and their kin, the steps that people took with them, and what is remembered for the judge."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from tools.lab.kinds import App, Kind, Row

Snapshot = Mapping[tuple[str, str], Mapping[str, list[Row]]]  # entity and side → token → live records


@dataclass(frozen=True)
class Step:
    """One thing that a person did. `verb`: make, edit, delete, restore, merge, lose, convert, untag, touch."""

    tick: int
    token: str
    verb: str
    side: str
    field: str = ""
    value: Any = None


@dataclass
class Thing:
    """One person or company of the real world, whatever records stand for it."""

    kind: Kind
    token: str
    number: int
    steps: list[Step] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)  # side → when a record was there first
    syncs: list[tuple[int, int]] = field(default_factory=list)  # runs that surely have carried over what was done before

    def done(self, *verbs: str, side: str = "") -> list[Step]:
        """Return the steps of these verbs, on `side`."""
        return [step for step in self.steps if step.verb in verbs and side in ("", step.side)]

    def edits(self, name: str) -> list[Step]:
        """Return the edits of one field."""
        return [step for step in self.steps if step.verb == "edit" and step.field == name]

    def was_synced(self, since: int, before: int) -> bool:
        """Tell whether a whole run lies between two moments."""
        return any(begin > since and end < before for begin, end in self.syncs)


@dataclass
class History:
    """One history: a person, now and then a second one of the same kind and a company, with chances of their own."""

    number: int
    seed: str
    things: list[Thing]

    def chance(self, round_: int, phase: str) -> Random:
        """Return the chances of one phase, whatever happened before."""
        return Random(f"{self.seed}/{self.number}/{round_}/{phase}")

    def steps(self) -> list[dict[str, Any]]:
        """Return all steps in order."""
        return [asdict(step) for step in sorted((s for t in self.things for s in t.steps), key=lambda step: step.tick)]


def things_of(app: App, number: int) -> Iterator[Thing]:
    """Yield the two people and the company of a history, before anything is done with them."""
    yield Thing(app.person, f"Lind{number}x", number)
    yield Thing(app.person, f"Berg{number}x", number)
    if app.account:
        yield Thing(app.account, f"Werk{number}x", number)
