"""Field by field: merge what both sides of one pair hold, each side's action settling what it writes. Pure."""

from collections.abc import Mapping
from typing import Any

from sync.decisions import OTHER, SIDES, Action, Conflict, Decision, Fields, Pair, Policy
from sync.marks import added_marks, conversion_marks, united_marks
from sync.merge import MISSING, UNKNOWN, Outcome, Side, Values, is_empty, resolve


def references(policy: Policy, side: Side) -> dict[str, Any]:
    """Raw cross-reference fields of `side`, bound to the other side's id when sent."""
    names = policy.app_references if side == "app" else policy.salesforce_references
    return {name: {"id_of": OTHER[side]} for name in names} if names and policy.is_open(side) else {}


def merge_pair(pair: Pair, policy: Policy) -> Decision:
    """Merge field by field; each side's action settles what it writes, and what neither side writes.

    A link that was moved to another record empties nothing: what one side lacks there was never settled.
    """
    salesforce, app = _side_values(pair, "salesforce"), _side_values(pair, "app")
    outcomes: dict[str, tuple[Values, Outcome]] = {}
    equal: dict[str, Any] = {}
    waiting = []
    is_first = pair.link.state == "pending"
    for each in policy.fields_there():
        name = each.name
        mine, base = _without_dead(salesforce.get(name), pair.link.settled("salesforce", name))
        theirs, app_base = _without_dead(app.get(name), pair.link.settled("app", name))
        if base is MISSING and is_empty(mine):
            app_base = MISSING  # a gap that is still to be filled, from whatever the app has
        if UNKNOWN in (salesforce.get(name), app.get(name)):
            waiting.append(name)
        if mine is UNKNOWN or theirs is UNKNOWN:
            continue
        if mine == theirs:
            equal[name] = mine
        else:
            is_new = is_first and (is_empty(mine) or is_empty(theirs))
            values = Values(mine, theirs, MISSING if is_new else base, MISSING if is_new else app_base)
            outcomes[name] = values, resolve(each, policy.master, policy.prefer, values, _newer(pair))
    actions = [action for side in SIDES if (action := _update(pair, policy, side, equal, outcomes))]
    if not actions:
        rules = "; ".join(sorted({outcome.rule for _, outcome in outcomes.values()}))
        settles = digests(pair) | {"both": equal} | {side: {n: o.of(side) for n, (_, o) in outcomes.items()} for side in SIDES}
        actions.append(Action(pair.link, "app", "agree", settles=settles, rule=rules or "no difference"))
    conflicts = [
        Conflict(pair.link, name, values.agreed, values.salesforce, values.app, outcome.decision, outcome.rule)
        for name, (values, outcome) in outcomes.items()
        if outcome.decision
    ]
    return Decision(actions, conflicts, waiting)


def _without_dead(value: Any, base: Any) -> tuple[Any, Any]:
    """Value and base of one side. A reference to a record that was deleted meanwhile counts as empty, then and now: that it
    became empty is the deletion's doing, not an edit."""
    if base is not UNKNOWN:
        return value, base
    return (None, None) if value is UNKNOWN or is_empty(value) else (value, None)


def _update(
    pair: Pair, policy: Policy, side: Side, equal: Fields, outcomes: Mapping[str, tuple[Values, Outcome]]
) -> Action | None:
    other = OTHER[side]
    fields = {name: (v.of(side), o.of(side)) for name, (v, o) in outcomes.items() if v.of(side) != o.of(side)}
    seen = pair.app if side == "app" else pair.salesforce
    extra = {} if seen is None or seen.reference == pair.link.id_on(other) else references(policy, side)
    extra |= _due(pair, policy, side)
    if side == "app" and pair.app and policy.is_open(side):
        extra |= united_marks(
            extra, conversion_marks(policy.marks, policy.lead_marks, pair.app.tags | added_marks(policy.marks, extra))
        )
    if not fields and not extra:
        return None
    theirs = {name for name, (v, o) in outcomes.items() if v.of(other) != o.of(other)}
    settles = digests(pair) | {
        "both": equal,
        side: {name: o.of(side) for name, (_, o) in outcomes.items() if name in fields or name not in theirs},
        other: {name: o.of(other) for name, (_, o) in outcomes.items() if name not in theirs},
    }
    rules = sorted({outcomes[name][1].rule for name in fields})
    return Action(pair.link, side, "update", fields, extra, settles, "; ".join(rules) or "cross-reference")


def _due(pair: Pair, policy: Policy, side: Side) -> dict[str, Any]:
    """Return the cross-reference and the marks that an earlier write to `side` was to carry and did not."""
    due = pair.link.due.get(side, {})
    marks = {name: tags for name, tags in due.items() if policy.marks and name == f"{policy.marks.field}_add"}
    known = {name: value for name, value in references(policy, side).items() if name in due}
    return known | (marks if side == "app" and policy.is_open(side) else {})


def _side_values(pair: Pair, side: Side) -> Fields:
    """What `side` holds: as seen in this batch, else as it was last settled."""
    seen = pair.salesforce if side == "salesforce" else pair.app
    if seen is not None:
        return seen.fields
    return pair.link.base if side == "salesforce" else {**pair.link.base, **pair.link.app_base}


def digests(pair: Pair) -> dict[str, Any]:
    """The digests that stand once the pair is settled; the written side's comes from its answer."""
    seen = {"salesforce_digest": pair.salesforce, "app_digest": pair.app}
    return {name: record.digest for name, record in seen.items() if record}


def _newer(pair: Pair) -> Side | None:
    """The side whose record was modified last; a side not in the batch is older; None when they cannot be told apart."""
    salesforce = pair.salesforce.modified_at if pair.salesforce else None
    app = pair.app.modified_at if pair.app else None
    if salesforce and app:
        return None if salesforce == app else ("salesforce" if salesforce > app else "app")
    return "salesforce" if salesforce else ("app" if app else None)
