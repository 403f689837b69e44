"""
### Lemontaps → Salesforce: captured contacts become leads (or contacts, by setting)

**Manual push** of chosen contacts, earlier ones too: *Trigger* with `record_ids` set to their Lemontaps ids, one per line. A
contact that failed is tried again the same way. What became of each contact stands on the Sync health page.
"""

from airflow.sdk import dag

from sync.run_page import run_page
from sync.wiring import dag_settings, wire

APP = "lemontaps"
PAGE = run_page(
    APP,
    __doc__,
    name="Lemontaps",
    extract=[("token or folder, a broken mapping file", "mend it")],
    validate="too many contacts lack a name or company",
)


@dag(**dag_settings(APP), doc_md=PAGE)
def salesforce_lemontaps() -> None:
    """Wire the five stages."""
    wire(APP)


salesforce_lemontaps()
