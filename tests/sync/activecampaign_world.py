"""An ActiveCampaign account beside a Salesforce org, and what people do in both."""

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
from sync.settings import load as load_settings

REFERENCE = "ACCONTACTID__c"
LONG_AGO = "2026-01-02T03:04:05Z"


@dataclass
class ActiveCampaignWorld(World):
    """People by their kind: `contact` and `lead` live in Salesforce, `subscriber` in ActiveCampaign."""

    def lead(self, **fields: Any) -> str:
        """Put a lead into Salesforce."""
        return str(self.salesforce.insert("Lead", [{"LastName": "Lind", "Company": "Nordwerk", "Status": "Open", **fields}])[0])

    def opportunity(self, contact: str | None, **fields: Any) -> str:
        """Put an opportunity into Salesforce."""
        given = {"Name": "Renewal", "StageName": "Prospecting", "CloseDate": "2026-12-24", "Amount": 1250.5, "ContactId": contact}
        return str(self.salesforce.insert("Opportunity", [given | fields])[0])

    def subscriber(self, **fields: Any) -> str:
        """Put a contact into ActiveCampaign, complete unless fields say otherwise."""
        given = {"firstName": "Mara", "lastName": "Lind", "email": "mara@nordwerk.example", "account": "Nordwerk"}
        return str(self.app.insert("contacts", [given | fields])[0])

    def change_here(self, kind: str, record_id: str, **fields: Any) -> None:
        """Change a Salesforce record as a person does."""
        self.salesforce.edit(kind, record_id, fields)

    def change_there(self, record_id: str, **fields: Any) -> None:
        """Change an ActiveCampaign contact as a person does."""
        self.app.edit("contacts", record_id, fields)

    def found(self, kind: str) -> list[dict[str, Any]]:
        """All live records of a kind; absent fields read as None."""
        server = self.salesforce if kind[0].isupper() else self.app
        return [defaultdict(lambda: None, row) for row in server.records(kind)]

    def one(self, kind: str, record_id: Any = None) -> dict[str, Any]:
        """One record, or the only one."""
        rows = self.found(kind)
        if record_id is None:
            [row] = rows
            return row
        return next(row for row in rows if str(row.get("Id") or row.get("id")) == str(record_id))

    def tags(self, subscriber: str | None = None) -> set[str]:
        """The tags of a contact in ActiveCampaign, by its id or the only one."""
        return set(self.one("contacts", subscriber)["tags"])

    def reconnect(self) -> None:
        """Open both connectors anew, after a change of settings."""
        self.connectors = connectors(self.folder, self.salesforce, self.app)

    def hurry(self, seconds: float = 0.2) -> None:
        """Give up on calls that fail after `seconds`."""
        self.connectors = connectors(self.folder, self.salesforce, self.app, total_seconds=seconds)

    def pair(self, entity: str = "contact", **fields: Any) -> tuple[str, str]:
        """A person in Salesforce, brought to ActiveCampaign: both ids."""
        given = {"FirstName": "Mara", "Email": "mara@nordwerk.example", **fields}
        here = self.contact(**given) if entity == "contact" else self.lead(**given)
        self.run()
        return here, str(self.partner(entity, here))


def connectors(folder: Path, salesforce: SandboxClient, activecampaign: SandboxClient, **options: Any) -> dict[Side, Connector]:
    """Real connectors, built from the mapping's settings and the values of two connections as a task would."""
    entities = load_settings(folder).entities
    references = {each.salesforce_entity: each.salesforce_reference for each in entities if each.salesforce_reference}
    assigned = [each.salesforce_entity for each in entities if each.assignment_rules]
    org, account = load("salesforce").connection(salesforce.url), load("activecampaign").connection(activecampaign.url)
    return {
        "salesforce": build_connector("salesforce", _settings(org), external_id_fields=references, assigned=assigned, **options),
        "app": build_connector("activecampaign", _settings(account), **options),
    }


def _settings(told: dict[str, Any]) -> Settings:
    return Settings(host=told["host"], password=told.get("password", ""), extra=told["extra"])


def prepare(salesforce: SandboxClient, activecampaign: SandboxClient) -> None:
    """Empty both systems and make the fields of the preflight."""
    salesforce.reset(cross_references=[f"{kind}.{REFERENCE}" for kind in ("Lead", "Contact")])
    status = {"AC_Sync_Status__c": {"type": "Text", "length": 255}, "AC_Last_Sync__c": {"type": "DateTime"}}
    for name, metadata in status.items():
        salesforce.action(
            "add_field", full_name=f"Opportunity.{name}", metadata={"label": name[:-3].replace("_", " "), **metadata}
        )
    activecampaign.reset(cross_references=True)
    activecampaign.switches(rate_limit=False)
    for server in (salesforce, activecampaign):
        server.clear_faults()
        server.reset_calls()


def activecampaign_world(
    engine: Engine, folder: Path, salesforce: SandboxClient, activecampaign: SandboxClient
) -> ActiveCampaignWorld:
    """A world with the shipped mapping. A run does not fail for rejected records."""
    prepare(salesforce, activecampaign)
    shipped = shipped_folder("activecampaign", folder)
    told = connectors(shipped, salesforce, activecampaign)
    world = ActiveCampaignWorld(engine, shipped, told, salesforce=salesforce, app=activecampaign)
    world.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    return world
