"""From Airflow's callbacks to mails: gathers what Airflow and our tables know of a run and sends it by the connection smtp_default.

Called in the DAG processor, also for a worker that was killed and a run that took too long, and with nothing of Airflow's but
the supervisor's answers: states of tasks, XCom, connections.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine

from connectors.errors import SyncError
from sync import alerts, approval, settings
from sync.alert_text import Letter, of_failure, of_held, of_push, of_recovery, of_refused_plan
from sync.alerts import Ending, FailedTask, Summary
from sync.database import connect, migrate

SMTP_CONNECTION = "smtp_default"
FAILURE = "failure"  # XCom key of the word that a failing task leaves; Airflow clears it when the task is tried again
log = logging.getLogger(__name__)


@contextmanager
def leaving_word(context: Mapping[str, Any]) -> Iterator[None]:
    """Let a task that fails within the block leave what its mail will say."""
    try:
        yield
    except BaseException as error:
        context["ti"].xcom_push(key=FAILURE, value=alerts.describe(error))
        raise


def tell_end(folder: Path, database_url: Callable[[], str], context: Mapping[str, Any], is_success: bool) -> None:
    """Send what is news about a run that has ended. A mail that cannot be sent raises, and counts as not told."""
    known = settings.read(folder, [])
    ending = _ending(context, is_success)
    if known is None:
        log.error("%s: its settings.yaml cannot be read, so nobody can be told how it ended", ending.dag_id)
        return
    try:
        with opened(database_url) as engine:
            summary = alerts.summarize(engine, known.integration, ending.run_id)
            switch_figures_on()
            measure(known.integration, summary)
            if not known.recipients:
                log.info("%s: nobody is named under recipients in settings.yaml, so no mail is sent", ending.dag_id)
                return
            for letter in _news(engine, known, ending, summary):
                send(letter, known.recipients)
    except SyncError as error:
        log.warning("%s: what was told before is not known: %s", ending.dag_id, error)
        if not is_success and known.recipients and not _is_repeated(context):
            send(of_failure(ending, Summary(), page_url(ending.dag_id)), known.recipients)


def tell_decision(
    folder_of: Callable[[str], Path], database_url: Callable[[], str], context: Mapping[str, Any], is_success: bool
) -> None:
    """Send the figures of a run that decided on a plan and what is news about it, in the name of the plan's integration."""
    with opened(database_url) as engine:
        plan = approval.read_approval(engine, int(context["params"]["plan"]))
        if plan.state == "applied":
            switch_figures_on()
            measure(plan.integration, alerts.summarize_plan(engine, plan.batch_id))
        known = settings.read(folder_of(plan.integration.partition("_")[2]), [])
        if known is None or not known.recipients:
            log.info("%s: nobody is named under recipients in settings.yaml, so no mail is sent", plan.integration)
            return
        ending = replace(_ending(context, is_success), dag_id=plan.integration)
        for letter in _news_of_plan(engine, ending, plan):
            send(letter, known.recipients)


def _news_of_plan(engine: Engine, ending: Ending, plan: approval.Approval) -> Iterator[Letter]:
    """Yield the letters to send. A plan that went well makes good only what was told of it: that it waits, or that it failed."""
    page, is_refused = page_url(ending.dag_id), ending.is_success and plan.state in ("rejected", "expired")
    state, told_of = alerts.last_told(engine, ending.dag_id)
    if plan.state == "overtaken" and ending.is_success:
        return  # the run that took over tells of itself
    if is_refused and plan.is_held:
        yield of_refused_plan(ending, plan.batch_id, plan.decided_by, plan.reasons, page)
    if ending.is_success and state != "held" and told_of != ending.run_id:
        return
    summary = alerts.summarize_plan(engine, plan.batch_id)
    with alerts.change_of_state(engine, ending.dag_id, ending.state(bool(summary.held)), ending.run_id) as former:
        if former is None or is_refused:
            return
        yield of_recovery(ending, summary, former, page) if ending.is_success else of_failure(ending, summary, page)


