"""
### Lockstep: keep the disk free, forget old personal data

Daily: `tidy` removes task logs older than `log_days` from the log folder that Airflow's services share. `forget` empties what is older than
`history_days` of people's values in Lockstep's own tables, and drops staged rows that no run has tidied (`staging_days`): which table,
how long, docs/operations.md. Airflow's own tables are tidied by `airflow db clean`, which no DAG may do: docs/operator/upgrade-and-backup.md.

Where logs go to a bucket or an index, let that one tidy them: `log_days` does no harm there.

**When a run is red**, the log folder cannot be written (`tidy`: the message names the file), or Lockstep's own database did not answer
(`forget`). No run depends on it.
"""

from airflow.sdk import Param, dag, task

from sync.tasks import run_forgetting, run_housekeeping
from sync.wiring import operation_settings


@dag(
    **operation_settings("lockstep_housekeeping", "30 3 * * *"),
    params={
        "log_days": Param(30, type="integer", minimum=1, title="Days", description="Task logs younger than this are kept."),
        "history_days": Param(
            365,
            type="integer",
            minimum=30,
            title="Days of history",
            description="Values in actions, conflicts, closed rejections and links of deleted records are kept so long.",
        ),
    },
    doc_md=__doc__,
)
def lockstep_housekeeping() -> None:
    """Wire the two tasks; neither waits for the other."""

    @task
    def tidy() -> int:
        return run_housekeeping()

    @task
    def forget() -> dict[str, int]:
        return run_forgetting()

    tidy()
    forget()


lockstep_housekeeping()
