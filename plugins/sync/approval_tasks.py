"""What the tasks of the DAG `lockstep_approval` do: show a held plan, and carry it out once a person has approved it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context

from sync import settings
from sync.connections import database_url, mapping_folder, open_connectors, rehearses

if TYPE_CHECKING:
    from sqlalchemy import Engine

APPROVAL_DAG = "lockstep_approval"
APPROVE, REJECT = "Approve", "Reject"


def ask(app: str, batch_id: int, context: Any) -> None:
    """Start the run in which a person decides on a held plan, and end this task; by then the run that asks is long over."""
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

    asking = TriggerDagRunOperator(
        task_id="ask",
        trigger_dag_id=APPROVAL_DAG,
        trigger_run_id=f"{app}-plan-{batch_id}",
        conf={"plan": batch_id},
        skip_when_already_exists=True,
    )
    asking.execute(context)


def show_plan() -> str:
    """Return what the plan of the params holds, for the person who decides. Raises PermanentError when it is not open."""
    from connectors.errors import PermanentError
    from sync import approval

    with _at_work() as engine:
        found = approval.read_approval(engine, _plan_id())
    if found.state not in ("waiting", "offered", "approved"):
        raise PermanentError(f"{found.integration}: plan {found.batch_id} is {found.state}; there is nothing to decide.")
    return approval.render(found)


def limit_answer(context: Any) -> None:
    """Let the question of this task stand as long as its plan is open, which the settings say."""
    from sync import approval

    with _engine() as engine:
        left = approval.read_approval(engine, _plan_id()).expires_at - datetime.now(UTC)
    context["task"].response_timeout = max(left, timedelta(seconds=1))


def carry_out(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out the plan of the params if a person approved it, else note that nobody did; return the counts of load."""
    from sync import apply, approval
    from sync.lineage import note_lineage

    by = (answer.get("responded_by_user") or {}).get("name") or ""
    with _at_work() as engine:
        batch_id = _plan_id()
        if answer["chosen_options"] != [APPROVE]:
            approval.decide(engine, batch_id, "rejected" if by else "expired", by)
            return {"rejected_by": by or "nobody in time"}
        known = settings.load(mapping_folder(approval.read_approval(engine, batch_id).integration.partition("_")[2]))
        try:
            return apply.apply(engine, batch_id, by, open_connectors, rehearses(known))
        finally:
            note_lineage(get_current_context()["task"], engine, known, "load", str(batch_id))


def _plan_id() -> int:
    context: Any = get_current_context()
    return int(context["params"]["plan"])


def tell_decision(context: Mapping[str, Any], is_success: bool) -> None:
    """Mail how a run of the DAG ended, where that is news for the plan's integration."""
    from sync import callbacks

    callbacks.tell_decision(mapping_folder, database_url, context, is_success)


@contextmanager
def _at_work() -> Iterator["Engine"]:
    """Yield an engine for a task whose failure leaves word for the mail."""
    from sync.callbacks import leaving_word

    context: Any = get_current_context()
    with leaving_word(context), _engine() as engine:
        yield engine


@contextmanager
def _engine() -> Iterator["Engine"]:
    from sync.database import connect, migrate

    engine = connect(database_url())
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
