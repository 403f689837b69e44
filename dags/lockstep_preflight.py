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

from sync.tasks import apps, default_args, run_preflight


@dag(
    dag_id="lockstep_preflight",
    schedule=None,
    is_paused_upon_creation=False,
    catchup=False,
    max_active_runs=1,
    params={
        "app": Param(
            apps()[0], type="string", enum=apps(), title="App", description="The integration of Salesforce with this app."
        ),
        "create": Param(
            False,
            type="boolean",
            title="Create what is missing",
            description="Make the tables and cross-reference fields that are missing. Needs an administrator on both sides.",
        ),
    },
    default_args=default_args(),
    tags=["lockstep", "salesforce"],
    doc_md=__doc__,
)
def lockstep_preflight() -> None:
    """Wire the one task."""

    @task
    def check() -> list[str]:
        return run_preflight()

    check()


lockstep_preflight()
