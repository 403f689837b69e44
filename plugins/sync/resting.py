"""Rows at rest: a mapping without those of its rows that the live systems do not take any more."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sync.mapping import Integration
from sync.mapping import Mapping as FieldMapping
from sync.settings import EntitySettings


def narrow(integration: Integration, rows: Mapping[str, Collection[str]]) -> Integration:
    """Return the integration without the rows named, by entity."""
    mappings = {}
    for name, fields in integration.mappings.items():
        kept = tuple(row for row in fields.rows if row.name not in rows.get(name, ()))
        mappings[name] = FieldMapping(name, kept, {row.name: row for row in kept})
    entities = tuple(_narrow(entity, rows.get(entity.name, ())) for entity in integration.settings.entities)
    return replace(integration, mappings=mappings, settings=replace(integration.settings, entities=entities))


def _narrow(entity: EntitySettings, names: Collection[str]) -> EntitySettings:
    def left(fields: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in fields if name not in names)

    required = {way: left(fields) for way, fields in entity.require_any.items()}
    return replace(entity, match=left(entity.match), unique=left(entity.unique), require_any=required)
