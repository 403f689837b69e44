"""Looks for runs that were due and did not start: no run, no callback, so nothing else would tell of them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.errors import MappingError
from sync import alerts, settings
from sync.alert_text import of_late, of_punctual
from sync.callbacks import base_url, opened, page_url, send

GRACE = timedelta(minutes=20)
BUSY_GRACE = timedelta(hours=2)  # the run before is still going on
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """What Airflow says of a DAG: `due` is when its next run should start, `active` how many runs have not ended."""

    is_paused: bool
    due: datetime | None
    active: int


def lateness(standing: Standing | None, broken: Sequence[str], now: datetime) -> str:
    """Return in words why no run starts; blank while all is as it should be. A DAG that somebody has paused is left alone."""
    if standing is not None and standing.is_paused:
        return ""
    if broken:
        return "\n".join(["Its file or its mapping cannot be read, so Airflow starts no run:", *broken])
    if standing is None:
        return "Airflow does not know the DAG: its file is not in the DAG folder, or the DAG processor is down."
    overdue = now - standing.due if standing.due else timedelta()
    since = f"{standing.due:%Y-%m-%d %H:%M} UTC" if standing.due else ""
    if standing.active and overdue > BUSY_GRACE:
        return f"A run was due at {since}; the one before it has not ended and keeps it from starting. Look at its tasks."
    if not standing.active and overdue > GRACE:
        return f"A run was due at {since}; nothing keeps it from starting. Look at the scheduler and the DAG processor."
    return ""


def watch(
    folders: Mapping[str, Path], files: Path, database_url: Callable[[], str], instance: Any, now: datetime
) -> dict[str, str]:
    """Look at every integration and send what is news; return the words of those that are late, by DAG id.

    `folders`: the mapping folders by app; `files`: the DAG folder; `instance`: the running task, which can ask Airflow.
    """
    late: dict[str, str] = {}
    with opened(database_url) as engine:
        for app, folder in folders.items():
            dag_id = f"salesforce_{app}"
            words = lateness(_standing(dag_id, instance), _broken(folder, files / f"{dag_id}.py"), now)
            log.log(logging.ERROR if words else logging.INFO, "%s: %s", dag_id, words or "starts as it should")
            late |= {dag_id: words} if words else {}
            with alerts.change_of_state(engine, f"start of {dag_id}", "late" if words else "ok") as former:
                recipients = _recipients(folder, folders.values())
                if former is not None and recipients:
                    links = {"DAG": f"{base_url()}/dags/{dag_id}", "Sync health": page_url(dag_id)}
                    send(of_late(dag_id, words, links) if words else of_punctual(dag_id, links), recipients)
    return late


def _standing(dag_id: str, instance: Any) -> Standing | None:
    from airflow.sdk.exceptions import AirflowRuntimeError

    try:
        dag = instance.get_dag(dag_id)
    except AirflowRuntimeError:
        return None
    return Standing(dag.is_paused, dag.next_dagrun, instance.get_dr_count(dag_id, states=["queued", "running"]))


def _broken(folder: Path, file: Path) -> list[str]:
    """Return why the DAG cannot be read: the problems of its settings, else what Airflow says of its file."""
    from airflow.dag_processing.dagbag import BundleDagBag

    try:
        settings.load(folder)
    except MappingError as error:
        return list(error.problems[: alerts.LINES_SHOWN])
    if not file.exists():
        return []
    bag = BundleDagBag(dag_folder=file, bundle_path=file.parent, bundle_name="dags-folder")
    return [text.strip().splitlines()[-1] for text in bag.import_errors.values()]


def _recipients(folder: Path, others: Any) -> tuple[str, ...]:
    """Return who hears of this integration; where its settings cannot be read any more, everybody who hears of another one."""
    known = settings.read(folder, [])
    if known is not None:
        return known.recipients
    readable = filter(None, (settings.read(other, []) for other in others))
    return tuple(sorted({address for each in readable for address in each.recipients}))
