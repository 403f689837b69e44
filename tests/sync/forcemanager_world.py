"""Salesforce and ForceManager as sandbox servers, with the real connectors between them, and what people do in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from connectors.connection import Settings
from connectors.contract import Connector
from connectors.opening import build_connector
from pipeline import World
from sandbox.client import SandboxClient
from sandbox.system import load
from sync.settings import Side

REFERENCES = {
    "account": "FMID__c", "contact": "FMID__c", "opportunity": "FMID__c", "call": "FMACTIVITYID__c", "event": "FMEVENTID__c",
    "task": "FMTASKID__c",
}  # fmt: skip
CROSS_REFERENCES = [
    "Account.FMID__c", "Contact.FMID__c", "Opportunity.FMID__c", "Task.FMACTIVITYID__c", "Event.FMEVENTID__c",
    "Task.FMTASKID__c",
]  # fmt: skip
INGRID, TOMASZ, CARMEN, PETER, JONAS = 310, 311, 312, 313, 314  # Jonas has no user in Salesforce
SETTINGS = "settings.yaml"
KINDS = {
    "account": ("Account", "accounts"), "contact": ("Contact", "contacts"), "opportunity": ("Opportunity", "opportunities"),
    "activity": ("Task", "activities"), "event": ("Event", "calendar"), "task": ("Task", "calendar"),
}  # fmt: skip


@dataclass
class FieldSales(World):
    """A pipeline between Salesforce and ForceManager."""

    def put_sf(self, kind: str, **fields: Any) -> str:
        """Put a record into Salesforce, owned by Ingrid."""
        return str(self.salesforce.insert(kind, [{"OwnerId": self.user("Ingrid Hansen"), **fields}])[0])

    def put_fm(self, kind: str, **fields: Any) -> int:
        """Put a record into ForceManager, owned by Ingrid."""
        owner = "salesRepId1" if kind == "accounts" else "salesRepId"
        return int(self.app.insert(kind, [{owner: INGRID, **({"branchId": 1} if kind == "accounts" else {}), **fields}])[0])

    def user(self, name: str) -> str:
        """The Salesforce id of a user."""
        return next(row["Id"] for row in self.salesforce.records("User") if row["Name"] == name)

    def in_fm(self, entity: str, record_id: str) -> dict[str, Any]:
        """The ForceManager record that is linked with a Salesforce one."""
        return self.get(KINDS[entity][1], self.partner(entity, record_id))

    def in_sf(self, entity: str, record_id: int) -> dict[str, Any]:
        """The Salesforce record that is linked with a ForceManager one; empty fields are left out."""
        return self.get(KINDS[entity][0], self.partner(entity, record_id))

    def firm(self, **fields: Any) -> str:
        """Put an account with all that is mapped into Salesforce."""
        return self.put_sf("Account", **{"Name": "Nordwerk GmbH", "Phone": "+49 431 5550100", **fields})

    def totals(self) -> dict[str, tuple[int, int]]:
        """How many live records both sides have, by entity."""
        return {name: (len(self.salesforce.records(sf)), len(self.app.records(fm))) for name, (sf, fm) in KINDS.items()}


def connectors(salesforce: SandboxClient, forcemanager: SandboxClient) -> Mapping[Side, Connector]:
    """Real connectors, built from the connections that the sandbox gives."""
    given = {
        name: load(name).connection(client.url) for name, client in (("salesforce", salesforce), ("forcemanager", forcemanager))
    }
    settings = {
        name: Settings(**{key: each[key] for key in ("host", "login", "password", "extra") if key in each})
        for name, each in given.items()
    }
    return {
        "salesforce": build_connector("salesforce", settings["salesforce"], external_id_fields=REFERENCES),
        "app": build_connector("forcemanager", settings["forcemanager"]),
    }


def build_world(engine: Engine, folder: Path, salesforce: SandboxClient, forcemanager: SandboxClient) -> FieldSales:
    """A world with the shipped mapping in `folder`; a run does not fail for rejected records."""
    world = FieldSales(engine, folder, connectors(salesforce, forcemanager), salesforce=salesforce, app=forcemanager)
    world.change(SETTINGS, "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    return world
