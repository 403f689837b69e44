"""A GetResponse account beside a Salesforce org, and what people do in both."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from connectors.connection import Settings
from connectors.contract import Connector
from connectors.opening import build_connector
from pipeline import World, shipped_folder
from sandbox.client import SandboxClient
from sandbox.system import load
from sync.settings import Side

REFERENCE = "GRCONTACTID__c"
FLAG = "GRdeleted__c"
LONG_AGO = "2026-01-02T03:04:05+0000"


@dataclass
class GetResponseWorld(World):
    """`contact` and `lead` live in Salesforce, a `subscriber` in GetResponse."""

    def lead(self, **fields: Any) -> str:
        """Put a lead into Salesforce that belongs on the list of leads."""
        given = {"LastName": "Lind", "Company": "Nordwerk", "Status": "Open", "LeadSource": "Web", **fields}
        return str(self.salesforce.insert("Lead", [given])[0])

    def subscriber(self, campaign: str = "newsletter", **fields: Any) -> str:
        """Put a contact on a list in GetResponse."""
        given = {"name": "Mara Lind", "email": "mara@nordwerk.example", **fields}
        return str(self.app.insert("contacts", [{"campaign": campaign, **given}])[0])

    def change_here(self, kind: str, record_id: str, **fields: Any) -> None:
        """Change a Salesforce record as a person does."""
        self.salesforce.edit(kind, record_id, fields)

    def change_there(self, record_id: str, **fields: Any) -> None:
        """Change a GetResponse contact as a person does; custom fields by name in `custom_fields`."""
        self.app.edit("contacts", record_id, fields)

    def here(self, kind: str, record_id: str | None = None) -> dict[str, Any]:
        """A live Salesforce record, or the only one; absent fields read as None."""
        return defaultdict(lambda: None, _one(self.salesforce.records(kind), "Id", record_id))

    def there(self, record_id: str | None = None) -> dict[str, Any]:
        """A contact on a list of GetResponse, or the only one."""
        return _one(self.app.records("contacts"), "contactId", record_id)

    def addresses(self, campaign: str = "newsletter") -> set[str]:
        """Who is on a list."""
        return {row["email"] for row in self.app.records("contacts") if row["list"] == campaign}

    def pair(self, entity: str = "newsletter", **fields: Any) -> tuple[str, str]:
        """A person in Salesforce, brought to a list: both ids."""
        given = {"FirstName": "Mara", "Email": "mara@nordwerk.example", **fields}
        here = self.contact(**given) if entity == "newsletter" else self.lead(**given)
        self.run()
        return here, str(self.partner(entity, here))

    def get(self, kind: str, key: Any) -> dict[str, Any]:
        """One record as its server holds it."""
        return self.here(kind, key) if kind[0].isupper() else self.there(key)


def _one(rows: list[dict[str, Any]], id_field: str, record_id: str | None) -> dict[str, Any]:
    if record_id is None:
        [row] = rows
        return row
    return next(row for row in rows if row[id_field] == record_id)


def connectors(salesforce: SandboxClient, getresponse: SandboxClient, **options: Any) -> dict[Side, Connector]:
    """Real connectors, built from the values of a connection as Airflow would hand them over."""
    org, account = (
        load(name).connection(server.url) for name, server in (("salesforce", salesforce), ("getresponse", getresponse))
    )
    references = dict.fromkeys(("contact", "lead"), REFERENCE)
    return {
        "salesforce": build_connector("salesforce", _settings(org), external_id_fields=references, **options),
        "app": build_connector("getresponse", _settings(account), **options),
    }


def _settings(told: dict[str, Any]) -> Settings:
    return Settings(host=told["host"], password=told.get("password", ""), extra=told.get("extra", {}))


def prepare(salesforce: SandboxClient, getresponse: SandboxClient) -> None:
    """Empty both systems and make the fields of the preflight; GetResponse shows at once what it takes."""
    salesforce.reset(cross_references=[f"{kind}.{REFERENCE}" for kind in ("Contact", "Lead")])
    for kind in ("Contact", "Lead"):
        metadata = {"label": "Left GetResponse", "type": "Checkbox", "defaultValue": "false"}
        salesforce.action("add_field", full_name=f"{kind}.{FLAG}", metadata=metadata)
    getresponse.reset(cross_references=True)
    getresponse.switches(rate_limit=False, create_delay_seconds=0)
    for server in (salesforce, getresponse):
        server.clear_faults()
        server.reset_calls()


def getresponse_world(engine: Engine, folder: Path, salesforce: SandboxClient, getresponse: SandboxClient) -> GetResponseWorld:
    """A world with the shipped mapping, consent confirmed. A run does not fail for rejected records."""
    prepare(salesforce, getresponse)
    world = GetResponseWorld(
        engine, shipped_folder("getresponse", folder), connectors(salesforce, getresponse), salesforce=salesforce, app=getresponse
    )
    world.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    world.change("settings.yaml", "consent_confirmed: no ", "consent_confirmed: yes ")
    return world
