"""Extract: read what changed on both sides into `staging.raw`, with the counterparts that new records may match.

Reads are inclusive and overlap the watermark; rows already worked through unchanged are dropped again, so an idle system ends
the run here. Records with an open rejection come back from our own copy, without a call.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Known, Page
from connectors.errors import AuthError, BudgetError, RateLimitError, SyncError
from connectors.salesforce_soql import long_id
from sync.accepted import settle_shown
from sync.approval import drop_parked, is_waiting
from sync.batch import FINISHED, Batch, close_batch, note_counts
from sync.blocks import stage_blocks
from sync.budget import left_by_budget
from sync.counterparts import stage_matches
from sync.database import to_json
from sync.history import began_at, drop_history, enabled_at
from sync.initial_load import replaces
from sync.rejections import forget, restage
from sync.settings import EntitySettings, Side
from sync.staging import copy_raw, drop_partitions, drop_repeats, wanted_fields
from sync.standing import outside, shown_fields
from sync.successors import follow_successors, stage_moved
from sync.vanished import note_vanished

SIDES: tuple[Side, Side] = ("salesforce", "app")
STAMP_MARGIN = timedelta(seconds=5)
log = logging.getLogger(__name__)


def extract(batch: Batch, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    """Stage every change of the batch's entities; return counts, `total` = 0 when there is nothing new.

    An entity that cannot be read is reported with the batch and left out; the others go on. Raises AuthError, RateLimitError
    and, when no entity could be read or the others have nothing new, the first error.
    """
    with batch.engine.begin() as connection:
        drop_partitions(connection, batch.day - timedelta(days=batch.integration.settings.staging_days))
        _forget_earlier_tries(connection, batch)
    reads: dict[str, Any] = {entity.name: {} for entity in batch.entities()}
    errors: dict[str, SyncError] = {}
    try:
        for entity in batch.entities():
            with _set_aside(batch, entity, connectors, reads, errors):
                for side in SIDES:
                    _read(batch, entity, side, connectors[side], reads[entity.name])
    except SyncError:
        _keep(batch, reads)
        raise
    for entity in batch.entities():
        if entity.name not in errors:
            with _set_aside(batch, entity, connectors, reads, errors):
                settle_shown(batch, entity, connectors)
                follow_successors(batch, entity)
    counts: dict[str, Any] = _narrow(batch, [entity for entity in batch.entities() if entity.name not in errors])
    for entity in batch.entities():
        if entity.name in counts and entity.name not in errors:
            if left_out := reads[entity.name]["salesforce"].get("outside"):
                counts[entity.name]["outside"] = len(left_out)
            with _set_aside(batch, entity, connectors, reads, errors):
                if followed := stage_moved(batch, entity, connectors):
                    counts[entity.name]["followed"] = followed
    for entity in batch.entities():
        if entity.name in counts and entity.name not in errors and sum(counts[entity.name].values()):
            with _set_aside(batch, entity, connectors, reads, errors):
                counts[entity.name]["matched"] = stage_matches(batch, entity, connectors, reads[entity.name])
                stage_blocks(batch, entity, connectors["salesforce"])
                note_vanished(batch, entity, connectors)
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
    """Set the watermarks to the servers' clock at the start of their reads; never back."""
    if not batch.request.is_whole or batch.request.mode == "plan" or is_waiting(connection, batch.integration_id):
        return
    for entity, sides in reads.items():
        for side, read in sides.items():
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
        raise
    except SyncError as error:
        if isinstance(error, AuthError):
            for connector in connectors.values():
                connector.ping()
        log.error("%s %s: not read, the other entities go on: %s", batch.name, entity.name, error)
        errors[entity.name] = error
        reads[entity.name] = {"error": str(error)}
        with batch.engine.begin() as connection:
            query = text("delete from staging.raw where batch_id = :id and batch_day = :day and entity = :entity")
            connection.execute(query, {"id": batch.id, "day": batch.day, "entity": entity.name})


def _narrow(batch: Batch, entities: Sequence[EntitySettings]) -> dict[str, dict[str, int]]:
    """Drop what was seen before and bring back what was rejected; return how many rows that leaves, by entity."""
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
                counts[entity.name] = {"changed": _count(connection, batch, entity), "retried": 0}
    return counts


