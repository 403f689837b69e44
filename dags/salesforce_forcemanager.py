"""
### Salesforce ↔ ForceManager: accounts, contacts, opportunities, activities, events and tasks

`extract → map → validate → reconcile → load`, each over all entities. A run that finds nothing new ends after `extract`.

**When a run is red**, open the failed task's log; the message at its end, above the list of source files, says who, what, why and
what to do.

| failed task | usual reason | what to do |
|---|---|---|
| extract | credentials, rights, a broken mapping file | mend it, then clear `extract` |
| map | the database was away; the mapping itself was checked by extract | clear `map` |
| validate | too many records fail the checks | see `sync.rejection`; mend the records or raise the limit |
| reconcile | more writes than `max_changes` | look at the plan in `sync.action`, trigger again with a higher limit |
| load | records were rejected, everything else is done | mend the records at their source: they go by themselves with the next run |
| load | Salesforce or ForceManager could not be reached | nothing is lost: clear `load`, or wait for the next run |

Any task may be cleared at any time: nothing is written twice. Once a newer run has begun, a cleared task does nothing and says so.

Fields, schedule and policies: `include/mappings/forcemanager/`.
"""

from airflow.sdk import dag

from sync.tasks import dag_settings, wire

APP = "forcemanager"


@dag(**dag_settings(APP), doc_md=__doc__)
def salesforce_forcemanager() -> None:
    """Wire the five stages."""
    wire(APP)


salesforce_forcemanager()
