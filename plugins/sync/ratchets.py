"""Ratchets: an opt-out goes on at once, although something else holds its record back. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sync.decisions import SIDES, Action, Decision, Pair, Policy
from sync.plan import plan


def plan_ticks(pairs: Iterable[Pair], policy: Policy) -> Iterator[Decision]:
    """Yield what of pairs that are held back goes all the same, in order: the ticks of ratchets."""
    pairs = list(pairs)
    for pair, decision in zip(pairs, plan(pairs, replace(policy, fields=policy.ratchets)), strict=True):
        yield ticks_of(pair, decision, policy)


def ticks_of(pair: Pair, decision: Decision, policy: Policy) -> Decision:
    """Return the ticks of ratchets alone. They settle nothing else: a record that was seen is looked at again."""
    names = [each.name for each in policy.ratchets]
    kept = []
    for action in decision.actions:
        fields = {name: action.fields[name] for name in names if is_tick(policy, action, name)}
        if fields:
            seen = pair.app if action.side == "app" else pair.salesforce
            settles = {side: dict.fromkeys(fields, True) for side in SIDES} | ({f"{action.side}_digest": ""} if seen else {})
            kept.append(
                Action(pair.link, action.side, "update", fields, settles=settles, rule="ratchet: an opt-out is not held back")
            )
    return Decision(kept)


def is_tick(policy: Policy, action: Action, name: str) -> bool:
    """Tell whether `action` ticks the ratchet `name` in a record that is there."""
    is_ratchet = any(each.name == name for each in policy.ratchets)
    return is_ratchet and action.operation == "update" and name in action.fields and action.fields[name][1] is True
