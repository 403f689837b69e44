"""
### Lockstep: are both sides really in step?

Every night it reads both sides of each integration whole and compares every record with what its link was last settled on. Each
difference gets its reason:

* **in flight**: it changed since the last run, or a write of it is under way
* **quarantined**: the record or its counterpart is held back
* **filtered**: the settings leave it out: a filter, a direction, older than the integration
* **conflict**: both sides differ until a person decides (`ask`)
* **unexplained**: none of these. Up to `audit.repairs` of them are queued for the next run of the integration, which plans, guards
  and writes them as any change; more are left as they are, and told by mail.

Nothing is written to Salesforce or an app here. It leaves `audit.reserve` of the day's calls to the runs: an entity for which the rest
is not enough is reported as not compared. The figures are on the page Sync health, in `sync.audit` and `sync.audit_difference`.

**When a run is red**, the last message in the log of `compare` says for which integration and why: a system could not be reached
(clear the task, or wait for the next night), or more is unexplained than may be put right without a person (look at the differences).
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from sync.audit_tasks import run_audit
from sync.connections import apps
from sync.wiring import operation_settings


@dag(
    **operation_settings("lockstep_audit", "15 2 * * *", retries=1, retry_delay=timedelta(minutes=30)),
    doc_md=__doc__,
)
def lockstep_audit() -> None:
    """Wire one task per integration, one after the other: they share Salesforce's calls."""

    @task(max_active_tis_per_dagrun=1, map_index_template="{{ app }}")
    def compare(app: str) -> dict[str, Any]:
        return run_audit(app)

    compare.expand(app=apps())


lockstep_audit()
