"""
### Lockstep: decide on a plan

A run whose plan passes a limit of `guard` in `settings.yaml`, the first run of an integration, and the first with an entity that was
enabled later write nothing: the plan is held and a run of this DAG asks for a decision. **Required Actions**, in Airflow's navigation and
here on the task `decide`, shows how many records it would create, update and delete, and which limits it passes; the page Sync health
shows every field, also as CSV.

* **Approve**: exactly this plan is carried out. A record that changed since is left out; the next run plans it anew.
  Asked again (**Asked again** stands above the question)? Airflow loses an answer that is given within seconds of the question. Only a
  program is as quick: let it look whether the run has ended, and answer again.
* **Reject**, or no answer in time (`approval_hours`): nothing is written. As long as its cause is there, the next run holds a plan again.

Mails go to the `recipients` of the integration: when a plan was carried out, failed, was rejected, or nobody answered.

Meanwhile the schedule goes on with all other records. A plan made with `mode=plan` is decided the same way: trigger this DAG with its
number, which is the `batch_id` in the result of `extract`.

**When a run is red**, the log of `carry_out` says why: clear it where a system could not be reached. A plan that is not open any more
cannot be carried out; look at the newest one. One that was broken off and taken over by a later run does nothing more when it is cleared.
"""

from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import Param, dag, task

from sync.approval_tasks import APPROVAL_DAG, APPROVE, REJECT, carry_out, limit_answer, show_plan, tell_decision
from sync.operators import Question, StageOperator
from sync.wiring import default_args

# Soon after a lost answer; twice as long each time, so that half an hour without a database passes as well.
ASKED_AGAIN: dict[str, Any] = {"retries": 10, "retry_delay": timedelta(seconds=2)}


@dag(
    dag_id=APPROVAL_DAG,
    schedule=None,
    is_paused_upon_creation=False,
    catchup=False,
    max_active_runs=16,
    params={"plan": Param(0, type="integer", minimum=0, title="Plan", description="The number of the plan: its batch_id.")},
    default_args=default_args(),
    on_failure_callback=partial(tell_decision, is_success=False),
    on_success_callback=partial(tell_decision, is_success=True),
    tags=["lockstep", "salesforce"],
    doc_md=__doc__,
)
def lockstep_approval() -> None:
    """Wire the three tasks: show, decide, carry out."""

    @task
    def show() -> str:
        return show_plan()

    shown = show()
    decide = Question(
        task_id="decide",
        subject="Plan {{ params.plan }}: carry it out?",
        body="{{ ti.xcom_pull(task_ids='show') }}",
        options=[APPROVE, REJECT],
        defaults=REJECT,
        response_timeout=timedelta(hours=24),
        pre_execute=limit_answer,
        **ASKED_AGAIN,
    )
    shown >> decide
    StageOperator(task_id="carry_out", python_callable=carry_out, op_args=[decide.output])


lockstep_approval()
