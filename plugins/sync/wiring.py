"""What the DAG files are made of: schedule, retries, trigger form and wiring of an integration; what all DAGs for operators share."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import Param, chain
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule

from sync import settings as settings_file
from sync.connections import apps, database_url, mapping_folder
from sync.lineage import is_wanted
from sync.operators import FirstStageOperator, StageOperator
from sync.tasks import extract_changes, run_stage

LATER_STAGES = ("map", "validate", "reconcile", "load")
RETRIES = 3
RETRY_MINUTES = 2
STAGE_LIMIT = timedelta(hours=6)
RUN_LIMIT = timedelta(hours=24)  # a run that hangs keeps every later one from starting


def schedule(app: str) -> str:
    """The cron expression of the integration's settings. Raises MappingError, which Airflow shows as an import error."""
    return settings_file.load(mapping_folder(app)).cron


def dag_settings(app: str) -> dict[str, Any]:
    """Return what `@dag` needs for the integration with `app`, but for its documentation."""
    return {
        "dag_id": f"salesforce_{app}",
        "schedule": schedule(app),
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": RUN_LIMIT,
        "params": params(app),
        "default_args": default_args(),
        "on_failure_callback": partial(_tell_end, app, False),
        "on_success_callback": partial(_tell_end, app, True),
        "tags": ["lockstep", "salesforce", app],
    }


def operation_settings(dag_id: str, schedule: str | None = None, **own_args: Any) -> dict[str, Any]:
    """Return what `@dag` needs for a DAG that serves all integrations, but for params and documentation. `own_args`: of its tasks."""
    return {
        "dag_id": dag_id,
        "schedule": schedule,
        "is_paused_upon_creation": False,
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {**default_args(), **own_args},
        "tags": ["lockstep", "operations"],
    }


def app_param() -> Param:
    """The field of a trigger form that names an integration."""
    return Param(apps()[0], type="string", enum=apps(), title="App", description="The integration of Salesforce with this app.")


def untold() -> dict[str, Param]:
    """The param that keeps a DAG out of OpenLineage, whose events carry the params of a run; none where that is not set up."""
    if not is_wanted():
        return {}
    quiet = {"emit": False}
    return {
        "_openlineage_emission_policy": Param(
            quiet,
            type="object",
            const=quiet,
            section="OpenLineage",
            title="OpenLineage",
            description="Is told nothing of this DAG.",
        )
    }


def _tell_end(app: str, is_success: bool, context: Mapping[str, Any]) -> None:
    from sync.callbacks import tell_end

    tell_end(mapping_folder(app), database_url, context, is_success)


def default_args() -> dict[str, Any]:
    """Retry in minutes what may pass by itself; fail at once where a person must act."""
    return {
        "retries": RETRIES,
        "retry_delay": timedelta(minutes=RETRY_MINUTES),
        "retry_exponential_backoff": True,
        "execution_timeout": STAGE_LIMIT,
        "retry_policy": ExceptionRetryPolicy([RetryRule("connectors.errors.PermanentError", RetryAction.FAIL)]),
    }


def params(app: str) -> dict[str, Param]:
    """The trigger form: every value checked by its schema, every default valid."""
    entities = [entity.name for entity in settings_file.load(mapping_folder(app)).entities]
    return {
        "mode": Param(
            "sync", type="string", enum=["sync", "plan", "backfill"], title="Mode",
            values_display={
                "sync": "sync: what changed since the last run", "plan": "plan: write nothing, only show what would be written",
                "backfill": "backfill: everything, history included",
            },
            description_md="**plan** leaves the field-level plan in `sync.action`. **backfill** reads both systems whole.",
        ),
        "entities": Param(
            [], type=["null", "array"], items={"type": "string", "enum": entities}, examples=entities, title="Entities",
            description_md="Only these; empty means all that are enabled in `settings.yaml`.",
        ),
        "since": Param(
            None, type=["null", "string"], format="date-time", pattern="^(19[7-9]|2\\d)\\d", title="Since",
            description_md="Read what changed at or after this time instead of since the last run, e.g. `2026-11-01T00:00:00Z`.",
        ),
        "record_ids": Param(
            [], type=["null", "array"], items={"type": "string", "minLength": 1, "maxLength": 100}, title="Record ids",
            description_md="Only these records, by their id in either system (`salesforce:…` or `app:…` if that may be unclear).",
        ),
        "direction": Param(
            "both", type="string", enum=["both", "to_app", "to_salesforce"], title="Direction",
            description_md="Narrow this run to writes in one direction. What it leaves out comes with a later run.",
        ),
        "max_changes": Param(
            None, type=["null", "integer"], minimum=0, title="At most this many writes",
            description_md="If the plan holds more, the run fails before anything is written.",
        ),
    }  # fmt: skip


def wire(app: str) -> None:
    """Make the five tasks of the DAG that is being defined, one per stage in a row; an idle run ends after the first."""
    stages: list[StageOperator | FirstStageOperator] = [
        FirstStageOperator(task_id="extract", python_callable=extract_changes, op_args=[app])
    ]
    stages += [StageOperator(task_id=each, python_callable=run_stage, op_args=[app, each]) for each in LATER_STAGES]
    chain(*stages)
