"""Reading: extract with a mapping that fits the live systems.

A mapping that is new must fit as a whole, or the run stops with every problem. Of one that has come through before, the rows rest
that do not fit any more; that is found out when there is work, or when a system refuses to be read.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from connectors.contract import Connector
from connectors.errors import AuthError, BudgetError, PermanentError
from sync.batch import Batch, is_new_mapping
from sync.drift import Drift, judge, note_drift, without
from sync.extract import extract
from sync.schemas import check_schemas, describe, stored_lists
from sync.settings import Side

Rows = Mapping[str, tuple[str, ...]]


def read(batch: Batch, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    """Extract the batch; return the counts. Raises what extract raises, MappingError for a new mapping that does not fit."""
    if is_new_mapping(batch):
        check_schemas(batch, connectors)
        return extract(batch, connectors)
    resting = judge(batch.integration, stored_lists(batch)).rows
    resting = judge(batch.integration, describe(batch, connectors)).rows if resting else {}  # mended by now?
    refusal: PermanentError | None = None
    try:
        counts = extract(without(batch, resting), connectors)
    except (AuthError, BudgetError):
        raise
    except PermanentError as error:
        refusal, counts = error, {}
    if not refusal and not counts["total"] and not counts["failed_entities"]:
        return counts
    drift = judge(batch.integration, describe(batch, connectors))
    rows = _together(resting, drift.rows)
    if refusal or counts["failed_entities"]:
        if rows == resting and refusal:
            raise refusal
        if rows != resting:
            _reopen(batch)
            counts = extract(without(batch, rows), connectors)
    if rows or drift.notes:
        note_drift(batch, replace(drift, rows=rows))
    return _leave_out(batch, counts, drift)


def _together(first: Rows, second: Rows) -> dict[str, tuple[str, ...]]:
    names = dict.fromkeys([*first, *second])
    return {name: tuple(sorted({*first.get(name, ()), *second.get(name, ())})) for name in names}


def _reopen(batch: Batch) -> None:
    """Forget what was read so far."""
    with batch.engine.begin() as connection:
        values = {"id": batch.id, "day": batch.day}
        connection.execute(text("delete from staging.raw where batch_id = :id and batch_day = :day"), values)
        connection.execute(text("update sync.batch set state = 'open', ended_at = null, reads = '{}' where id = :id"), values)


def _leave_out(batch: Batch, counts: dict[str, Any], drift: Drift) -> dict[str, Any]:
    """Take the entities that cannot do without what is gone out of the counts."""
    left = {name: count for name, count in counts.items() if name not in drift.entities}
    left["failed_entities"] = sorted({*counts["failed_entities"], *drift.entities})
    left["total"] = counts["total"] - sum(sum(counts[name].values()) for name in drift.entities if name in counts)
    if drift.entities and not left["total"]:
        raise PermanentError("; ".join(f"{batch.name} {name} was not read: {words}" for name, words in drift.entities.items()))
    return left
