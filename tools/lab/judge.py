"""The judge: what each history must have come to, from what people did alone. Pure; it knows the settings, and nothing of the engine.

Two edits of one field on different sides *compete* unless a whole run lies between them: then either value may stand. Everything
else is exact: what only one side changed is on both sides, everybody is there once, who was deleted is gone by policy.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.lab.findings import LOST, TWIN, UNEXPLAINED, WRONG_WINNER, Evidence, Finding
from tools.lab.histories import Step, Thing
from tools.lab.kinds import BELONGS, BOTH, FILL, RATCHET, SIDES, TO_APP, TO_SALESFORCE, Field
from tools.lab.marks import marks_wrong
from tools.lab.numbers import allowed_numbers, is_known, may_be_restored_beside


def judge(thing: Thing, evidence: Evidence) -> Iterator[Finding]:
    """Yield everything that is wrong with what stands for a thing."""
    if not thing.steps:
        return
    counts = tuple(len(evidence.rows(thing, side)) for side in SIDES)
    if max(counts) > 1 + may_be_restored_beside(thing):
        yield Finding(TWIN, thing.token, f"{counts[0]} live records in Salesforce, {counts[1]} in the app")
        return
    if counts not in (allowed := allowed_numbers(thing, evidence)):
        sort = LOST if sum(counts) < min(map(sum, allowed)) else UNEXPLAINED
        yield Finding(sort, thing.token, f"records in Salesforce and the app: {counts}, expected {sorted(allowed)}")
        return
    if counts == (1, 1):
        yield from _pair(thing, evidence)
    elif counts == (0, 1) and evidence.revives(thing.kind):
        for lost in thing.done("lose"):
            if is_known(thing, lost) and not evidence.is_told(thing.kind, "app", evidence.rows(thing, "app")[0]):
                yield Finding(UNEXPLAINED, thing.token, "went up in another one, still lives in the app, and nobody is told")


def _pair(thing: Thing, evidence: Evidence) -> Iterator[Finding]:
    kind = thing.kind
    rows = {side: evidence.rows(thing, side)[0] for side in SIDES}
    ids = tuple(kind.id_of(side, rows[side]) for side in SIDES)
    is_told = any(evidence.is_told(kind, side, rows[side]) for side in SIDES)
    entity = kind.entity_of(rows["salesforce"])
    if is_told and not thing.done("delete", "restore", "lose", "merge"):
        yield Finding(UNEXPLAINED, thing.token, "a rejection is open in the end, and nothing is wrong any more")
    link = evidence.links.get((entity, ids[0]))
    if link != (*ids, "live"):
        if not (is_told or thing.done("restore", "lose")):
            yield Finding(UNEXPLAINED, thing.token, f"both records live, but the link is {link}")
        return
    for each in (*kind.fields, *((None,) if kind.belongs else ())):
        name = each.name if each else BELONGS
        shown = {side: evidence.value(kind, each, side, rows[side]) for side in SIDES}
        is_asked = (entity, ids[0], name) in evidence.asked
        for finding in _field(thing, each, shown, evidence):
            if not is_told and not is_asked:
                yield finding
        if not is_told:
            yield from _winner(thing, each, shown, evidence, (entity, ids[0]))
    if not is_told:
        yield from marks_wrong(thing, rows, evidence)


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
    if way == TO_SALESFORCE:
        if shown["salesforce"] != shown["app"] and not thing.done("untag"):
            yield Finding(LOST, thing.token, f"{words}; Salesforce follows the app")
        return
    if way == RATCHET:
        if set(shown.values()) != {True if edits else None}:
            yield Finding(LOST if edits else UNEXPLAINED, thing.token, f"{words}; expected on both: {bool(edits)}")
        return
    allowed = standing(thing, edits)
    if way == BOTH and shown["salesforce"] != shown["app"]:
        yield Finding(UNEXPLAINED, thing.token, f"{words}; expected on both: {_words(allowed)}")
    elif shown["app"] not in allowed:
        yield Finding(LOST, thing.token, f"{words}; expected: {_words(allowed)}")
    last = [step.value for step in edits if step.side == "salesforce"][-1:]
    if way == TO_APP and [shown["salesforce"]] != (last or [None]):
        yield Finding(LOST, thing.token, f"{words}; nobody but people writes it in Salesforce")


def standing(thing: Thing, edits: Sequence[Step]) -> list[Any]:
    """Return the values that may stand in the end: the last edit, and the other side's last one where they compete.

    What was emptied around the time when its record went up in another one may be filled again: a link that moves empties nothing.
    """
    if not edits:
        return [None]
    last = edits[-1]
    moves = [step.tick for step in thing.done("convert", "merge")]
    if last.value is None and any(not thing.was_synced(*sorted((last.tick, tick))) for tick in moves):
        return [step.value for step in edits]
    rival = next((step for step in reversed(edits) if step.side != last.side), None)
    if rival is None or thing.was_synced(rival.tick, last.tick):
        return [last.value]
    return [last.value, rival.value]


def _winner(
    thing: Thing, each: Field | None, shown: Mapping[str, Any], evidence: Evidence, record: tuple[str, str]
) -> Iterator[Finding]:
    """Where both sides changed a field in one quiet time between two runs, the settings say who wins, and the loser is noted."""
    if each is None or each.way != BOTH or thing.done("delete", "restore", "lose", "merge", "convert"):
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
    elif record not in evidence.noted:
        yield Finding(WRONG_WINNER, thing.token, f"{each.name}: the losing value of {winner!r} is noted nowhere")


def _words(values: Sequence[Any]) -> str:
    return " or ".join(repr(value) for value in values)
