"""One entry for the five stages: what a task does, without Airflow. Every stage can be run again and ends in the same state."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from connectors.contract import Connector
from connectors.errors import BudgetError, PermanentError
from sync import settings as settings_file
from sync.approval import expire, guard_plan
from sync.batch import Batch, Request, find_batch, open_batch
from sync.budget import forecast, stop_reading
from sync.consent import require_confirmed
from sync.database import migrate
from sync.disconnect import disconnection
from sync.load import load
from sync.locks import integration_lock
from sync.map import map_batch
from sync.partitions import ensure_partitions
from sync.reading import read
from sync.reconcile import reconcile
from sync.recover import recover
from sync.settings import Settings, Side
from sync.users import read_users
from sync.validate import validate

STAGES = ("extract", "map", "validate", "reconcile", "load")
Connect = Callable[[Settings], Mapping[Side, Connector]]
log = logging.getLogger(__name__)


def run_stage(
    stage: str, engine: Engine, folder: Path, run_id: str, request: Request, connect: Connect, is_rehearsal: bool = False
) -> dict[str, Any]:
    """Run one stage of one run of the integration in `folder`; return its counts (`total` after extract tells whether to go on).

    A run that a newer one has overtaken does nothing more. `is_rehearsal`: between sandbox servers nobody has to confirm anything.
    Raises the errors of the stage, TransientError when another worker holds the integration, PermanentError before any call
    while a confirmation is missing, and of a run that was overtaken by one which has not read what it was asked for.
    """
    settings = settings_file.load(folder)
    require_confirmed(settings, is_rehearsal)
    with integration_lock(engine, settings.integration):
        if stage in ("extract", "load") and (ended := disconnection(engine, settings.integration)):
            return _end_quietly(ended, stage, run_id)
        if stage == "extract":
            return _extract(engine, folder, run_id, request, connect(settings))
        batch = find_batch(engine, settings.integration, run_id)
        if batch.superseded_by is not None:
            if batch.state == "failed" and not batch.request.is_read_again:
                raise PermanentError(
                    f"{batch.name}: run {run_id} was broken off and overtaken by batch {batch.superseded_by}, which has not read what it"
                    " was asked for; nothing was done. Trigger it again."
                )
            log.warning(
                "%s: batch %d was overtaken by batch %d, nothing to do; trigger a new run",
                batch.name,
                batch.id,
                batch.superseded_by,
            )
            return {"superseded_by": batch.superseded_by}
        if stage == "load":
            return _load(batch, connect(batch.integration.settings))
        counts = {"map": map_batch, "validate": validate, "reconcile": reconcile}[stage](batch)
        return {**counts, **_judge(batch, is_rehearsal)} if stage == "reconcile" else counts


def _judge(batch: Batch, is_rehearsal: bool) -> dict[str, Any]:
    """Tell what the plan will cost, and whether it is held for a person."""
    with batch.engine.begin() as connection:
        calls = forecast(connection, batch)
    reasons = guard_plan(batch, is_rehearsal)
    return {"calls": calls, **({"held": reasons} if reasons else {})}


def _end_quietly(ended: str, stage: str, run_id: str) -> dict[str, Any]:
    """End a run of a disconnected integration: one that somebody has triggered, or is in the midst of, says so in red."""
    if stage == "load" or run_id.startswith("manual"):
        raise PermanentError(f"{ended}. Nothing was done.")
    log.warning("%s", ended)
    return {"total": 0, "disconnected": ended}


def _extract(engine: Engine, folder: Path, run_id: str, request: Request, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    migrate(engine)
    batch: Batch = open_batch(engine, folder, connectors, run_id, request)
    ensure_partitions(engine, batch.day)
    with engine.begin() as connection:
        expire(connection, batch.integration_id)
    try:
        return {"batch_id": batch.id, **_read(batch, connectors)}
    except BudgetError as error:
        return stop_reading(batch, error)


def _read(batch: Batch, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    recover(batch, connectors)
    counts = read(batch, connectors)
    if counts["total"]:
        read_users(batch, connectors)
    return counts


def _load(batch: Batch, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    present = (connectors["salesforce"].account_id(), connectors["app"].account_id())
    if present != batch.account_ids:
        raise PermanentError(
            f"{batch.name}: run {batch.run_id} has read {' and '.join(batch.account_ids)}, but the connections lead to"
            f" {' and '.join(present)} by now; nothing was written. Trigger a new run."
        )
    if batch.state == "failed":
        raise PermanentError(
            f"{batch.name}: run {batch.run_id} was stopped or broken off and its plan is not carried out any more; mend the cause"
            " and clear its extract task"
        )
    return load(batch, connectors)
