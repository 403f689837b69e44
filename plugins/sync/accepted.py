"""Accepted: creates that a system took and shows later, if at all. Looked for at every run, never sent twice meanwhile."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Record, Result
from sync.batch import Batch
from sync.decisions import OTHER
from sync.lookup import find_created, references_of
from sync.outbox import Outgoing, accepted, mark
from sync.rejections import WAITS, Rejection, reason, retry_soon
from sync.settings import EntitySettings, Side
from sync.settle import settle
from sync.staging import wanted_fields
from sync.tally import tally_again

NOT_SHOWN = "not_shown"
# From the few accepted creates to their records: the links of a first backfill are all pending.
AWAITED = """
with awaited as materialized (
  select l.salesforce_id, l.app_id from sync.action a join sync.link l on l.id = a.link_id and l.state = 'pending'
  where a.integration_id = :integration_id and a.state = 'accepted' and l.entity = :entity)
select s.side, s.record_id from staging.raw s join awaited w on s.record_id = w.salesforce_id
where s.batch_id = :id and s.batch_day = :day and s.entity = :entity and s.side = 'salesforce'
union select s.side, s.record_id from staging.raw s join awaited w on s.record_id = w.app_id
where s.batch_id = :id and s.batch_day = :day and s.entity = :entity and s.side = 'app'
"""
log = logging.getLogger(__name__)


def settle_shown(batch: Batch, entity: EntitySettings, connectors: Mapping[Side, Connector]) -> int:
    """Settle the creates of `entity` that have appeared, give up those that did not in time; return how many are still awaited.

    Comes after the reads of the batch: what they have shown is surely found, and is not taken for a newcomer.
    """
    with batch.engine.connect() as connection:
        open_actions = accepted(connection, batch, entity.name)
    for side, group in groupby(open_actions, key=lambda action: action.side):
        actions = list(group)
        found = _staged(batch, entity, side, actions)
        missing = [action for action in actions if action.id not in found]
        found |= find_created(batch, entity, side, missing, connectors[side], by_key=True)
        with batch.engine.begin() as connection:
            shown = [action for action in actions if action.id in found]
            settle(connection, batch, entity, side, [(a, Result("done", found[a.id].id, found[a.id])) for a in shown])
            retry_soon(connection, batch, [_of_origin(action) for action in shown])
        log.info("%s %s: %d of %d records awaited in %s are there", batch.name, entity.name, len(shown), len(actions), side)
    with batch.engine.begin() as connection:
        _give_up(connection, batch, entity)
        tally_again(connection, (action.batch_id for action in open_actions))
        return len(accepted(connection, batch, entity.name))


def awaited(connection: Connection, batch: Batch, entity: EntitySettings) -> Iterator[Rejection]:
    """Yield anew the notes of records in this batch whose create is not shown yet: their changes wait with them."""
    words = "its counterpart was taken and is shown later; what changed since goes then"
    for side, record_id in connection.execute(text(AWAITED), _values(batch, entity)):
        yield Rejection(entity.name, side, record_id, "load", [reason("", WAITS, words)])


def _values(batch: Batch, entity: EntitySettings) -> dict[str, Any]:
    return {"id": batch.id, "day": batch.day, "entity": entity.name, "integration_id": batch.integration_id}


def _of_origin(action: Outgoing) -> Rejection:
    side = OTHER[action.side]
    return Rejection(action.entity, side, str(action.id_on(side)), "load", [])


def _staged(batch: Batch, entity: EntitySettings, side: Side, actions: Sequence[Outgoing]) -> dict[int, Record]:
    """Return, by action, the records that this batch has read already and that carry our cross-reference."""
    references = references_of(entity, side)
    if not references:
        return {}
    by_source = {action.id_on(OTHER[side]): action for action in actions}
    query = text(
        "select record_id, raw, modified_at, raw->>:name as carried from staging.raw where batch_id = :id and batch_day = :day"
        " and entity = :entity and side = :side and not is_deleted and raw->>:name = any(:sources)"
    )
    values = {
        "id": batch.id, "day": batch.day, "entity": entity.name, "side": side, "name": references[0], "sources": list(by_source),
    }  # fmt: skip
    with batch.engine.connect() as connection:
        rows = connection.execute(query, values).all()
    wanted = wanted_fields(batch, entity, side)
    return {
        by_source[row.carried].id: Record(row.record_id, {name: row.raw.get(name) for name in wanted}, row.modified_at)
        for row in rows
    }


def _give_up(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Fail what was not shown in time; its record comes back with this batch and is matched, or made, anew."""
    hours = batch.integration.settings.accepted_hours
    late = accepted(connection, batch, entity.name, hours)
    if not late:
        return
    words = f"taken {hours} hours ago and never shown; tried again"
    mark(connection, [action.id for action in late], "failed", NOT_SHOWN, words)
    retry_soon(connection, batch, [_of_origin(action) for action in late])
    log.warning(
        "%s %s: %d records were taken %d hours ago and never shown; they are tried again",
        batch.name,
        entity.name,
        len(late),
        hours,
    )
