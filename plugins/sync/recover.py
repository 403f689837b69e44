"""Recover: find out what became of writes whose answer nobody saw, before anything is repeated.

A create is looked up by the cross-reference that it carried; found, it is settled as done. Updates and deletes carry absolute values and
are simply sent again (this batch) or planned anew (an older one).
"""

import logging
from collections.abc import Mapping, Sequence
from itertools import groupby

from connectors.contract import Connector, Record, Result
from sync.batch import Batch
from sync.matching import key_fields
from sync.outbox import Outgoing, mark, unsettled
from sync.plan import OTHER
from sync.settings import EntitySettings, Side
from sync.settle import settle
from sync.staging import wanted_fields

log = logging.getLogger(__name__)


def recover(batch: Batch, connectors: Mapping[Side, Connector]) -> int:
    """Settle every action of the integration that is `sending` or `unknown`; return how many there were."""
    with batch.engine.connect() as connection:
        open_actions = unsettled(connection, batch)
    entities = {entity.name: entity for entity in batch.integration.settings.entities}
    for (name, side, operation), group in groupby(open_actions, key=lambda a: (a.entity, a.side, a.operation)):
        actions = list(group)
        entity = entities.get(name)
        found = _look(batch, entity, side, actions, connectors[side]) if operation == "create" and entity else {}
        with batch.engine.begin() as connection:
            if entity:
                settle(
                    connection,
                    batch,
                    entity,
                    side,
                    [(a, Result("done", found[a.id].id, found[a.id])) for a in actions if a.id in found],
                )
            lost = [action for action in actions if action.id not in found]
            mark(connection, [a.id for a in lost if a.batch_id == batch.id], "planned")
            mark(connection, [a.id for a in lost if a.batch_id != batch.id], "skipped", "lost", "not found there: planned anew")
        log.warning(
            "%s %s: %d %s in %s had no known outcome, %d found done", batch.name, name, len(actions), operation, side, len(found)
        )
    return len(open_actions)


def _look(
    batch: Batch, entity: EntitySettings, side: Side, actions: Sequence[Outgoing], connector: Connector
) -> dict[int, Record]:
    """Return, by action, the records that carry our cross-reference: by match key first, then by the reference itself."""
    source = OTHER[side]
    references = entity.app_references if side == "app" else tuple(filter(None, [entity.salesforce_reference]))
    by_source = {action.id_on(source): action for action in actions}
    found: dict[int, Record] = {}
    for key, values in _keys(batch, entity, side, actions, references):
        missing = [value for value, action in values if action.id not in found]
        if not missing:
            continue
        for page in connector.find(entity.reads_as(side), key, missing, wanted_fields(batch, entity, side)):
            for record in page.records:
                owner = next((by_source[v] for v in (record.raw.get(name) for name in references) if v in by_source), None)
                if owner is not None:
                    found[owner.id] = record
    return found


def _keys(
    batch: Batch, entity: EntitySettings, side: Side, actions: Sequence[Outgoing], references: Sequence[str]
) -> list[tuple[str, list[tuple[str, Outgoing]]]]:
    """What to look by: raw field → values with their actions. Salesforce indexes our reference, so it needs no other key."""
    by_name = batch.integration.mappings[entity.name].by_name
    keys = []
    for name in () if side == "salesforce" else entity.match:
        values = [(str(a.fields[name][1]), a) for a in actions if name in a.fields]
        if values:
            keys.append((key_fields(by_name[name], side)[0], values))
    source = OTHER[side]
    if references:
        keys.append((references[0], [(str(a.id_on(source)), a) for a in actions]))
    return keys
