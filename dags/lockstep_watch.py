"""
### Lockstep: does every integration start when it should?

Every 15 minutes it looks at each integration that is not paused: whether its DAG file and its settings can still be read, and whether
a run that was due has started. Nothing else would tell of a run that never was. One mail when a run is overdue (20 minutes; two hours
while the run before is still going on), one when runs start again; recipients are those of the integration's `settings.yaml`.

It runs in Airflow itself: that the scheduler is alive must be watched from outside, at `/api/v2/monitor/health`.

**When a run is red**, Lockstep's own database or the mail server did not answer; the last message in the log of `look` says which.
Nothing was told twice or is lost: the next run looks again.
"""

from datetime import timedelta

from airflow.sdk import dag, task

from sync.tasks import run_watch
from sync.wiring import operation_settings


@dag(
    **operation_settings("lockstep_watch", "*/15 * * * *", retries=1, execution_timeout=timedelta(minutes=10)),
    doc_md=__doc__,
)
def lockstep_watch() -> None:
    """Wire the one task."""

    @task
    def look() -> dict[str, str]:
        return run_watch()

    look()


lockstep_watch()
