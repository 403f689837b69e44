"""Look up what became of creates whose record nobody has seen: by match key, then by the cross-reference they carried."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Connector, Record
from sync.batch import Batch
from sync.counterparts import key_fields
from sync.decisions import OTHER
from sync.outbox import Outgoing
from sync.settings import EntitySettings, Side
from sync.staging import wanted_fields

Key = tuple[str, list[tuple[str, Outgoing]]]  # raw field, values with their actions


def find_created(
    batch: Batch, entity: EntitySettings, side: Side, actions: Sequence[Outgoing], connector: Connector, by_key: bool = False
) -> dict[int, Record]:
    """Return, by action, the records on `side` that these creates have made.

    A record counts that carries our cross-reference; with `by_key`, and where none is kept, also one that carries none at all
    and has the match key of one action only.
    """
    references = references_of(entity, side)
    found: dict[int, Record] = {}
    for key, values in _keys(batch, entity, side, actions, references):
        missing = [value for value, action in values if action.id not in found]
        if not missing:
            continue
        for page in connector.find(entity.reads_as(side), key, missing, wanted_fields(batch, entity, side)):
            for record in page.records:
                owner = _by_reference(record.raw, actions, side, references)
                if owner is None and (by_key or not references):
                    owner = _by_key(record.raw, (key, values), references)
                if owner is not None:
                    found[owner.id] = record
    return found


def references_of(entity: EntitySettings, side: Side) -> tuple[str, ...]:
    """Return the fields of `side` that carry the other side's id."""
    return entity.app_references if side == "app" else tuple(filter(None, [entity.salesforce_reference]))


def _by_reference(raw: Mapping[str, Any], actions: Sequence[Outgoing], side: Side, references: Sequence[str]) -> Outgoing | None:
    carried = {str(raw[name]) for name in references if raw.get(name)}
    return next((action for action in actions if action.id_on(OTHER[side]) in carried), None)


def _by_key(raw: Mapping[str, Any], key: Key, references: Sequence[str]) -> Outgoing | None:
    name, values = key
    held = str(raw.get(name) or "").casefold()
    owners = [action for value, action in values if value.casefold() == held]
    return owners[0] if len(owners) == 1 and not any(raw.get(each) for each in references) else None


def _keys(batch: Batch, entity: EntitySettings, side: Side, actions: Sequence[Outgoing], references: Sequence[str]) -> list[Key]:
    """What to look by. Salesforce indexes our reference, so it needs no other key."""
    by_name = batch.integration.mappings[entity.name].by_name
    keys = []
    for name in () if side == "salesforce" and references else entity.match:
        values = [(str(a.fields[name][1]), a) for a in actions if name in a.fields]
        if values and name in by_name:
            keys.append((key_fields(by_name[name], side)[0], values))
    if references:
        keys.append((references[0], [(str(a.id_on(OTHER[side])), a) for a in actions]))
    return keys
