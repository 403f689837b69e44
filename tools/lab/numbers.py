"""How many live records there may be of a thing on each side, from what people did and the settings' word on deletions. Pure."""

from collections.abc import Mapping
from itertools import product

from tools.lab.findings import Evidence
from tools.lab.histories import Step, Thing
from tools.lab.kinds import OTHER, SIDES


def allowed_numbers(thing: Thing, evidence: Evidence) -> set[tuple[int, int]]:
    """How many live records there may be on each side."""
    if evidence.revives(thing.kind):
        return set(product(of_revived(thing, evidence), of_kept(thing)))
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
    if is_known(thing, first):
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
    if not is_known(thing, lost):
        return {(0, 0), (0, 1), (1, 0), (1, 1)}
    if lost.side == "app":
        return {(0, 0)} if thing.done("delete", side="salesforce") else {(1, 0)}
    told = any(evidence.is_told(thing.kind, "app", row) for row in evidence.rows(thing, "app"))
    return {(0, 1)} if told else {(0, 0)}


def of_kept(thing: Thing) -> set[int]:
    """How many there may be in an app that nothing is deleted in, nor made again for what people deleted there."""
    gone = thing.done("delete", side="app")
    left = thing.done("delete", "lose", side="salesforce")
    if gone:
        return {0} if is_known(thing, gone[0]) else {0, 1}
    if thing.done("make", side="app") or not left or is_known(thing, left[0]):
        return {1}
    return {0, 1}


def of_revived(thing: Thing, evidence: Evidence) -> set[int]:
    """How many there may be in Salesforce where an edit in the app makes a deleted one anew, if it carries the mark that says so."""
    if thing.done("restore"):
        return {0, 1, 2} if may_be_restored_beside(thing) else {0, 1}
    gone = thing.done("delete", "lose", side="salesforce")
    if not gone:
        left = thing.done("delete", side="app")
        is_sure = thing.done("make", side="salesforce") or not left or is_known(thing, left[0])
        return {1} if is_sure else {0, 1}
    if not is_known(thing, gone[0]):
        return {0, 1}
    last = gone[-1]
    if last.verb == "lose" or thing.done("make", side="salesforce"):
        return {0}  # the other one stands for both; or it never came from the app
    return _after_deletion(thing, last)


def _after_deletion(thing: Thing, last: Step) -> set[int]:
    left = [step.tick for step in thing.done("delete", side="app")]
    off = [step.tick for step in thing.done("untag")]
    edits = [step.tick for step in thing.done("edit", side="app") if not thing.was_synced(step.tick, last.tick)]
    calls = [tick for tick in edits if not any(thing.was_synced(each, tick) for each in (*left, *off))]
    if not calls:
        return {0}
    is_sure = any(
        thing.was_synced(last.tick, tick) and not any(each < tick or not thing.was_synced(tick, each) for each in (*left, *off))
        for tick in calls
    )
    return {1} if is_sure else {0, 1}


def is_known(thing: Thing, step: Step) -> bool:
    """Tell whether a whole run had seen the records of both sides before a step."""
    return thing.was_synced(max(thing.seen.get(side, step.tick) for side in SIDES), step.tick)


def may_be_restored_beside(thing: Thing) -> bool:
    """Tell whether people may have restored a record in the moment in which it was made anew."""
    return bool(thing.done("restore")) and not thing.done("make", side="salesforce")
