"""Refusals: what a system would not take opens a rejection of the record that it came from; what it shows later, a note."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from connectors.contract import Result
from connectors.errors import shorten
from sync.batch import Batch
from sync.decisions import OTHER
from sync.outbox import Outgoing
from sync.rejections import WAITS, Rejection, reason, reject, retry_soon


def reject_refused(connection: Connection, batch: Batch, failures: Sequence[tuple[Outgoing, Result]]) -> None:
    """Reject the records that could not be carried over; transient refusals and lost answers come back with the next run.

    That is the record the write came from; where it did not move and is not in the batch, the one that was to be written.
    """
    soon = []
    rejections = []
    staged = _staged(connection, batch, [action for action, _ in failures])
    for action, result in failures:
        records = [(action.entity, side, action.id_on(side)) for side in (OTHER[action.side], action.side)]
        entity, side, record_id = next((record for record in records if record in staged), (action.entity, action.side, None))
        if record_id is None:
            continue
        words = shorten(f"{action.operation} in {action.side} failed: {result.message or result.code or result.state}")
        rejections.append(Rejection(entity, side, record_id, "load", [reason("", result.code or result.state, words)]))
        if result.is_transient or result.state == "unknown":
            soon.append(rejections[-1])
    reject(connection, batch, rejections)
    retry_soon(connection, batch, soon)


def note_accepted(connection: Connection, batch: Batch, actions: Sequence[Outgoing]) -> int:
    """Note at the records these creates came from that they wait; return how many."""
    sources = [(action, OTHER[action.side]) for action in actions]
    return reject(
        connection,
        batch,
        [
            Rejection(
                a.entity, source, str(a.id_on(source)), "load", [reason("", WAITS, f"{a.side} has taken it and shows it later")]
            )
            for a, source in sources
        ],
    )


def _staged(connection: Connection, batch: Batch, actions: Sequence[Outgoing]) -> set[tuple[str, str, str | None]]:
    """The records of these actions that this batch has staged: entity, side, id."""
    ids = [record_id for action in actions for record_id in (action.salesforce_id, action.app_id) if record_id]
    query = text(
        "select entity, side, record_id from staging.raw where batch_id = :id and batch_day = :day and integration_id = :integration_id"
        " and entity = any(:entities) and side in ('salesforce', 'app') and record_id = any(:ids)"
    )
    entities = list({action.entity for action in actions})
    values = {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entities": entities, "ids": ids}
    rows = connection.execute(query, values) if ids else ()
    return {(row.entity, row.side, row.record_id) for row in rows}
