"""
### Salesforce ↔ GetResponse: contacts or leads and the contacts of each list, both ways

A contact that was added is on its list only minutes later: until a run sees it there its record waits, and nothing is added twice.
"""

from airflow.sdk import dag

from sync.run_page import run_page
from sync.wiring import dag_settings, wire

APP = "getresponse"
PAGE = run_page(
    APP,
    __doc__,
    name="GetResponse",
    extract=[
        ("`consent_confirmed` is no", "confirm in `settings.yaml` that these people agreed to get mails"),
        ("API key, a list that GetResponse does not have, a broken mapping file", "mend it"),
    ],
)


@dag(**dag_settings(APP), doc_md=PAGE)
def salesforce_getresponse() -> None:
    """Wire the five stages."""
    wire(APP)


salesforce_getresponse()
