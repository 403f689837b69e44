"""The judge: what each history must have come to, from what people did alone. Pure; it knows the settings, and nothing of the engine.

Two edits of one field on different sides *compete* unless a whole run lies between them: then either value may stand. Everything
else is exact: what only one side changed is on both sides, everybody is there once, who was deleted is gone by policy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.lab.kinds import BELONGS, BOTH, FILL, Field, Kind, Row
from tools.lab.people import OTHER, SIDES, Snapshot, Step, Thing

LOST, TWIN, UNEXPLAINED, WRONG_WINNER = "lost update", "twin", "unexplained difference", "wrong winner"


@dataclass(frozen=True)
class Finding:
    """One promise broken."""

    sort: str
    token: str
    words: str


@dataclass(frozen=True)
class Evidence:
    """What both systems and the state show in the end."""

    records: Snapshot
    links: Mapping[tuple[str, str], tuple[str | None, str | None, str]]  # entity, id of either side → both ids, state
    told: frozenset[tuple[str, str, str]]  # entity, side, id of records with an open rejection
    asked: frozenset[tuple[str, str, str]]  # entity, Salesforce id, field left to a person
    noted: frozenset[tuple[str, str]]  # entity, Salesforce id of every conflict
    runs: Sequence[int] = ()  # ticks at which some task worked
    prefer: str = "salesforce"
    deletes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # entity → to_app, to_salesforce

    def rows(self, thing: Thing, side: str) -> Sequence[Row]:
        """The live records of a thing."""
        return self.records[thing.kind.entity, side].get(thing.token, ())

    def value(self, kind: Kind, each: Field | None, side: str, row: Row) -> Any:
        """What a field shows; without a field, the word of the account that the record belongs to."""
        if each is not None:
            return each.value(side, row)
        key = row.get(kind.belongs[side])
        accounts = self.records["account", side]
        return next((token for token, rows in accounts.items() if key and rows[0].get("Id", rows[0].get("id")) == key), None)


def judge(thing: Thing, evidence: Evidence) -> Iterator[Finding]:
    """Yield everything that is wrong with what stands for a thing."""
    if not thing.steps:
        return
    counts = tuple(len(evidence.rows(thing, side)) for side in SIDES)
    if max(counts) > 1:
        yield Finding(TWIN, thing.token, f"{counts[0]} live records in Salesforce, {counts[1]} in the app")
        return
    if counts not in (allowed := _numbers(thing, evidence)):
        sort = LOST if sum(counts) < min(map(sum, allowed)) else UNEXPLAINED
        yield Finding(sort, thing.token, f"records in Salesforce and the app: {counts}, expected {sorted(allowed)}")
        return
    if counts == (1, 1):
        yield from _pair(thing, evidence)


def _numbers(thing: Thing, evidence: Evidence) -> set[tuple[int, int]]:
    """How many live records there may be on each side."""
    if thing.done("restore", "lose"):
        return _of_lost(thing, evidence)
    gone = {side: thing.done("delete", side=side) for side in SIDES}
    if not any(gone.values()):
        return {(1, 1)}
    first = min((steps[0] for steps in gone.values() if steps), key=lambda step: step.tick)
    side, other = first.side, OTHER[first.side]
    is_carried = evidence.deletes[thing.kind.entity][f"to_{other}"] == "delete"
    rest = 0 if is_carried or gone[other] else 1
    exact = {(0, rest) if side == "salesforce" else (rest, 0)}
    both_since = max(thing.seen.get(each, first.tick) for each in SIDES)
    if thing.was_synced(both_since, first.tick):
        return exact
    return exact | _unsettled(thing, gone)


def _unsettled(thing: Thing, gone: Mapping[str, list[Step]]) -> set[tuple[int, int]]:
    """What may be left when somebody deleted a record before a whole run had seen both: the other one may have counted as new."""
    if gone["salesforce"] and gone["app"]:
        return {(0, 0), (1, 0)}
    makers = {step.side for step in thing.done("make")}
    side = "salesforce" if gone["salesforce"] else "app"
    if makers == {side}:  # the only one that a person made is gone
        return {(0, 0)} if side == "salesforce" else {(0, 0), (1, 0)}
    return {(0, 0), (1, 0), (1, 1)} if side == "app" else {(0, 0), (1, 1)}


def _of_lost(thing: Thing, evidence: Evidence) -> set[tuple[int, int]]:
    """Restored ones may stand alone or be gone again; the loser of a merge stays as it is on the other side, and somebody is told."""
    if thing.done("restore"):
        return {(0, 0), (0, 1), (1, 0), (1, 1)}
    lost = thing.done("lose")[0]
    both_since = max(thing.seen.get(each, lost.tick) for each in SIDES)
    if not thing.was_synced(both_since, lost.tick):
        return {(0, 0), (0, 1), (1, 0), (1, 1)}
    if lost.side == "app":
        return {(0, 0)} if thing.done("delete", side="salesforce") else {(1, 0)}
    told = any((thing.kind.entity, "app", thing.kind.id_of("app", row)) in evidence.told for row in evidence.rows(thing, "app"))
    return {(0, 1)} if told else {(0, 0)}


def _pair(thing: Thing, evidence: Evidence) -> Iterator[Finding]:
    kind = thing.kind
    rows = {side: evidence.rows(thing, side)[0] for side in SIDES}
    ids = tuple(kind.id_of(side, rows[side]) for side in SIDES)
    is_told = any((kind.entity, side, record_id) in evidence.told for side, record_id in zip(SIDES, ids, strict=True))
    if is_told and not thing.done("delete", "restore", "lose", "merge"):
        yield Finding(UNEXPLAINED, thing.token, "a rejection is open in the end, and nothing is wrong any more")
    link = evidence.links.get((kind.entity, ids[0]))
    if link != (*ids, "live"):
        if not (is_told or thing.done("restore", "lose")):
            yield Finding(UNEXPLAINED, thing.token, f"both records live, but the link is {link}")
        return
    for each in (*kind.fields, *((None,) if kind.belongs else ())):
        name = each.name if each else BELONGS
        shown = {side: evidence.value(kind, each, side, rows[side]) for side in SIDES}
        is_asked = (kind.entity, ids[0], name) in evidence.asked
        for finding in _field(thing, each, shown, evidence):
            if not is_told and not is_asked:
                yield finding
        if not is_told:
            yield from _winner(thing, each, shown, evidence, ids[0])


def _field(thing: Thing, each: Field | None, shown: Mapping[str, Any], evidence: Evidence) -> Iterator[Finding]:
    name, way = (each.name, each.way) if each else (BELONGS, BOTH)
    words = f"{name} is {shown['salesforce']!r} in Salesforce and {shown['app']!r} in the app"
    edits = thing.edits(name)
    if thing.done("delete", "restore", "lose"):  # one of them may have been made anew from the other
        if way == BOTH and shown["salesforce"] != shown["app"]:
            yield Finding(UNEXPLAINED, thing.token, words)
        return
    if way == FILL:
        if len({shown[side] is None for side in SIDES}) > 1 and all(step.value is not None for step in edits):
            yield Finding(LOST, thing.token, f"{words}: the empty side was not filled")
        return
    allowed = standing(thing, edits)
    if way == BOTH and shown["salesforce"] != shown["app"]:
        yield Finding(UNEXPLAINED, thing.token, f"{words}; expected on both: {_words(allowed)}")
    elif shown["app"] not in allowed:
        yield Finding(LOST, thing.token, f"{words}; expected: {_words(allowed)}")
    last = [step.value for step in edits if step.side == "salesforce"][-1:]
    if way != BOTH and [shown["salesforce"]] != (last or [None]):
        yield Finding(LOST, thing.token, f"{words}; nobody but people writes it in Salesforce")


def standing(thing: Thing, edits: Sequence[Step]) -> list[Any]:
    """Return the values that may stand in the end: the last edit, and the other side's last one where they compete."""
    if not edits:
        return [None]
    last = edits[-1]
    rival = next((step for step in reversed(edits) if step.side != last.side), None)
    if rival is None or thing.was_synced(rival.tick, last.tick):
        return [last.value]
    return [last.value, rival.value]


