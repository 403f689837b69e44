"""
### Lockstep: take back what a run has written

Makes the inverse plan of a run and asks for a decision on it: **Required Actions**, as for a plan that the guard holds. Nothing is
written before somebody approves. Only what still stands as Lockstep wrote it goes back; a value or record that somebody has changed
since stays. The plan on the page Sync health shows every field, and what stays with the reason (as skipped).

* an update goes back to the value before it; what people entered on the other side stays there, so that both sides differ afterwards.
  The sync leaves that alone until somebody changes the field again.
* a record that was made is deleted; none is made again for the one it was made for.
* a record that was deleted is restored, or made anew from the mapped fields where the app cannot restore.

`run` is the run id as Airflow shows it, or the number of a plan. An undo is a plan too: undo it by its number.

**When a run is red**, there is no such run, it is still going on, or a system could not be reached: the last message in the log of
`plan` says which. Nothing was written; clear the task, or trigger again.
"""

from typing import Any

from airflow.sdk import Param, dag, task

from sync.tasks import run_undo
from sync.wiring import app_param, operation_settings


@dag(
    **operation_settings("lockstep_undo"),
    params={
        "app": app_param(),
        "run": Param(
            None, type=["null", "string"], maxLength=250, title="Run", description="Its run id, or the number of a plan."
        ),
    },
    doc_md=__doc__,
)
def lockstep_undo() -> None:
    """Wire the one task."""

    @task
    def plan() -> dict[str, Any]:
        return run_undo()

    plan()


lockstep_undo()
