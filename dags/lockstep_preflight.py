"""
### Lockstep: is everything there that a run needs?

Trigger it before the first run of an integration, and after every change of credentials, rights or fields. It looks at the
database, the mapping files, both connections (host, login, edition, org), the rights on records and fields, the cross-reference
fields and every mapped field, and writes nothing, unless `create` is switched on: then it makes the missing tables and
cross-reference fields.

**When a run is red**, the last message in the log of `check` lists what is `missing` or `failed`, each with what to do; the
result `checks` (XCom) has all lines. Mend it and trigger again: it may run at any time.

The same on the command line: `python -m sync.preflight freshdesk --create`.
"""

from airflow.sdk import Param, dag, task

from sync.tasks import run_preflight
from sync.wiring import app_param, operation_settings


@dag(
    **operation_settings("lockstep_preflight"),
    params={
        "app": app_param(),
        "create": Param(
            False,
            type="boolean",
            title="Create what is missing",
            description="Make the tables and cross-reference fields that are missing. Needs an administrator on both sides.",
        ),
    },
    doc_md=__doc__,
)
def lockstep_preflight() -> None:
    """Wire the one task."""

    @task
    def check() -> list[str]:
        return run_preflight()

    check()


lockstep_preflight()