@contextmanager
def opened(database_url: Callable[[], str]) -> Iterator[Engine]:
    """Yield an engine on our migrated database. Raises SyncError where it cannot be reached."""
    engine = connect(database_url())
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def switch_figures_on() -> None:
    """Let figures go where Airflow's go; its DAG processor, unlike a task, does so for its own alone and drops those of callbacks."""
    from airflow.sdk.configuration import conf
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    stats.initialize(factory=get_stats_factory(), export_legacy_names=conf.getboolean("metrics", "legacy_names_on"))


def measure(integration: str, summary: Summary) -> None:
    """Send the run's figures to where Airflow's own metrics go (OpenTelemetry, StatsD); nowhere while neither is switched on."""
    from airflow.sdk.observability import stats

    for what, number in summary.written.items():
        entity, side, operation = what.split()
        tags = {"integration": integration, "entity": entity, "side": side.removeprefix("to_"), "operation": operation}
        stats.incr("lockstep.writes", number, tags=tags)
    if summary.failed:
        stats.incr("lockstep.refused", summary.failed, tags={"integration": integration})
    stats.gauge("lockstep.waiting", summary.waiting, tags={"integration": integration})


def _news(engine: Engine, known: settings.Settings, ending: Ending, summary: Summary) -> Iterator[Letter]:
    """Yield the letters to send; what they tell counts as told once the caller comes back for more."""
    page = page_url(ending.dag_id)
    if summary.pushed and known.mail_pushes:
        yield of_push(ending, summary, page)
        return
    state = ending.state(bool(summary.held))
    if state == "ok" and not summary.is_whole:
        return
    with alerts.change_of_state(engine, ending.dag_id, state, ending.run_id) as former:
        if former is None:
            return
        if state == "held":
            yield of_held(ending, summary, page)
        else:
            yield of_recovery(ending, summary, former, page) if state == "ok" else of_failure(ending, summary, page)


def _ending(context: Mapping[str, Any], is_success: bool) -> Ending:
    dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
    failed = () if is_success else tuple(_failed_tasks(dag_id, run_id))
    return Ending(dag_id, run_id, run_url(dag_id, run_id), is_success, str(context.get("reason") or ""), failed)


def _failed_tasks(dag_id: str, run_id: str) -> Iterator[FailedTask]:
    from airflow.sdk.bases.xcom import BaseXCom
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = RuntimeTaskInstance.get_task_states(dag_id=dag_id, run_ids=[run_id]).get(run_id, {})
    for task_id in sorted(name for name, state in states.items() if state == "failed"):
        word = BaseXCom.get_one(key=FAILURE, dag_id=dag_id, task_id=task_id, run_id=run_id) or {}
        yield FailedTask(task_id, url=f"{run_url(dag_id, run_id)}/tasks/{task_id}", **word)


def _is_repeated(context: Mapping[str, Any]) -> bool:
    """Tell whether the run before failed as well: all that can be asked while our own database is away."""
    instance = context.get("ti")
    former = instance.get_previous_dagrun() if instance is not None else None
    return former is not None and former.state == "failed"


def run_url(dag_id: str, run_id: str) -> str:
    """Return the address of a run in the Airflow UI."""
    return f"{base_url()}/dags/{dag_id}/runs/{quote(run_id)}"


def page_url(dag_id: str) -> str:
    """Return the address of the Sync health page of a DAG."""
    return f"{base_url()}/plugin/sync-health?dag_id={quote(dag_id)}"


def base_url() -> str:
    """Return the address that people use for the Airflow UI, from `[api] base_url`."""
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080")).rstrip("/")


def send(letter: Letter, recipients: tuple[str, ...]) -> None:
    """Send a mail by Airflow's SMTP connection; without one, say so in the log. Raises what the mail server answers."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        BaseHook.get_connection(SMTP_CONNECTION)
    except AirflowNotFoundException:
        log.warning("Airflow has no connection %s, so this mail is not sent: %s", SMTP_CONNECTION, letter.subject)
        return
    with SmtpHook(SMTP_CONNECTION) as hook:
        sender = hook.from_email or recipients[0]
        client: Any = hook._smtp_client  # its public way to send takes HTML alone
        client.send_message(letter.message(sender, recipients))
    log.info("mail sent to %d people: %s", len(recipients), letter.subject)
