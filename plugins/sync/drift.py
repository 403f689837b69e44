"""Drift: fields that are gone, have another type or lost an option since the mapping came through. Their rows rest for the run.

A row at rest is read and written nowhere, so that its field counts as unchanged. Where an entity cannot do without it, for a
match key, a filter or a cross-reference, the entity is left out and reported as one that could not be read.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, text

from sync import lint
from sync.batch import FINISHED, Batch, note_counts
from sync.fieldlists import FieldLists
from sync.files import Problem
from sync.mapping import VALUES_FILE, Integration
from sync.resting import narrow
from sync.settings import FILE, SIDES, EntitySettings

STAGE = "drift"
NEEDED = ("reference", "filter", "new_since", "opt_out")  # without these settings an entity cannot be read
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drift:
    """What does not fit any more: common fields at rest by entity, entities left out with the reason, all in plain words."""

    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entities: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def judge(integration: Integration, lists: FieldLists) -> Drift:
    """Hold the mapping against field lists, as `lint.check` does, and say what has to rest."""
    rows: dict[str, tuple[str, ...]] = {}
    entities: dict[str, str] = {}
    notes: list[str] = []
    for entity in integration.settings.entities:
        if not all(entity.name in lists[side] for side in SIDES) or entity.name not in integration.mappings:
            continue
        found = lint.check(integration, *({entity.name: lists[side][entity.name]} for side in SIDES))
        problems = [problem for problem in found if problem.severity == "error"]
        notes += map(str, problems)
        resting = {name for problem in problems for name in _resting(integration, entity, problem)}
        fatal = [str(problem) for problem in problems if _is_fatal(integration, entity, problem)]
        if fatal:
            entities[entity.name] = fatal[0]
        if resting:
            rows[entity.name] = tuple(sorted(resting))
    return Drift(rows, entities, tuple(dict.fromkeys(notes)))


def _resting(integration: Integration, entity: EntitySettings, problem: Problem) -> Iterator[str]:
    rows = integration.mappings[entity.name].rows
    if problem.file == f"{entity.name}.csv":
        yield from (row.name for row in rows if row.line == problem.line)
    if problem.file == VALUES_FILE:
        tables = {line["field"].casefold().rpartition(".")[2] for line in integration.values if line.line == problem.line}
        yield from (row.name for row in rows if row.transform.name == "values" and row.transform.argument.casefold() in tables)


def _is_fatal(integration: Integration, entity: EntitySettings, problem: Problem) -> bool:
    if problem.file == FILE:
        return any(f"entities.{entity.name}.{key}" in str(problem) for key in NEEDED)
    return bool(set(_resting(integration, entity, problem)) & set(entity.match))


def without(batch: Batch, rows: Mapping[str, Collection[str]]) -> Batch:
    """Return the batch with the rows named left out of its mapping."""
    return replace(batch, integration=narrow(batch.integration, rows)) if rows else batch


def note_drift(batch: Batch, drift: Drift) -> None:
    """Keep the drift with the batch, for its later stages and for people."""
    for note in drift.notes:
        log.error("%s: the systems have changed, this rests until it is mended: %s", batch.name, note)
    with batch.engine.begin() as connection:
        note_counts(connection, batch, STAGE, {"rows": drift.rows, "entities": drift.entities, "notes": drift.notes})
        for name, words in drift.entities.items():
            connection.execute(
                text("delete from staging.raw where batch_id = :id and batch_day = :day and entity = :entity"),
                {"id": batch.id, "day": batch.day, "entity": name},
            )
            connection.execute(
                text(
                    "update sync.batch set reads = reads || jsonb_build_object(cast(:entity as text),"
                    " jsonb_build_object('error', cast(:words as text))) where id = :id"
                ),
                {"id": batch.id, "entity": name, "words": words},
            )


def told_drift(connection: Connection, batch: Batch) -> tuple[list[str], list[str]]:
    """Return the notes of this batch, and those of them that the last finished run has not told of."""
    query = text("select counts->'drift'->'notes' from sync.batch where id = :id")
    notes = connection.scalar(query, {"id": batch.id}) or []
    former = text(
        "select counts->'drift'->'notes' from sync.batch where integration_id = :integration_id and id < :id"
        " and state = any(:finished) order by id desc limit 1"
    )
    values = {"integration_id": batch.integration_id, "id": batch.id, "finished": list(FINISHED)}
    told = connection.scalar(former, values) or [] if notes else []
    return list(notes), [note for note in notes if note not in told]
