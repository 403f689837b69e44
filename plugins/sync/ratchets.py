"""Ratchets: an opt-out goes on at once, although something else holds its record back. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sync.decisions import SIDES, Action, Decision, Pair, Policy
from sync.merge import Side
from sync.plan import plan

TICK_RULE = "ratchet: an opt-out is not held back"


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
            settles = ticked(fields, action.side, seen is not None)
            kept.append(Action(pair.link, action.side, "update", fields, settles=settles, rule=TICK_RULE))
    return Decision(kept)


def is_tick(policy: Policy, action: Action, name: str) -> bool:
    """Tell whether `action` ticks the ratchet `name` in a record that is there."""
    is_ratchet = any(each.name == name for each in policy.ratchets)
    return is_ratchet and action.operation == "update" and name in action.fields and action.fields[name][1] is True


def ticked(names: Iterable[str], side: Side, is_seen: bool) -> dict[str, Any]:
    """Return what ticks written to `side` settle. Where the record was seen in this batch, its other edits are looked at again."""
    return {each: dict.fromkeys(names, True) for each in SIDES} | ({f"{side}_digest": ""} if is_seen else {})
