"""The budget of API calls: what a plan will cost, what was spent, and how a run ends when nothing is left of its part."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from connectors.errors import BudgetError
from sync.batch import Batch, close_batch, note_counts
from sync.rejections import WAITS, Rejection, reason, reject, retry_soon

RECORDS_PER_CALL = {"salesforce": 200, "app": 1}  # written
READS_PER_RECORDS = {"salesforce": 1000, "app": 0}  # read back after writing; an app answers with the record
log = logging.getLogger(__name__)


def forecast(connection: Connection, batch: Batch) -> dict[str, int]:
    """Return about how many calls the batch's plan will cost on each side, and keep it with the batch."""
    query = text(
        "select side, operation, count(*) as n from sync.action where batch_id = :id and state = 'planned' and operation <> 'agree'"
        " group by side, entity, operation"
    )
    calls = {"salesforce": 0, "app": 0}
    for row in connection.execute(query, {"id": batch.id}):
        calls[row.side] += -(-row.n // RECORDS_PER_CALL[row.side])
        calls[row.side] += -(-row.n // reads) if (reads := READS_PER_RECORDS[row.side]) else 0
    note_counts(connection, batch, "forecast", calls)
    return calls


def spent(connection: Connection, run_id: str) -> Mapping[str, int]:
    """Return how many calls a run has made so far, by account and kind (`freshdesk_default write`)."""
    query = text(
        "select account || ' ' || kind as what, sum(calls)::int as n from sync.api_call where run_id = :id group by 1 order by 1"
    )
    return {row.what: row.n for row in connection.execute(query, {"id": run_id})}


def stop_reading(batch: Batch, error: BudgetError) -> dict[str, Any]:
    """End a batch whose reading did not come to its end as `partial`: a later run reads the same; return that as counts."""
    with batch.engine.begin() as connection:
        connection.execute(
            text("update staging.raw set digest = '' where batch_id = :id and batch_day = :day"),
            {"id": batch.id, "day": batch.day},
        )
        _note(connection, batch, error)
        close_batch(connection, batch, "partial")
    return {"total": 0, "stopped": str(error)}


def put_off(batch: Batch, error: BudgetError) -> str:
    """Leave what is not sent yet to the next run, which has it from our own copy, without another reading; return why."""
    with batch.engine.begin() as connection:
        rows = connection.execute(
            text(
                "update sync.action set state = 'skipped', code = 'budget', message = 'left to a later run', ended_at = now()"
                " where batch_id = :id and state = 'planned' returning entity, salesforce_id, app_id"
            ),
            {"id": batch.id},
        ).all()
        why = [reason("", WAITS, "the budget of API calls was used up before its turn")]
        left = [
            Rejection(row.entity, side, record_id, "load", why)
            for row in rows
            for side, record_id in (("salesforce", row.salesforce_id), ("app", row.app_id))
            if record_id
        ]
        reject(connection, batch, left)
        retry_soon(connection, batch, left)
        _note(connection, batch, error, len(rows))
    return str(error)


def _note(connection: Connection, batch: Batch, error: BudgetError, left: int = 0) -> None:
    log.warning("%s: stopped before its end, %d writes are left to a later run: %s", batch.name, left, error)
    note_counts(
        connection, batch, "budget", {"stopped": str(error), "left": left, "spent": dict(spent(connection, batch.run_id))}
    )
