"""Load: send the plan, settle every answer, move the watermarks last.

Promises: an action is `sending` and committed before its request leaves; answer, link and base are committed together; an outcome
that nobody knows is looked up before anything is repeated; what moved since it was read is not overwritten (`sync.moved`); one
refused record stops no other.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import NOT_SENT, Connector, Record, Result
from connectors.errors import (
    AuthError,
    BudgetError,
    PermanentError,
    RateLimitError,
    RecordsRejectedError,
    SyncError,
    TransientError,
)
from sync.batch import Batch, close_batch, note_counts
from sync.budget import put_off
from sync.database import to_json
from sync.doubles import one_creator
from sync.drift import told_drift
from sync.extract import move_watermarks
from sync.locks import LockLostError
from sync.moved import SecondLook
from sync.outbox import CHUNK, Binder, Outgoing, look_again_at_unsent, mark, planned
from sync.outcome import report, trouble_of
from sync.recover import recover
from sync.rejections import PENDING, close_mended
from sync.settings import EntitySettings, Side
from sync.settle import settle, settle_agreed
from sync.staging import wanted_fields
from sync.standing import show_standing
from sync.tally import tally

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Stops:
    """What this try of the task leaves out: entities and sides in trouble, and actions that may be waiting for them."""

    errors: dict[tuple[str, str], SyncError] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    is_final: bool = False  # nothing is waited for any more: what lacks its counterpart comes back with the next run

    @property
    def transient(self) -> SyncError | None:
        """The first error that a repeat of the task may cure."""
        return next((error for error in self.errors.values() if isinstance(error, TransientError)), None)


def load(batch: Batch, connectors: Mapping[Side, Connector], look: SecondLook | None = None) -> dict[str, Any]:
    """Carry out the batch's plan; return counts by entity, side, operation and state. `look` may have looked once already.

    Of a held plan nothing is done: `held` is its number, `unread` says which entities could not be read for it, and why. Of one that was
    asked for nothing either.

    Trouble with one entity on one side stops no other. Raises TransientError (the task is tried again and goes on where it
    stopped), AuthError, and at the very end, everything else being done, RecordsRejectedError for records that could not go and
    PermanentError for entities that could not be read (for a plan, too) or written: those the next run reads again.
    """
    if batch.state == "held":
        log.warning(
            "%s: plan %d waits for a person; nothing is written, later runs go on with other records", batch.name, batch.id
        )
        unread = _left(batch, _reads(batch))
        return {"held": batch.id, **({"unread": unread} if unread else {})}
    if batch.request.mode == "plan":
        with batch.engine.begin() as connection:
            close_batch(connection, batch, "planned")
        if unread := _left(batch, _reads(batch)):
            raise PermanentError(f"{batch.name}: plan {batch.id} is without all it should have: {unread}")
        with batch.engine.connect() as connection:
            return dict(tally(connection, batch.id))
    recover(batch, connectors)
    with batch.engine.begin() as connection:
        settle_agreed(connection, batch)
        _plan_again(connection, batch)
    stops = _Stops()
    look = look or SecondLook(batch, connectors, _reads(batch))
    spent = _carry_out(batch, look, stops)
    if stops.errors and not spent and not stops.transient:
        stops.is_final = True
        stops.waiting.clear()
        spent = _carry_out(batch, look, stops)
    if stops.transient:
        raise stops.transient
    if not spent:
        show_standing(batch, connectors["salesforce"])
    return _finish(batch, spent, {name: error for (name, _), error in stops.errors.items()})


def _reads(batch: Batch) -> dict[str, Any]:
    with batch.engine.connect() as connection:
        return dict(connection.scalar(text("select reads from sync.batch where id = :id"), {"id": batch.id}))


def _left(batch: Batch, reads: Mapping[str, Any]) -> str:
    """Return what the next run has to read anew, and why: it could not be read, or not be written by an earlier try of this task."""
    whose = "it is left to the next run" if batch.request.is_read_again else "trigger this again"
    kinds = {"error": "was not read", "stopped": f"was not written, {whose}"}
    return "; ".join(
        f"{batch.name} {name} {words}: {read[kind]}"
        for name, read in reads.items()
        for kind, words in kinds.items()
        if kind in read
    )


def _carry_out(batch: Batch, look: SecondLook, stops: _Stops) -> str:
    """Send until nothing is left that can go; return why that ended early, with nothing wrong."""
    entities = {entity.name: entity for entity in batch.entities()}
    while actions := _next(batch, stops):
        name, side = actions[0].entity, actions[0].side
        try:
            with one_creator(batch, entities[name], actions, look.connectors[side]) as made:
                left = made | look.leave_moved(entities[name], side, actions) | look.leave_gone(entities[name], side, actions)
                if still := [action for action in actions if action.link_id not in left]:
                    _send(batch, entities[name], still, look.connectors[side], stops)
        except BudgetError as error:
            return put_off(batch, error)
        except (AuthError, RateLimitError, LockLostError):
            raise
        except SyncError as error:
            log.error("%s %s: writing to %s stopped, the others go on: %s", batch.name, name, side, error)
            stops.errors[name, side] = error
    return ""


def _plan_again(connection: Connection, batch: Batch) -> None:
    """Send after all what an earlier try of this task left out for want of its counterpart: that may be found by now."""
    query = text(
        "update sync.action set state = 'planned', ended_at = null where batch_id = :id and state = 'skipped' and code = :code"
    )
    connection.execute(query, {"id": batch.id, "code": PENDING})


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
        if stops.errors and not stops.is_final:
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
        if any(result.code == NOT_SENT for _, result in outcomes):
            next(results, None)  # raises what broke them off
    except SyncError as error:
        stopped = error
    unsent = [action.id for action, _ in ready[len(outcomes) :]]
    broken_off = [action.id for action, result in outcomes if result.code == NOT_SENT]
    outcomes = _read_back(batch, entity, side, connector, [each for each in outcomes if each[1].code != NOT_SENT])
    with batch.engine.begin() as connection:
        settle(connection, batch, entity, side, outcomes)
        mark(connection, [*broken_off, *unsent], "planned")
    log.info("%s %s: %d of %d sent to %s", batch.name, entity.name, len(outcomes), len(actions), side)
    if stopped is not None:
        raise stopped
    if unsent or broken_off:
        raise PermanentError(
            f"{batch.name} {entity.name}: {side} gave {len(ready) - len(unsent)} results for {len(ready)} writes"
        )


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
        (action, result if result.record else replace(result, record=records.get(result.id or ""), is_read_back=True))
        for action, result in outcomes
    ]


def _finish(batch: Batch, spent: str = "", stopped: Mapping[str, SyncError] | None = None) -> dict[str, Any]:
    """Close the batch; `spent` says why it ends before its end, with nothing wrong, `stopped` which entities could not be written.

    A stopped entity is read anew by the next run, as if it had not been in this batch; should the task be tried again, too.
    """
    stopped = stopped or {}
    with batch.engine.begin() as connection:
        reads = connection.scalar(text("select reads from sync.batch where id = :id"), {"id": batch.id})
        _forget(connection, batch, stopped)
        counts: dict[str, Any] = dict(tally(connection, batch.id))
        unread = _left(batch, reads)
        trouble = trouble_of(connection, batch)
        trouble = replace(trouble, failed=0, new_failed=0) if spent else trouble
        counts["mended"] = close_mended(connection, batch) if batch.request.direction == "both" else 0
        counts["rejected"] = trouble.rejected
        note_counts(connection, batch, "load", counts)
        whole = {name: read for name, read in reads.items() if name not in stopped and not {"error", "stopped"} & {*read}}
        move_watermarks(connection, batch, whole)
        drifted, untold = told_drift(connection, batch)
        close_batch(connection, batch, "partial" if unread or trouble or spent or stopped or drifted else "done")
    if unread:
        raise PermanentError(unread)
    if stopped:
        raise next(iter(stopped.values()))
    if trouble.is_news and batch.integration.settings.on_rejected == "fail":
        raise RecordsRejectedError(report(batch, trouble))
    if untold and batch.integration.settings.on_rejected == "fail":
        raise PermanentError(
            "\n".join([f"{batch.name}: done, but the systems have changed. Until it is mended this rests:", *untold])
        )
    return {**counts, "stopped": spent} if spent else counts


def _forget(connection: Connection, batch: Batch, stopped: Mapping[str, SyncError]) -> None:
    """Leave what the batch had of these entities to the next run, and note why."""
    why = to_json({name: {"stopped": str(error)} for name, error in stopped.items()})
    values = {"id": batch.id, "day": batch.day, "entities": list(stopped), "why": why}
    unsent = "batch_id = :id and entity = any(:entities) and state in ('planned', 'approved')"
    look_again_at_unsent(connection, unsent, values)
    for statement in (
        f"update sync.action set state = 'skipped', message = 'left to the next run', ended_at = now() where {unsent}",
        "delete from staging.raw where batch_id = :id and batch_day = :day and entity = any(:entities)",
        "update sync.batch b set reads = b.reads || (select coalesce(jsonb_object_agg(w.key, b.reads->w.key || w.value), '{}')"
        " from jsonb_each(cast(:why as jsonb)) w) where b.id = :id",
    ):
        connection.execute(text(statement), values)
