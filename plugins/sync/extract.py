"""Extract: read what changed on both sides into `staging.raw`, with the counterparts that new records may match.

Reads are inclusive and overlap the watermark; rows already worked through unchanged are dropped again, so an idle system ends
the run here. Records with an open rejection come back from our own copy, without a call.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector
from connectors.errors import AuthError, RateLimitError, SyncError
from sync.accepted import settle_shown
from sync.approval import drop_parked, holds_watermarks
from sync.batch import FINISHED, Batch, close_batch, note_counts
from sync.blocks import stage_blocks
from sync.changes import stage_changes
from sync.counterparts import stage_matches
from sync.database import to_json
from sync.history import drop_history
from sync.open_links import stage_open
from sync.partitions import forget_staged
from sync.rejections import restage
from sync.settings import EntitySettings, Side
from sync.siblings import siblings_of
from sync.staging import drop_repeats
from sync.successors import converts_first, follow_successors
from sync.vanished import note_vanished

SIDES: tuple[Side, Side] = ("salesforce", "app")
log = logging.getLogger(__name__)


def extract(batch: Batch, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    """Stage every change of the batch's entities; return counts, `total` = 0 when there is nothing new.

    An entity that cannot be read is reported with the batch and left out; the others go on. Raises AuthError, RateLimitError
    and, when no entity could be read or the others have nothing new, the first error.
    """
    forget_staged(batch.engine, batch.name, batch.day - timedelta(days=batch.integration.settings.staging_days))
    with batch.engine.begin() as connection:
        _forget_earlier_tries(connection, batch)
    reads: dict[str, Any] = {entity.name: {} for entity in batch.entities()}
    errors: dict[str, SyncError] = {}
    for entity in batch.entities():
        with _set_aside(batch, entity, connectors, reads, errors):
            for side in SIDES:
                stage_changes(batch, entity, side, connectors[side], reads[entity.name])
    for entity in converts_first(batch.entities()):
        if entity.name not in errors:
            with _set_aside(batch, entity, connectors, reads, errors):
                settle_shown(batch, entity, connectors)
                follow_successors(batch, entity)
    _set_siblings_aside(batch, reads, errors)
    counts: dict[str, Any] = _narrow(batch, [entity for entity in batch.entities() if entity.name not in errors], reads)
    for entity in batch.entities():
        if entity.name in counts and entity.name not in errors:
            if left_out := reads[entity.name]["salesforce"].get("outside"):
                counts[entity.name]["outside"] = len(left_out)
            with _set_aside(batch, entity, connectors, reads, errors):
                if opened := stage_open(batch, entity, connectors, reads[entity.name]):
                    counts[entity.name]["opened"] = opened
    for entity in batch.entities():
        if entity.name in counts and entity.name not in errors and sum(counts[entity.name].values()):
            with _set_aside(batch, entity, connectors, reads, errors):
                counts[entity.name]["matched"] = stage_matches(batch, entity, connectors, reads[entity.name])
                stage_blocks(batch, entity, connectors["salesforce"])
                note_vanished(batch, entity, connectors)
    _set_siblings_aside(batch, reads, errors)
    if len(errors) == len(reads):
        _keep(batch, reads)
        raise next(iter(errors.values()))
    total = sum(sum(count.values()) for name, count in counts.items() if name not in errors)
    with batch.engine.begin() as connection:
        connection.execute(
            text("update sync.batch set reads = cast(:reads as jsonb) where id = :id"), {"reads": to_json(reads), "id": batch.id}
        )
        note_counts(connection, batch, "extract", counts)
        if total:
            connection.execute(text("analyze staging.raw"))
        else:
            move_watermarks(connection, batch, reads)
            close_batch(connection, batch, "partial" if errors else "idle")
    if errors and not total:
        raise next(iter(errors.values()))
    return {"total": total, "failed_entities": sorted(errors), **counts}


def move_watermarks(connection: Connection, batch: Batch, reads: Mapping[str, Any]) -> None:
    """Set the watermarks to the servers' clock at the start of their reads; never back, nor past what was read and left to a plan."""
    if not batch.request.is_whole or batch.request.mode == "plan" or holds_watermarks(connection, batch):
        return
    for entity, sides in reads.items():
        for side, read in sides.items() if "parked" not in sides else ():
            if isinstance(read, dict):
                connection.execute(
                    text(
                        "insert into sync.watermark as w (integration_id, entity, side, value, batch_id)"
                        " select :integration_id, :entity, :side, cast(:value as timestamptz), :batch_id where :may_begin"
                        "  or exists (select 1 from sync.watermark where integration_id = :integration_id and entity = :entity and side = :side)"
                        " on conflict (integration_id, entity, side) do update"
                        " set value = greatest(w.value, excluded.value), batch_id = excluded.batch_id"
                        " where coalesce(w.value >= cast(:since as timestamptz), true)"  # a gap is never jumped over
                    ),
                    {
                        "integration_id": batch.integration_id,
                        "entity": entity,
                        "side": side,
                        "value": read["server_time"],
                        "since": read["since"],
                        "may_begin": read["since"] is None or batch.integration.settings.history == "none",
                        "batch_id": batch.id,
                    },
                )


