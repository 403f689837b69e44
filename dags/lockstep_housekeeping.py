"""
### Lockstep: keep the disk free

Daily: removes task logs older than `log_days` from the log folder that Airflow's services share. The staging tables are tidied by each
run (`staging_days`). Airflow's own tables are tidied by `airflow db clean`, which no DAG may do: docs/operator/upgrade-and-backup.md.

Where logs go to a bucket or an index, pause this DAG and let that one tidy.

**When a run is red**, the log folder cannot be written: the message names the file. Nothing depends on it.
"""

from airflow.sdk import Param, dag, task

from sync.tasks import default_args, run_housekeeping


@dag(
    dag_id="lockstep_housekeeping",
    schedule="30 3 * * *",
    is_paused_upon_creation=False,
    catchup=False,
    max_active_runs=1,
    params={
        "log_days": Param(30, type="integer", minimum=1, title="Days", description="Task logs younger than this are kept."),
    },
    default_args=default_args(),
    tags=["lockstep", "operations"],
    doc_md=__doc__,
)
def lockstep_housekeeping() -> None:
    """Wire the one task."""

    @task
    def tidy() -> int:
        return run_housekeeping()

    tidy()


lockstep_housekeeping()
