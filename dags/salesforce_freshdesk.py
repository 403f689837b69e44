"""
### Salesforce ↔ Freshdesk: accounts and companies, contacts and contacts, both ways
"""

from airflow.sdk import dag

from sync.run_page import run_page
from sync.wiring import dag_settings, wire

APP = "freshdesk"
PAGE = run_page(APP, __doc__, name="Freshdesk")


@dag(**dag_settings(APP), doc_md=PAGE)
def salesforce_freshdesk() -> None:
    """Wire the five stages."""
    wire(APP)


salesforce_freshdesk()
