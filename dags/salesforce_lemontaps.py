"""
### Lemontaps → Salesforce: captured contacts become leads (or contacts, by setting)

`extract → map → validate → reconcile → load`. A run that finds nothing new ends after `extract`.

**Manual push** of chosen contacts, earlier ones too: *Trigger* with `record_ids` set to their Lemontaps ids, one per line. A
contact that failed is tried again the same way. What became of each contact stands on the Sync health page.

**When a run is red**, open the failed task's log; the message at its end, above the list of source files, says who, what, why
and what to do.

| failed task | usual reason | what to do |
|---|---|---|
| extract | token or folder, a broken mapping file | mend it, then clear `extract` |
| map | the database was away; the mapping itself was checked by extract | clear `map` |
| validate | too many contacts lack a name or company | see `sync.rejection`; complete them in Lemontaps or raise the limit |
| reconcile | more writes than `max_changes` | look at the plan in `sync.action`, trigger again with a higher limit |
| load | contacts were rejected: known in Salesforce (`duplicate`), company missing …; all others went | complete them: they go by themselves |
| load | Salesforce or Lemontaps could not be reached | nothing is lost: clear `load`, or wait for the next run |

Any task may be cleared at any time: nothing is written twice. Once a newer run has begun, a cleared task does nothing and says so.

Fields, schedule and policies: `include/mappings/lemontaps/`.
"""

from airflow.sdk import dag

from sync.tasks import dag_settings, wire

APP = "lemontaps"


@dag(**dag_settings(APP), doc_md=__doc__)
def salesforce_lemontaps() -> None:
    """Wire the five stages."""
    wire(APP)


salesforce_lemontaps()
