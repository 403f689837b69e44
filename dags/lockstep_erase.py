"""
### Lockstep: erase a person

Finds a person in Salesforce and every app that is in use, deletes the records there as thoroughly as each API allows, looks whether they
are gone, removes the person from Lockstep's own tables, and keeps a keyed hash by which nobody erased is ever taken over or made again.

1. Trigger with `person` alone: nothing is changed; the log and the result show what was found, under a code.
2. Trigger with the same `person`, `dry_run` off and that code in `confirm`: exactly this is erased. The result is the proof; it is kept in
   `sync.erasure` and names nobody. Freshdesk deletes the contact's tickets, too.

What stands in `person` stays with this run in Airflow: name a record (`salesforce:003…`) rather than an address, or delete the runs afterwards.

**When a run is red**, the message says what is left and why. Mend that, or wait for the system to answer, and clear the task: it goes on
with the rest. *Not the code of what is found now*: something changed since the plan; make a new one. docs/operator/erase.md
"""

from typing import Any

from airflow.sdk import Param, dag, task

from sync.connections import apps
from sync.erase_tasks import run_erase
from sync.wiring import operation_settings, untold


@dag(
    **operation_settings("lockstep_erase"),
    params={
        "person": Param(
            None,
            type=["null", "string"],
            maxLength=320,
            title="Person",
            description="One record, as `salesforce:003…` or `freshdesk:123`, or an e-mail address.",
        ),
        "systems": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "enum": ["salesforce", *apps()]},
            examples=["salesforce", *apps()],
            title="Systems",
            description="Only in these; empty means Salesforce and every app whose integration has run. Our own tables are always cleaned.",
        ),
        "dry_run": Param(
            True, type="boolean", title="Only show", description="Change nothing, show what would be erased and its code."
        ),
        "confirm": Param(
            None,
            type=["null", "string"],
            title="Confirm",
            description="The code that the plan has shown. Needed to erase; there is no way back.",
        ),
        "allow_again": Param(
            False,
            type="boolean",
            title="Allow again",
            description="Erase nothing: take this address off the block list, for somebody who has come back.",
        ),
        **untold(),
    },
    doc_md=__doc__,
)
def lockstep_erase() -> None:
    """Wire the one task."""

    @task
    def erase() -> dict[str, Any]:
        return run_erase()

    erase()


lockstep_erase()
