"""One entry for the five stages: what a task does, without Airflow. Every stage can be run again and ends in the same state."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from connectors.contract import Connector
from connectors.errors import PermanentError
from sync import settings as settings_file
from sync.batch import Batch, Request, find_batch, is_new_mapping, open_batch
from sync.consent import require_confirmed
from sync.database import integration_lock, migrate
from sync.extract import extract
from sync.load import load
from sync.map import map_batch
from sync.reconcile import reconcile
from sync.recover import recover
from sync.schemas import read_schemas
from sync.settings import Settings, Side
from sync.staging import ensure_partitions
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
    while a confirmation is missing.
    """
    settings = settings_file.load(folder)
    require_confirmed(settings, is_rehearsal)
    with integration_lock(engine, settings.integration):
        if stage == "extract":
            return _extract(engine, folder, run_id, request, connect(settings))
        batch = find_batch(engine, settings.integration, run_id)
        if batch.superseded_by is not None:
            log.warning(
                "%s: batch %d was overtaken by batch %d, nothing to do; trigger a new run",
                batch.name,
                batch.id,
                batch.superseded_by,
            )
            return {"superseded_by": batch.superseded_by}
        if stage == "load":
            return _load(batch, connect(batch.integration.settings))
        return {"map": map_batch, "validate": validate, "reconcile": reconcile}[stage](batch)


def _extract(engine: Engine, folder: Path, run_id: str, request: Request, connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    migrate(engine)
    batch: Batch = open_batch(engine, folder, connectors, run_id, request)
    with engine.begin() as connection:
        ensure_partitions(connection, batch.day)
    recover(batch, connectors)
    is_new = is_new_mapping(batch)
    if is_new:
        read_schemas(batch, connectors)
    counts = extract(batch, connectors)
    if counts["total"] and not is_new:
        read_schemas(batch, connectors)
    return {"batch_id": batch.id, **counts}


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
