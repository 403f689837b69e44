"""The heart: from what both sides hold and what they last agreed on, to the writes that bring them in step. Pure.

Values are common fields (a reference is the id of a link). A side that is not in the batch is unchanged: its values come from
the link. A field has *moved* on a side when its value differs from what that side was last settled on; a settled difference
(kept by policy, or a system that rewrites values) never moves by itself, so it never echoes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sync.decisions import MERGED, OTHER, SIDES, Action, Decision, Link, Pair, Policy, Seen
from sync.fieldwise import digests, merge_pair, references
from sync.marks import birth_marks, may_revive, origin_marks
from sync.merge import MISSING, UNKNOWN, Side, is_empty
from sync.replacing import take_out


def plan(pairs: Iterable[Pair], policy: Policy) -> Iterator[Decision]:
    """Yield one decision per pair, in order. No I/O, no clock; the same input gives the same plan."""
    for pair in pairs:
        yield decide(pair, policy)


def decide(pair: Pair, policy: Policy) -> Decision:
    """Decide one pair: deletion, creation, or the field-level merge of both sides."""
    decision = _decide(pair, policy)
    return _hold(decision, policy.held) if policy.held else decision


def _hold(decision: Decision, held: frozenset[Side]) -> Decision:
    """Leave out the writes to `held` sides; the record they came from stays open, so that a later run looks at it again."""
    kept = [action for action in decision.actions if action.side not in held or action.operation == "agree"]
    if len(kept) == len(decision.actions):
        return decision
    reopened = {f"{OTHER[side]}_digest": "" for side in held}
    kept = [replace(action, settles=action.settles | reopened) for action in kept]
    return replace(decision, actions=kept)


def _decide(pair: Pair, policy: Policy) -> Decision:
    link = pair.link
    if link.state == "broken":
        return _rest(pair)
    if pair.salesforce and pair.salesforce.successor:
        return _end(pair, pair.salesforce, policy)
    if link.state == "tombstone":
        return _revive(pair, policy)
    if any(seen and seen.is_deleted for seen in (pair.salesforce, pair.app)):
        return _delete(pair, policy)
    if link.salesforce_id is None or link.app_id is None:
        return _create(pair, policy)
    decision = merge_pair(pair, policy)
    if link.state == "pending" and link.gone:  # made anew on the side where it had been deleted
        return replace(decision, actions=decision.actions + _unflag(link, policy))
    return decision


def _end(pair: Pair, seen: Seen, policy: Policy) -> Decision:
    """End the link of a record that went up in another one. Nothing is deleted for it, and nothing made."""
    is_merged = seen.is_deleted or policy.has_heir
    stands = f"{MERGED if is_merged else 'converted:'}{seen.successor}"
    settles = {**digests(pair), "salesforce_digest": stands, "state": "broken"}
    action = Action(pair.link, "app", "agree", settles=settles, rule=f"went up in {seen.successor}: nothing to do")
    is_left = is_merged and pair.app and not pair.app.is_deleted
    return Decision([action], orphan="app" if is_left else None, merged_into=str(seen.successor) if is_left else "")


def _rest(pair: Pair) -> Decision:
    """Leave both records of a broken link alone; the app's is reported while another one stands for the same thing."""
    settles = {name: digest for name, digest in digests(pair).items() if name == "app_digest"}
    action = Action(pair.link, "app", "agree", settles=settles, rule="its Salesforce record went up in another one")
    is_left = pair.link.merged_into and pair.app and not pair.app.is_deleted
    return Decision([action], orphan="app" if is_left else None, merged_into=pair.link.merged_into if is_left else "")


def _delete(pair: Pair, policy: Policy) -> Decision:
    """Carry a deletion over by policy; the link becomes a tombstone and nothing is created again."""
    is_gone = {
        "salesforce": bool(pair.salesforce and pair.salesforce.is_deleted),
        "app": bool(pair.app and pair.app.is_deleted),
    }
    gone: Side = "salesforce" if is_gone["salesforce"] else "app"
    other = OTHER[gone]
    link = pair.link
    policy_name = policy.deletes.get(f"to_{other}", "ignore") if policy.is_open(other) else "ignore"
    settles = {**digests(pair), "state": "tombstone"}
    if is_gone[other] or link.id_on(other) is None or policy_name == "ignore":
        return Decision([Action(link, other, "agree", settles=settles, rule=f"deleted in {gone}: nothing to do")])
    rule = f"deleted in {gone}: {policy_name}"
    if policy_name == "flag":
        extra = {policy.flag_fields[f"to_{other}"]: True}
        return Decision([Action(link, other, "update", extra=extra, settles=settles, rule=rule)])
    return Decision([Action(link, other, "delete", settles=settles, rule=rule)])