def _keep(batch: Batch, reads: Mapping[str, Any]) -> None:
    """Note what was tried to be read by a run that goes no further."""
    with batch.engine.begin() as connection:
        query = text("update sync.batch set reads = cast(:reads as jsonb) where id = :id")
        connection.execute(query, {"reads": to_json(reads), "id": batch.id})


@contextmanager
def _set_aside(
    batch: Batch,
    entity: EntitySettings,
    connectors: Mapping[Side, Connector],
    reads: dict[str, Any],
    errors: dict[str, SyncError],
) -> Iterator[None]:
    """Report trouble with one entity and take it out of the batch, unread as a whole. Trouble with an account is raised."""
    try:
        yield
    except RateLimitError:
        _keep(batch, reads)
        raise
    except SyncError as error:
        if isinstance(error, AuthError):
            _keep(batch, reads)
            for connector in connectors.values():
                connector.ping()
        log.error("%s %s: not read, the other entities go on: %s", batch.name, entity.name, error)
        _take_out(batch, entity.name, reads, errors, error)


def _set_siblings_aside(batch: Batch, reads: dict[str, Any], errors: dict[str, SyncError]) -> None:
    """Leave out whoever shares the app's records with an entity in trouble: who is new there may be known in that one."""
    for entity in batch.entities():
        troubled = [name for name in siblings_of(batch.integration.settings, entity) if name in errors]
        if troubled and entity.name not in errors:
            log.error("%s %s: left to the next run as well, as its records may be of %s", batch.name, entity.name, troubled[0])
            _take_out(batch, entity.name, reads, errors, errors[troubled[0]])


def _take_out(batch: Batch, name: str, reads: dict[str, Any], errors: dict[str, SyncError], error: SyncError) -> None:
    errors[name] = error
    reads[name] = {"error": str(error)}
    with batch.engine.begin() as connection:
        query = text("delete from staging.raw where batch_id = :id and batch_day = :day and entity = :entity")
        connection.execute(query, {"id": batch.id, "day": batch.day, "entity": name})


def _narrow(batch: Batch, entities: Sequence[EntitySettings], reads: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Drop what was seen before and bring back what was rejected; return how many rows that leaves, by entity.

    What a held plan speaks of is dropped as well and noted in `reads`: it must be read again.
    """
    counts = {}
    with batch.engine.begin() as connection:
        for entity in entities:
            drop_repeats(connection, batch, entity)
            drop_history(connection, batch, entity)
            counts[entity.name] = {"changed": _drop_seen(connection, batch, entity)}
        is_idle = not any(count["changed"] for count in counts.values())
        for entity in entities:
            counts[entity.name]["retried"] = restage(connection, batch, entity, is_idle)
            if parked := drop_parked(connection, batch, entity):
                log.info("%s %s: %d records wait for the decision on a held plan", batch.name, entity.name, parked)
                reads[entity.name]["parked"] = parked
                counts[entity.name] = {"changed": _count(connection, batch, entity), "retried": 0}
    return counts


def _forget_earlier_tries(connection: Connection, batch: Batch) -> None:
    for table in ("raw", "record"):
        connection.execute(
            text(
                f"delete from staging.{table} where batch_id in (select id from sync.batch where integration_id = :integration_id"
                " and id < :id and state = 'failed' and run_id = (select run_id from sync.batch where id = :id))"
            ),
            {"integration_id": batch.integration_id, "id": batch.id},
        )


def _drop_seen(connection: Connection, batch: Batch, entity: EntitySettings) -> int:
    """Drop rows that an earlier finished batch worked through in the same form; return how many rows are left."""
    if batch.request.mode == "sync" and not batch.request.record_ids and not batch.request.since:
        connection.execute(
            text(
                "delete from staging.raw r where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.origin = 'change'"
                " and exists (select 1 from (select o.digest, o.batch_id from staging.raw o where o.integration_id = r.integration_id"
                "  and o.entity = r.entity and o.side = r.side and o.record_id = r.record_id and o.batch_id < r.batch_id"
                "  and o.origin <> 'match'"
                "  order by o.batch_id desc limit 1) seen join sync.batch b on b.id = seen.batch_id"
                " where b.state = any(:finished) and b.params->>'direction' = 'both' and b.mapping_digest = :digest and seen.digest = r.digest)"
            ),
            {
                "id": batch.id,
                "day": batch.day,
                "entity": entity.name,
                "finished": list(FINISHED),
                "digest": batch.integration.digest,
            },
        )
    return _count(connection, batch, entity)


def _count(connection: Connection, batch: Batch, entity: EntitySettings) -> int:
    query = text("select count(*) from staging.raw where batch_id = :id and batch_day = :day and entity = :entity")
    return int(connection.scalar(query, {"id": batch.id, "day": batch.day, "entity": entity.name}) or 0)
