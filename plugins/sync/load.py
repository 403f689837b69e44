"""Load: send the plan, settle every answer, move the watermarks last.

Promises: an action is `sending` and committed before its request leaves; answer, link and base are committed together; an outcome
that nobody knows is looked up before anything is repeated; one refused record stops no other.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Record, Result
from connectors.errors import AuthError, PermanentError, RateLimitError, RecordsRejectedError, SyncError, TransientError
from sync.batch import FINISHED, Batch, close_batch, note_counts
from sync.extract import move_watermarks
from sync.outbox import Binder, Outgoing, mark, planned
from sync.recover import recover
from sync.rejections import QUIET, close_mended
from sync.settings import EntitySettings, Side
from sync.settle import settle, settle_agreed
from sync.staging import wanted_fields

CHUNK = {"salesforce": 1000, "app": 50}  # actions between two commits; Salesforce: five calls of 200 and one read-back
PENDING = "reference_pending"
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Stops:
    """What this try of the task leaves out: entities and sides in trouble, and actions that may be waiting for them."""

    errors: dict[tuple[str, str], SyncError] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)


def load(batch: Batch, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    """Carry out the batch's plan; return counts by entity, side, operation and state.

    Trouble with one entity on one side stops no other. Raises TransientError (the task is tried again and goes on where it
    stopped), AuthError, and at the very end, everything else being done, RecordsRejectedError for records that could not go and
    PermanentError for entities that could not be read.
    """
    if batch.state == "held":
        log.warning(
            "%s: plan %d waits for a person; nothing is written, later runs go on with other records", batch.name, batch.id
        )
        return {"held": batch.id}
    if batch.request.mode == "plan":
        with batch.engine.begin() as connection:
            close_batch(connection, batch, "planned")
        return _counts(batch)
    recover(batch, connectors)
    with batch.engine.begin() as connection:
        settle_agreed(connection, batch)
    entities = {entity.name: entity for entity in batch.entities()}
    stops = _Stops()
    while actions := _next(batch, stops):
        name, side = actions[0].entity, actions[0].side
        try:
            _send(batch, entities[name], actions, connectors[side], stops)
        except (AuthError, RateLimitError):
            raise
        except SyncError as error:
            log.error("%s %s: writing to %s stopped, the others go on: %s", batch.name, name, side, error)
            stops.errors[name, side] = error
    if stops.errors:
        raise max(stops.errors.values(), key=lambda error: isinstance(error, TransientError))
    return _finish(batch)


def _next(batch: Batch, stops: _Stops) -> list[Outgoing]:
    with batch.engine.connect() as connection:
        return planned(connection, batch, CHUNK, stops.errors, stops.waiting)


def _send(batch: Batch, entity: EntitySettings, actions: list[Outgoing], connector: Connector, stops: _Stops) -> None:
    """Send one chunk and settle it. What was surely not sent is planned again when the call is broken off."""
    side = actions[0].side
    with batch.engine.begin() as connection:
        binder = Binder(connection, batch, entity, actions)
        bound = [(action, binder.write(action)) for action in actions]
        ready = [(action, write) for action, write in bound if not isinstance(write, str)]
        unready = [(a, Result("failed", code=PENDING, message=w, is_transient=True)) for a, w in bound if isinstance(w, str)]
        mark(connection, [action.id for action, _ in ready], "sending")
        if stops.errors:
            stops.waiting += [action.id for action, _ in unready]
        else:
            mark(
                connection, [a.id for a, _ in unready if not a.fields], "skipped", PENDING, "no counterpart was made to refer to"
            )
            settle(connection, batch, entity, side, [(a, result) for a, result in unready if a.fields])
    outcomes: list[tuple[Outgoing, Result]] = []
    stopped: SyncError | None = None
    try:
        results = connector.write(entity.reads_as(side), [write for _, write in ready])
        for (action, _), result in zip(ready, results, strict=False):
            outcomes.append((action, result))
    except SyncError as error:
        stopped = error
    outcomes = _read_back(batch, entity, side, connector, outcomes)
    unsent = [action.id for action, _ in ready[len(outcomes) :]]
    with batch.engine.begin() as connection:
        settle(connection, batch, entity, side, outcomes)
        mark(connection, unsent, "planned")
    log.info("%s %s: %d of %d sent to %s", batch.name, entity.name, len(outcomes), len(actions), side)
    if stopped is not None:
        raise stopped
    if unsent:
        raise PermanentError(f"{batch.name} {entity.name}: {side} gave {len(outcomes)} results for {len(ready)} writes")


def _read_back(
    batch: Batch, entity: EntitySettings, side: Side, connector: Connector, outcomes: list[tuple[Outgoing, Result]]
) -> list[tuple[Outgoing, Result]]:
    """Fill in the state after the write where the system did not answer with it. Failing that, the next run looks again."""
    missing = [r.id for a, r in outcomes if r.state == "done" and r.record is None and a.operation != "delete" and r.id]
    if not missing:
        return outcomes
    records: dict[str, Record] = {}
    try:
        for page in connector.read(entity.reads_as(side), missing, wanted_fields(batch, entity, side)):
            records |= {record.id: record for record in page.records}
    except SyncError as error:
        log.warning("%s %s: written records were not read back, the next run compares them: %s", batch.name, entity.name, error)
    return [
        (action, result if result.record else replace(result, record=records.get(result.id or ""))) for action, result in outcomes
    ]


def _finish(batch: Batch) -> dict[str, Any]:
    with batch.engine.begin() as connection:
        reads = connection.scalar(text("select reads from sync.batch where id = :id"), {"id": batch.id})
        counts = _counts(batch)
        unread = {name: read["error"] for name, read in reads.items() if "error" in read}
        rejected, news, failed = _trouble(connection, batch)
        counts["mended"] = close_mended(connection, batch) if batch.request.direction == "both" else 0
        counts["rejected"] = rejected
        note_counts(connection, batch, "load", counts)
        move_watermarks(connection, batch, {name: read for name, read in reads.items() if name not in unread})
        close_batch(connection, batch, "partial" if unread or rejected or failed else "done")
    if unread:
        raise PermanentError("; ".join(f"{batch.name} {name} was not read: {words}" for name, words in unread.items()))
    if (news or failed) and batch.integration.settings.on_rejected == "fail":
        raise RecordsRejectedError(_report(batch, rejected, news, failed))
    return counts


def _trouble(connection: Connection, batch: Batch) -> tuple[int, int, int]:
    """Open rejections of this batch, how many of them no finished run has told of yet, and failed actions."""
    row = connection.execute(
        text(
            "select count(*), count(*) filter (where not exists (select 1 from sync.batch b where b.integration_id = r.integration_id"
            "  and b.id >= r.first_batch_id and b.id < :id and b.state = any(:finished))) from sync.rejection r"
            " where last_batch_id = :id and closed_at is null"
            " and exists (select 1 from jsonb_array_elements(reasons) x where x->>'code' <> all(:quiet))"
        ),
        {"id": batch.id, "quiet": list(QUIET), "finished": list(FINISHED)},
    ).one()
    failed = text(
        "select count(distinct link_id) from sync.action where batch_id = :id and state in ('failed', 'unknown') and attempts > 0"
    )
    return row[0], row[1], int(connection.scalar(failed, {"id": batch.id}) or 0)


def _report(batch: Batch, rejected: int, news: int, failed: int) -> str:
    """One record per kind of reason, new ones first; short lines, for the log of Airflow does not wrap them."""
    query = text(
        "select entity, side, (array_agg(record_id order by r.id))[1], count(*), (array_agg(words order by r.id))[1]"
        " from sync.rejection r, lateral (select string_agg(x->>'reason', '; ') as words,"
        "  string_agg(concat_ws(' ', x->>'code', x->>'field'), ', ') as kind from jsonb_array_elements(reasons) x) as why"
        " where last_batch_id = :id and closed_at is null group by entity, side, kind"
        " order by bool_or(first_batch_id = :id) desc, count(*) desc, min(r.id) limit 12"
    )
    with batch.engine.connect() as connection:
        lines = [
            f"  {entity} {record_id} in {side}{f' and {count - 1} more' if count > 1 else ''}: {words}"
            for entity, side, record_id, count, words in connection.execute(query, {"id": batch.id})
        ]
    return "\n".join(
        [
            f"{batch.name}: done, but {rejected} records are rejected ({news} new, {failed} refused when written):",
            *lines,
            "They go by themselves once they are mended at their source; nothing needs a rerun.",
            "All of them: select * from sync.rejection where closed_at is null;",
        ]
    )


def _counts(batch: Batch) -> dict[str, Any]:
    query = text(
        "select entity, side, operation, state, count(*) from sync.action where batch_id = :id group by 1, 2, 3, 4 order by 1, 2, 3, 4"
    )
    with batch.engine.connect() as connection:
        rows = connection.execute(query, {"id": batch.id}).all()
    counts: Counter[str] = Counter()
    for entity, side, operation, state, count in rows:
        counts[f"{entity} to_{side} {operation} {state}"] += count
    return dict(counts)
