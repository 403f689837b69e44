"""Recover: find out what became of writes whose answer nobody saw, before anything is repeated.

Where a system queues writes (`require_finished`), nothing is looked up before its queue has done with them: what is not there yet would
be sent twice. A create is looked up by the cross-reference that it carried, an update by the values that it sent; found, they are
settled as done, a create of several calls after what it did not bring was sent.
All others are sent again (this batch) or planned anew (an older one).
"""

import logging
from collections.abc import Mapping, Sequence
from itertools import groupby

from connectors.contract import Connector, Record, Result, Write
from connectors.errors import TransientError
from sync.batch import Batch
from sync.lookup import find_created
from sync.outbox import Binder, Outgoing, look_again, mark, unsettled
from sync.rejections import withdraw
from sync.settings import EntitySettings, Side
from sync.settle import settle, settle_parts
from sync.staging import wanted_fields
from sync.tally import tally_again

log = logging.getLogger(__name__)


def recover(batch: Batch, connectors: Mapping[Side, Connector]) -> int:
    """Settle every action of the integration that is `sending` or `unknown`; return how many there were.

    Actions of an entity that is switched off stay as they are until it is switched on again. Raises TransientError while a system
    has not come to the end of what it took.
    """
    entities = {entity.name: entity for entity in batch.integration.settings.entities if entity.enabled}
    with batch.engine.connect() as connection:
        open_actions = [action for action in unsettled(connection, batch) if action.entity in entities]
    for name, side in dict.fromkeys((action.entity, action.side) for action in open_actions):
        if require_finished := getattr(connectors[side], "require_finished", None):
            require_finished(entities[name].reads_as(side))
    for (name, side, operation), group in groupby(open_actions, key=lambda a: (a.entity, a.side, a.operation)):
        actions, entity = list(group), entities[name]
        found: dict[int, Record] = {}
        parts: dict[int, list[str]] = {}
        if operation == "update":
            found, parts = _compare(batch, entity, side, actions, connectors[side])
        if operation == "create":
            found = find_created(batch, entity, side, actions, connectors[side])
            _complete(batch, entity, side, [(a, found[a.id]) for a in actions if a.id in found], connectors[side])
        lost = [action for action in actions if action.id not in found]
        with batch.engine.begin() as connection:
            ids = [each for a in actions if a.batch_id == batch.id for each in (a.salesforce_id, a.app_id) if each]
            withdraw(connection, batch, "load", name, ids)
            binder = Binder(connection, batch, entity, actions)
            done = [(action, _result(action, found[action.id], binder)) for action in actions if action.id in found]
            settle(connection, batch, entity, side, done)
            settle_parts(connection, batch, parts, lost)
            mark(connection, [a.id for a in lost if a.batch_id == batch.id], "planned")
            older = [action for action in lost if action.batch_id != batch.id]
            mark(connection, [action.id for action in older], "skipped", "lost", "not found there: planned anew")
            if operation == "update":
                look_again(connection, side, [action.link_id for action in older])
        log.warning(
            "%s %s: %d %s in %s had no known outcome, %d found done", batch.name, name, len(actions), operation, side, len(found)
        )
    with batch.engine.begin() as connection:
        tally_again(connection, (action.batch_id for action in open_actions))
    return len(open_actions)


def _result(action: Outgoing, record: Record, binder: Binder) -> Result:
    """Take a record that is not as it was sent for one that somebody has edited since: the next run compares it."""
    return Result("done", record.id, record if binder.is_held(action, record.raw) else None)


def _complete(
    batch: Batch, entity: EntitySettings, side: Side, found: Sequence[tuple[Outgoing, Record]], connector: Connector
) -> None:
    """Send what is missing in records whose creates were broken off between two calls: nobody has emptied it.

    What cannot be sent now breaks the task off, and its next try finds the same again.
    """
    if not found or not connector.entities[entity.reads_as(side).partition("@")[0]].creates_in_parts:
        return
    with batch.engine.connect() as connection:
        binder = Binder(connection, batch, entity, [action for action, _ in found])
    writes = [Write("update", record.id, binder.missing(action, record.raw)) for action, record in found]
    wanted = [write for write in writes if write.fields]
    for write, result in zip(wanted, connector.write(entity.reads_as(side), wanted), strict=True):
        if result.state != "done":
            words = f"{side} {entity.name} {write.id}: {', '.join(write.fields)} did not arrive with its create: {result.message}"
            log.warning("%s: %s", batch.name, words)
            if result.is_transient or result.state == "unknown":
                raise TransientError(words)


def _compare(
    batch: Batch, entity: EntitySettings, side: Side, actions: Sequence[Outgoing], connector: Connector
) -> tuple[dict[int, Record], dict[int, list[str]]]:
    """Return, by action, the records that hold what an update sent, and of others the fields that do: our own write is not to be taken
    for another's edit."""
    by_id = {action.id_on(side): action for action in actions}
    with batch.engine.connect() as connection:
        binder = Binder(connection, batch, entity, actions)
    found: dict[int, Record] = {}
    parts: dict[int, list[str]] = {}
    for page in connector.read(entity.reads_as(side), [id for id in by_id if id], wanted_fields(batch, entity, side)):
        for record in page.records:
            action = by_id.get(record.id)
            if action and not record.is_deleted and binder.is_held(action, record.raw):
                found[action.id] = record
            elif action and not record.is_deleted:
                parts[action.id] = binder.held_fields(action, record.raw)
    return found, parts
