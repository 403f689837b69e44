"""The budget of API calls: what a plan will cost, what was spent, and how a run ends when nothing is left of its part."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from connectors.errors import BudgetError
from connectors.salesforce import BULK_WRITES
from sync.batch import Batch, close_batch, note_counts
from sync.outbox import CHUNK, FEW_CALLS
from sync.rejections import WAITS, Rejection, reason, reject, retry_soon
from sync.settings import EntitySettings, Side

TOGETHER = 1000  # records of Salesforce that go, and are looked at before and after, in one call
PLAIN = 200  # those that are made without a cross-reference
BULK_CALLS = 12  # of one bulk job, with its polls
NEXT = "map"  # the stage that what was read waits for
log = logging.getLogger(__name__)


def forecast(connection: Connection, batch: Batch) -> dict[str, int]:
    """Return about how many calls the batch's plan will cost on each side, and keep it with the batch."""
    query = text(
        "select side, entity, operation, count(*) as n,"
        " count(*) filter (where operation = 'delete' or (operation = 'update' and fields <> '{}')) as looked_at"
        " from sync.action where batch_id = :id and state = 'planned' and operation <> 'agree' group by side, entity, operation"
    )
    referring = {entity.name for entity in batch.entities() if entity.salesforce_reference}
    calls = {"salesforce": 0, "app": 0}
    for row in connection.execute(query, {"id": batch.id}):
        if row.side == "app":
            calls["app"] += row.n + min(row.looked_at, FEW_CALLS)
        else:
            is_plain = row.operation == "create" and row.entity not in referring
            calls["salesforce"] += salesforce_calls(
                row.n, row.looked_at, PLAIN if is_plain else TOGETHER, row.operation != "delete"
            )
    note_counts(connection, batch, "forecast", calls)
    return calls


def salesforce_calls(count: int, looked_at: int, per_call: int, is_read_back: bool) -> int:
    """Return about how many calls it takes to write `count` records of a kind, `looked_at` of them once more before."""
    written = BULK_CALLS * -(-count // CHUNK["salesforce"]) if count > BULK_WRITES else -(-count // per_call)
    return written + -(-looked_at // TOGETHER) + (-(-count // TOGETHER) if is_read_back else 0)


def spent(connection: Connection, run_id: str) -> Mapping[str, int]:
    """Return how many calls a run has made so far, by account and kind (`freshdesk_default write`)."""
    query = text(
        "select account || ' ' || kind as what, sum(calls)::int as n from sync.api_call where run_id = :id group by 1 order by 1"
    )
    return {row.what: row.n for row in connection.execute(query, {"id": run_id})}


def stop_reading(batch: Batch, error: BudgetError) -> dict[str, Any]:
    """End a batch whose reading did not come to its end as `partial`; return that as counts.

    What it has read waits as our own copy and comes in with the next run, which reads only the rest: a reading that costs more
    than a day's calls ends after some days.
    """
    with batch.engine.begin() as connection:
        staged = connection.execute(
            text(
                "select entity, side, record_id from staging.raw where batch_id = :id and batch_day = :day and origin = 'change'"
                " group by 1, 2, 3"
            ),
            {"id": batch.id, "day": batch.day},
        )
        why = [reason("", WAITS, "the budget of API calls was used up before all was read")]
        left = [Rejection(row.entity, row.side, row.record_id, NEXT, why) for row in staged]
        reject(connection, batch, left)
        retry_soon(connection, batch, left)
        _note(connection, batch, error)
        close_batch(connection, batch, "partial")
    return {"total": 0, "stopped": str(error)}


def left_by_budget(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, margin: timedelta
) -> Mapping[str, datetime]:
    """Return the records that runs without budget have read and left to this one, each with its time of modification."""
    query = text(
        "select r.record_id, r.modified_at from sync.rejection r join sync.batch b on b.id = r.last_batch_id"
        " where r.integration_id = :id and r.entity = :entity and r.side = :side and r.stage = :stage and r.closed_at is null"
        " and r.mapping_digest = :digest and b.counts ? 'budget'"
        " and r.modified_at < cast(b.reads->r.entity->r.side->>'server_time' as timestamptz) - :margin"
    )
    values = {
        "id": batch.integration_id, "entity": entity.name, "side": side, "stage": NEXT, "digest": batch.integration.digest,
        "margin": margin,
    }  # fmt: skip
    return {row.record_id: row.modified_at for row in connection.execute(query, values)}


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
