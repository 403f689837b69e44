"""
### Salesforce ↔ ForceManager: accounts, contacts, opportunities, activities, events and tasks
"""

from airflow.sdk import dag

from sync.run_page import run_page
from sync.wiring import dag_settings, wire

APP = "forcemanager"
PAGE = run_page(APP, __doc__, name="ForceManager")


@dag(**dag_settings(APP), doc_md=PAGE)
def salesforce_forcemanager() -> None:
    """Wire the five stages."""
    wire(APP)


salesforce_forcemanager()
