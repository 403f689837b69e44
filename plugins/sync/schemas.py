"""What the live systems say of their fields: asked by extract when there is work, kept for the checks of the same run."""

import logging
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import text

from connectors.contract import Connector, Field
from connectors.errors import MappingError, SyncError
from sync import lint
from sync.batch import Batch
from sync.database import to_json
from sync.fieldlists import FieldLists
from sync.settings import EntitySettings, Side

SIDES: tuple[Side, Side] = ("salesforce", "app")
log = logging.getLogger(__name__)


def check_schemas(batch: Batch, connectors: Mapping[Side, Connector]) -> None:
    """Hold the mapping against what both systems say. Raises MappingError with every row that they would not take."""
    live = describe(batch, connectors)
    problems = [str(p) for p in lint.check(batch.integration, live["salesforce"], live["app"]) if p.severity == "error"]
    if problems:
        raise MappingError(problems)


def describe(batch: Batch, connectors: Mapping[Side, Connector]) -> FieldLists:
    """Describe every entity of the batch on both sides, keep the answer and return it.

    An entity that a system does not describe, for want of rights or in trouble, is left out and keeps its former description.
    """
    live: dict[Side, dict[str, Sequence[Field]]] = {"salesforce": {}, "app": {}}
    for entity in batch.entities():
        for side in SIDES:
            try:
                live[side][entity.name] = connectors[side].describe(entity.reads_as(side))
            except SyncError as error:
                log.warning("%s %s: %s was not described, its fields are not checked: %s", batch.name, entity.name, side, error)
    rows = [
        {"id": batch.integration_id, "entity": entity, "side": side, "fields": to_json(fields)}
        for side, entities in live.items()
        for entity, fields in entities.items()
    ]
    if rows:
        with batch.engine.begin() as connection:
            connection.execute(
                text(
                    "insert into sync.schema (integration_id, entity, side, fields) values (:id, :entity, :side, cast(:fields as jsonb))"
                    " on conflict (integration_id, entity, side) do update set fields = excluded.fields, read_at = now()"
                ),
                rows,
            )
    return live


def stored_lists(batch: Batch) -> FieldLists:
    """Return what both systems said of the fields of the batch's entities when they were last asked."""
    live: dict[Side, dict[str, Sequence[Field]]] = {"salesforce": {}, "app": {}}
    for entity in batch.entities():
        for side in SIDES:
            if fields := stored_fields(batch, entity, side):
                live[side][entity.name] = list(fields.values())
    return live


def stored_fields(batch: Batch, entity: EntitySettings, side: Side) -> dict[str, Field]:
    """The fields of `entity` on `side` as last described, by raw name."""
    query = text("select fields from sync.schema where integration_id = :id and entity = :entity and side = :side")
    with batch.engine.connect() as connection:
        fields: Sequence[object] = (
            connection.scalar(query, {"id": batch.integration_id, "entity": entity.name, "side": side}) or []
        )
    return {field.name: field for field in msgspec.convert(fields, list[Field])}
