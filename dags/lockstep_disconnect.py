"""
### Lockstep: disconnect an integration, or connect it again

Neither Salesforce nor the app is called, and both keep their records as they are. From then on the runs of the integration end at once:
scheduled ones as if nothing had changed, manual ones red with a message. Pause its DAG too if you do not want to see them.

* `forget_links` also forgets which records belong together, what waits and up to when was read. The history of runs and writes stays.
* `action: connect` takes it back. What was linked is in step again after the next run; forgotten links are found anew by the
  cross-reference fields and the match keys.

**When a run is red**, Lockstep's own database did not answer, or a run of the integration is going on: clear the task afterwards.

The same on the command line: `python -m sync.disconnect freshdesk --forget-links`.
"""

from airflow.sdk import Param, dag, task

from sync.tasks import run_disconnect
from sync.wiring import app_param, operation_settings


@dag(
    **operation_settings("lockstep_disconnect"),
    params={
        "app": app_param(),
        "action": Param(
            "disconnect",
            type="string",
            enum=["disconnect", "connect"],
            title="Action",
            description="End it, or let it run again.",
        ),
        "forget_links": Param(
            False,
            type="boolean",
            title="Forget links",
            description="Also forget which records belong together, what waits and up to when was read.",
        ),
    },
    doc_md=__doc__,
)
def lockstep_disconnect() -> None:
    """Wire the one task."""

    @task
    def switch() -> list[str]:
        return run_disconnect()

    switch()


lockstep_disconnect()
