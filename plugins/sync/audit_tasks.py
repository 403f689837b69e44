"""What the tasks of the DAG `lockstep_audit` do: compare one integration each, and tell what they may not put right."""

from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context

from sync import settings as settings_file
from sync.connections import database_url, mapping_folder, open_connectors, rehearses

if TYPE_CHECKING:
    from sync.audit import Report


def run_audit(app: str) -> dict[str, Any]:
    """Compare both sides of the integration with `app`; return its figures, nothing where it has never run.

    Raises PermanentError where more is unexplained than may be put right without a person.
    """
    from connectors.errors import PermanentError
    from sync.alert_text import of_audit, of_sound_audit
    from sync.alerts import State, change_of_state
    from sync.audit import audit, has_run
    from sync.callbacks import opened, page_url, run_url, send

    context: Any = get_current_context()
    dag_id, run_id, folder = f"salesforce_{app}", context["run_id"], mapping_folder(app)
    settings = settings_file.load(folder)
    context["app"] = app  # the name of the mapped task in the UI
    with opened(database_url) as engine:
        report = audit(engine, folder, run_id, open_connectors, rehearses(settings)) if has_run(engine, settings) else None
        if report is None:
            return {}
        measure(settings.integration, report)
        links = {"Run": run_url("lockstep_audit", run_id), "Sync health": page_url(dag_id)}
        state: State = "stopped" if report.is_left else "ok"
        with change_of_state(engine, f"audit of {dag_id}", state, run_id) as former:
            if former is not None and settings.recipients:
                write = of_audit if report.is_left else of_sound_audit
                send(write(dag_id, tuple(lines(report)), links), settings.recipients)
    if report.is_left:
        raise PermanentError(
            f"{dag_id}: {len(report.unexplained)} differences are unexplained, and audit.repairs lets {report.limit} be put right;"
            " nothing was queued. They are in sync.audit_difference and on the Sync health page."
        )
    return {"health": report.health, "requeued": report.requeued, **report.counts}


def lines(report: "Report") -> list[str]:
    """Return the figures in words, a line per entity."""
    return [
        f"{name}: {', '.join(f'{what}: {number}' for what, number in count.items() if number)}"
        for name, count in report.counts.items()
    ]


def measure(integration: str, report: "Report") -> None:
    """Send the health figure to where Airflow's own metrics go."""
    from airflow.sdk.observability import stats

    if report.health is not None:
        stats.gauge("lockstep.health", report.health, tags={"integration": integration})
    stats.gauge("lockstep.unexplained", len(report.unexplained), tags={"integration": integration})