def _revive(pair: Pair, policy: Policy) -> Decision:
    """Go on with a link once both its records are there again; nothing is created again for a deleted one."""
    link, seen = pair.link, {"salesforce": pair.salesforce, "app": pair.app}
    alive = [side for side in SIDES if (not each.is_deleted if (each := seen[side]) else side not in link.gone)]
    if len(alive) < len(SIDES):
        if (
            pair.app
            and alive == ["app"]
            and may_revive(policy.marks, policy.lead_marks, pair.app.tags)
            and policy.is_open("salesforce")
            and _is_edited(pair.app, link, policy)
        ):
            return _make(pair, policy, "salesforce", pair.app)
        orphan = next((side for side in alive if seen[side]), None)
        rule = "deleted on the other side: not created again"
        return Decision([Action(link, "app", "agree", settles=digests(pair), rule=rule)], orphan=orphan)
    decision = merge_pair(pair, policy)
    actions = [replace(action, settles=action.settles | {"state": "live"}) for action in decision.actions]
    return replace(decision, actions=actions + _unflag(link, policy))


def _is_edited(seen: Seen, link: Link, policy: Policy) -> bool:
    """Tell whether the app's record holds something else than what it was settled on, our own marks aside: it may be back only because
    an earlier run had left it."""
    own = frozenset[str]().union(*(marks.all for marks in (policy.marks, policy.lead_marks) if marks))
    for name, value in seen.fields.items():
        was = link.settled("app", name)
        now, then = (set(each) - own if isinstance(each, list) else each for each in (value, was))
        if was is not MISSING and (now or None) != (then or None):
            return True
    return False


def _unflag(link: Link, policy: Policy) -> list[Action]:
    """Untick the check box that a deletion ticked."""
    sides = [
        OTHER[side] for side in link.gone if policy.deletes.get(f"to_{OTHER[side]}") == "flag" and policy.is_open(OTHER[side])
    ]
    rule = "the deletion was taken back"
    return [Action(link, side, "update", extra={policy.flag_fields[f"to_{side}"]: False}, rule=rule) for side in sides]


def _create(pair: Pair, policy: Policy) -> Decision:
    """Create the missing side from the one that is there, then write the new id back as cross-reference."""
    side: Side = "app" if pair.link.app_id is None else "salesforce"
    seen = pair.salesforce if side == "app" else pair.app
    if seen and side == "salesforce" and policy.replaces:
        return take_out(pair, digests(pair))
    if seen is None or not policy.is_open(side) or side not in policy.creates:
        return Decision([])
    return _make(pair, policy, side, seen)


def _make(pair: Pair, policy: Policy, side: Side, seen: Seen) -> Decision:
    source = OTHER[side]
    known = {each.name: seen.fields.get(each.name) for each in policy.fields}
    waiting = [name for name, value in known.items() if value is UNKNOWN]
    if any(side in each.required for each in policy.fields if each.name in waiting):
        return Decision([], waiting=waiting)
    fields = {}
    for each in policy.fields:
        value = known[each.name]
        value = each.default if is_empty(value) else value
        if value is not UNKNOWN and not is_empty(value) and each.is_open(side):
            fields[each.name] = (None, value)
    mine = {name: fields[name][1] if name in fields else None for name in known if name not in waiting}
    theirs = {name: value for name, value in known.items() if name not in waiting}
    settles = {**digests(pair), side: mine, source: theirs}
    extra = {**policy.on_create.get(side, {}), **references(policy, side), **birth_marks(policy.marks, side)}
    is_again = pair.link.state == "tombstone"
    settles |= {"state": "live"} if is_again else {}
    rule = f"deleted in {side} and edited in {source} since" if is_again else f"new in {source}"
    actions = [Action(pair.link, side, "create", fields, extra, settles, rule)]
    back = references(policy, source) | ({} if is_again or not policy.is_open(source) else origin_marks(policy.marks, side))
    if back:
        actions.append(Action(pair.link, source, "update", extra=back, rule="cross-reference"))
    return Decision(actions, waiting=waiting)
