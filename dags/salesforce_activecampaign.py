"""
### Salesforce ↔ ActiveCampaign: contacts and leads both ways, opportunities to deals

**How an opportunity stands** shows in two fields of its Salesforce page: synced, waiting for the next sync (its contact is not in
ActiveCampaign yet), did not meet the criteria, or error, and when.
"""

from airflow.sdk import dag

from sync.run_page import run_page
from sync.wiring import dag_settings, wire

APP = "activecampaign"
PAGE = run_page(
    APP,
    __doc__,
    name="ActiveCampaign",
    extract=[("credentials, rights, no My Domain, a plan without deals, a broken mapping file", "mend it")],
    validate="too many records fail the checks, such as leads without a company",
    unreachable="Salesforce or ActiveCampaign could not be reached, or five calls a second were not enough",
)


@dag(**dag_settings(APP), doc_md=PAGE)
def salesforce_activecampaign() -> None:
    """Wire the five stages."""
    wire(APP)


salesforce_activecampaign()
