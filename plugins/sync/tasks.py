"""What the tasks do: one function per task, and the request that the trigger params make."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import get_current_context

from sync import settings as settings_file
from sync.approval_tasks import ask
from sync.connections import apps, database_url, mapping_folder, open_connectors, rehearses

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # for `since`; no system here writes an earlier time for a change
log = logging.getLogger(__name__)


def extract_changes(app: str) -> dict[str, Any]:
    """Run the first stage; an empty answer ends the run there."""
    counts = run_stage(app, "extract")
    return counts if counts["total"] else {}


def run_stage(app: str, stage: str) -> dict[str, Any]:
    """Run one stage of this DAG run; return its counts."""
    from connectors.errors import PermanentError
    from sync import stages
    from sync.callbacks import leaving_word
    from sync.database import connect
    from sync.lineage import note_lineage

    context: Any = get_current_context()
    with leaving_word(context):
        engine, run_id = connect(database_url()), context["run_id"]
        try:
            request = request_of(context["params"])
            folder = mapping_folder(app)
            known = settings_file.load(folder)
            try:
                counts = stages.run_stage(stage, engine, folder, run_id, request, open_connectors, rehearses(known))
            finally:
                note_lineage(context["task"], engine, known, stage, run_id)
        finally:
            engine.dispose()
        if stage == "load" and counts.get("held"):
            ask(app, counts["held"], context)
            if counts.get("unread"):
                raise PermanentError(f"Plan {counts['held']} waits for a person, without all it should have: {counts['unread']}")
    return counts


def run_preflight() -> list[str]:
    """Check the integration that the params name; every check goes to the log and, as a line, to the result.

    Raises PermanentError with those that are not met; the result is kept all the same.
    """
    from sync.preflight import preflight_of, require_met

    context: Any = get_current_context()
    checks = []
    for check in preflight_of(context["params"]["app"], creates=context["params"]["create"]).checks():
        log.log(logging.INFO if check.is_met else logging.ERROR, "%s", check)
        checks.append(check)
    context["ti"].xcom_push(key="checks", value=[str(check) for check in checks])
    require_met(checks)
    return [str(check) for check in checks]


def run_disconnect() -> list[str]:
    """End the integration that the params name, or let it run again; return what was done, in lines."""
    from sync.callbacks import opened
    from sync.disconnect import disconnect, reconnect

    context: Any = get_current_context()
    asked = context["params"]
    name, by = f"salesforce_{asked['app']}", context["dag_run"].triggering_user_name or "the schedule"
    with opened(database_url) as engine:
        done = reconnect(engine, name) if asked["action"] == "connect" else disconnect(engine, name, by, asked["forget_links"])
    log.info("%s", "\n".join(done))
    return done


def run_undo() -> dict[str, Any]:
    """Plan to take back the run that the params name, and ask for a decision; return the plan's number and its counts."""
    from connectors.errors import PermanentError
    from sync.callbacks import opened
    from sync.undo import undo

    context: Any = get_current_context()
    app, wanted = context["params"]["app"], context["params"]["run"]
    if not wanted:
        raise PermanentError("params.run is empty: name the run that is to be undone, by its run id or the number of a plan.")
    folder = mapping_folder(app)
    is_rehearsal = rehearses(settings_file.load(folder))
    with opened(database_url) as engine:
        done = undo(engine, folder, wanted, context["run_id"], open_connectors, is_rehearsal)
    context["ti"].xcom_push(key="undo", value=done)
    if done["planned"]:
        ask(app, done["plan"], context)
    return done


def run_housekeeping() -> int:
    """Remove task logs older than the params say; return how many."""
    from airflow.sdk.configuration import conf

    from sync.housekeeping import remove_logs

    context: Any = get_current_context()
    before = datetime.now(UTC) - timedelta(days=context["params"]["log_days"])
    return remove_logs(Path(conf.get("logging", "base_log_folder")), before)


def run_forgetting() -> dict[str, int]:
    """Forget personal data that the params and `staging_days` say is too old; return how many rows, by table."""
    from sync.callbacks import opened
    from sync.retention import forget

    context: Any = get_current_context()
    now = datetime.now(UTC)
    known = [settings_file.load(mapping_folder(app)) for app in apps()]
    staged_before = {each.integration: (now - timedelta(days=each.staging_days)).date() for each in known}
    with opened(database_url) as engine:
        return forget(engine, now - timedelta(days=context["params"]["history_days"]), staged_before)


def run_watch() -> dict[str, str]:
    """Look for runs that were due and did not start; return the words of those that are late, by DAG id."""
    from airflow.sdk.configuration import conf

    from sync.watch import watch

    context: Any = get_current_context()
    folders = {app: mapping_folder(app) for app in apps()}
    return watch(folders, Path(conf.get("core", "dags_folder")), database_url, context["ti"], datetime.now(UTC))


def request_of(params: Mapping[str, Any]) -> Any:
    """Check the params once more (Airflow lets unknown keys pass) and return the request."""
    from connectors.errors import PermanentError
    from sync.batch import Request

    known = set(Request.__dataclass_fields__)
    params = {name: value for name, value in params.items() if name != "openlineage"}  # Airflow's, of a DAG that triggers ours
    if unknown := sorted(set(params) - known):
        raise PermanentError(f"unknown params: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    since = params.get("since")
    try:
        moment = datetime.fromisoformat(since) if since else None
    except ValueError:
        raise PermanentError(f"params.since is no date and time: {since!r}; write 2026-11-01T00:00:00Z") from None
    if moment and moment.tzinfo is None:
        raise PermanentError(f"params.since has no time zone: {since!r}; write 2026-11-01T00:00:00Z")
    if moment and not EARLIEST <= moment <= datetime.now(UTC):
        raise PermanentError(
            f"params.since is not between {EARLIEST:%Y-%m-%d} and now: {since!r}; to read everything, use mode backfill"
        )
    lists = {name: tuple(params.get(name) or ()) for name in ("entities", "record_ids")}
    return Request(**{**params, **lists, "since": moment})
