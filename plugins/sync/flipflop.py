"""Flip-flop: hold a record whose value we write again and again because some third system sets it back each time.

An opt-out is never held: it is written each time, and told each time.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from connectors.errors import shorten
from sync.batch import FINISHED, Batch
from sync.database import to_json
from sync.decisions import OTHER, Action, Decision, Pair, Policy
from sync.ratchets import TICK_RULE, is_tick, ticks_of
from sync.rejections import Rejection, reason
from sync.settings import EntitySettings

CODE = "flip_flop"
WRITES = 3  # of the same change in a row that may be undone
REACH_RUNS = 6  # working runs within which they must lie: a person may well change the mind now and then

LAST_WRITES = """
select x.link_id, x.side, x.fields, (select count(*) from sync.batch b where b.integration_id = :integration_id and b.id >= x.batch_id
  and b.id < :id and b.state = any(:finished)) as runs
from (select a.link_id, a.side, a.fields, a.batch_id, row_number() over (partition by a.link_id, a.side order by a.id desc) as place
  from sync.action a where a.link_id = any(:links) and a.operation = 'update' and a.state = 'done' and a.fields <> '{}'
    and a.rule <> :tick_rule) x
where x.place <= :writes order by x.place
"""
HELD = """
select record_id from sync.rejection where integration_id = :integration_id and entity = :entity and closed_at is null
and reasons @> cast(:reasons as jsonb)
"""


def hold_flips(
    connection: Connection,
    batch: Batch,
    entity: EntitySettings,
    policy: Policy,
    pairs: Sequence[Pair],
    decisions: Sequence[Decision],
) -> tuple[list[Decision], list[Rejection]]:
    """Return the decisions without those that flip-flop, and the rejections of their records; these stay until a value changes.

    Of a record that is held the ticks of ratchets go; one of which only these flip-flop goes as a whole.
    """
    updates = [action for each in decisions for action in each.actions if action.operation == "update" and action.fields]
    if not updates:
        return list(decisions), []
    history = _history(connection, batch, [action.link.id for action in updates])
    held = _held(connection, batch, entity) if any(len(writes) == WRITES for writes in history.values()) else set()
    kept, rejections = [], []
    for pair, decision in zip(pairs, decisions, strict=True):
        is_held = bool({pair.link.salesforce_id, pair.link.app_id} & held)
        flips = [
            (action, name)
            for action in decision.actions
            for name in _flipping(action, history, REACH_RUNS if not is_held else None)
        ]
        stopped = [flip for flip in flips if not is_tick(policy, *flip)]
        kept.append(ticks_of(pair, decision, policy) if stopped else decision)
        rejections += [_rejection(entity, pair, *flip, is_held=bool(stopped)) for flip in (stopped or flips)[:1]]
    return kept, rejections


def _history(connection: Connection, batch: Batch, links: Sequence[int | None]) -> dict[tuple[int, str], list[Any]]:
    """The last writes of each link and side, newest first."""
    values = {
        "integration_id": batch.integration_id, "id": batch.id, "finished": list(FINISHED), "links": list(links), "writes": WRITES,
        "tick_rule": TICK_RULE,
    }  # fmt: skip
    found: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in connection.execute(text(LAST_WRITES), values):
        found[row.link_id, row.side].append(row)
    return found


def _held(connection: Connection, batch: Batch, entity: EntitySettings) -> set[str]:
    values = {"integration_id": batch.integration_id, "entity": entity.name, "reasons": to_json([{"code": CODE}])}
    return set(connection.execute(text(HELD), values).scalars())


def _flipping(action: Action, history: Mapping[tuple[Any, str], Sequence[Any]], reach: int | None) -> list[str]:
    """The fields of `action` that the last writes have all changed in the same way."""
    writes = history.get((action.link.id, action.side), ())
    if action.operation != "update" or len(writes) < WRITES or (reach is not None and writes[-1].runs > reach):
        return []
    fields = json.loads(to_json(action.fields))
    return [name for name, change in fields.items() if all(row.fields.get(name) == change for row in writes)]


def _rejection(entity: EntitySettings, pair: Pair, action: Action, name: str, is_held: bool) -> Rejection:
    seen = {"salesforce": pair.salesforce, "app": pair.app}
    side = OTHER[action.side] if seen[OTHER[action.side]] else action.side
    old, new = (json.loads(to_json(value)) for value in action.fields[name])
    words = (
        f"{name} was written to {action.side} {WRITES} times as {new!r} and each time something there set it back to {old!r}; "
        + (
            "it is left alone until one of the two sides has another value"
            if is_held
            else "being an opt-out it is written again all the same: find what takes it back"
        )
    )
    return Rejection(entity.name, side, str(pair.link.id_on(side)), "reconcile", [reason(name, CODE, shorten(words))])