def _winner(thing: Thing, each: Field | None, shown: Mapping[str, Any], evidence: Evidence, id_: str) -> Iterator[Finding]:
    """Where both sides changed a field in one quiet time between two runs, the settings say who wins, and the loser is noted."""
    if each is None or each.way != BOTH or thing.done("delete", "restore", "lose", "merge"):
        return
    edits = thing.edits(each.name)
    last = edits[-1] if edits else None
    rival = next((step for step in reversed(edits) if last and step.side != last.side), None)
    if last is None or rival is None or last.value == rival.value:
        return
    if None in (last.value, rival.value):
        return  # emptying what was empty changes nothing
    end = max((end for _, end in thing.syncs if end < rival.tick), default=None)
    if end is None or any(end < run < last.tick for run in evidence.runs):
        return
    both_since = max(thing.seen.get(side, last.tick) for side in SIDES)
    if not thing.was_synced(both_since, rival.tick):
        return
    winner = next(step.value for step in (last, rival) if step.side == evidence.prefer)
    if shown["salesforce"] != winner:
        yield Finding(WRONG_WINNER, thing.token, f"{each.name} is {shown['salesforce']!r}, {evidence.prefer} has {winner!r}")
    elif (thing.kind.entity, id_) not in evidence.noted:
        yield Finding(WRONG_WINNER, thing.token, f"{each.name}: the losing value of {winner!r} is noted nowhere")


def _words(values: Sequence[Any]) -> str:
    return " or ".join(repr(value) for value in values)