def _read(batch: Batch, entity: EntitySettings, side: Side, connector: Connector, reads: dict[str, Any]) -> None:
    """Stage one entity of one side; note in `reads` what was read, with the server's clock at the start.

    Raises BudgetError where the calls of the day end; what was read until then stays staged.
    """
    stopped: BudgetError | None = None
    wanted = (*wanted_fields(batch, entity, side), *shown_fields(entity, side))
    name = entity.reads_as(side)
    with batch.engine.begin() as connection:
        since, is_full = _since(connection, batch, entity, side)
        is_asked = bool(batch.request.since or batch.request.record_ids)
        is_beginning = since is not None and not is_asked and _watermark(connection, batch, entity, side) is None
        if batch.request.record_ids:
            ids = [each.partition(":")[2] or each for each in batch.request.record_ids if _is_of(each, side)]
            ids = [long_id(each) for each in ids] if side == "salesforce" else ids
            pages = connector.read(name, ids, wanted)
        else:
            pages = connector.read_changes(name, since, wanted, _known(connection, batch, entity, side, since))
        began = began_at(connection, batch, entity, side)
        first: datetime | None = None
        count = 0
        left_out: list[str] = []
        while page := _next(pages):
            if isinstance(page, BudgetError):
                stopped = page
                break
            first = first or page.server_time
            touched = [
                r for r in page.records if not is_beginning or r.modified_at >= (began or first)
            ]  # by the server's clock, not ours
            records = [r for r in touched if r.is_deleted or entity.passes(side, r.raw) or r.raw.get("IsConverted") is True]
            if len(records) < len(touched):
                forgotten = {r.id for r in touched} - {r.id for r in records}
                forget(connection, batch, entity, side, sorted(forgotten))
                left_out += outside(entity, side, [r for r in touched if r.id in forgotten])
            count += copy_raw(connection, batch, entity, side, "request" if batch.request.record_ids else "change", records)
    server_time = first or datetime.now(UTC)
    log.info("%s %s: %d records read in %s since %s", batch.name, entity.name, count, side, since or "the beginning")
    read = {"since": since and since.isoformat(), "server_time": server_time.isoformat(), "count": count, "is_full": is_full}
    reads[side] = read | ({"outside": left_out} if left_out else {})
    if stopped:
        raise stopped


def _next(pages: Iterator[Page]) -> Page | BudgetError | None:
    """The next page, None after the last one; the end of the budget is told, not raised, so that what came before it is kept."""
    try:
        return next(pages, None)
    except BudgetError as error:
        return error


def _known(connection: Connection, batch: Batch, entity: EntitySettings, side: Side, since: datetime | None) -> Known:
    """Tell which records have surely been read in their present form: by the last finished run, or by one whose budget ended.

    Stamps have whole seconds: a record counts only when it was modified well before that run began to read.
    """
    kept = left_by_budget(connection, batch, entity, side, STAMP_MARGIN)
    watermark = _watermark(connection, batch, entity, side)
    if since is None or watermark is None or batch.request.mode != "sync" or batch.request.since:
        return lambda record_id, modified_at: kept.get(record_id) == modified_at
    final = watermark - STAMP_MARGIN
    query = text(
        "select distinct on (r.record_id) r.record_id, r.modified_at, r.digest from staging.raw r join sync.batch b on b.id = r.batch_id"
        " where r.integration_id = :id and r.entity = :entity and r.side = :side and r.modified_at >= :since"
        " and b.state = any(:finished) and b.mapping_digest = :digest order by r.record_id, r.batch_id desc"
    )
    values = {
        "id": batch.integration_id, "entity": entity.name, "side": side, "since": since, "finished": list(FINISHED),
        "digest": batch.integration.digest,
    }  # fmt: skip
    stamps = {row.record_id: row.modified_at for row in connection.execute(query, values) if row.digest}
    return lambda record_id, modified_at: (
        (modified_at < final and stamps.get(record_id) == modified_at) or kept.get(record_id) == modified_at
    )


def _since(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> tuple[datetime | None, bool]:
    request, settings = batch.request, batch.integration.settings
    if request.since or request.mode == "backfill":
        return request.since, request.since is None and not request.record_ids
    watermark = _watermark(connection, batch, entity, side)
    if watermark is None:
        is_load = settings.history == "all" or replaces(connection, batch, entity)
        return (None, True) if is_load else (began_at(connection, batch, entity, side) or datetime.now(UTC), False)
    since = watermark - timedelta(minutes=settings.overlap_minutes)
    return max(since, enabled_at(connection, batch, entity, side) or since), False


def _watermark(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> datetime | None:
    query = text("select value from sync.watermark where integration_id = :id and entity = :entity and side = :side")
    found = connection.scalar(query, {"id": batch.integration_id, "entity": entity.name, "side": side})
    return found if isinstance(found, datetime) else None


def _is_of(record_id: str, side: Side) -> bool:
    """Salesforce ids are `salesforce:` or 15/18 letters and digits with a key prefix such as 003; all others are the app's."""
    prefix, _, rest = record_id.partition(":")
    if rest:
        return (prefix == "salesforce") == (side == "salesforce")
    is_salesforce = len(record_id) in (15, 18) and record_id.isalnum() and record_id.startswith("0")
    return is_salesforce == (side == "salesforce")


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
