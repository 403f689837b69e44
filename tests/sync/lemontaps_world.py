"""A Lemontaps team, or a folder of its export files, beside a Salesforce org."""

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
from sync.exports import Export, Push, exports, push_of
from sync.settings import Side

LONG_AGO = "2026-01-02T03:04:05Z"
USERS = ({"email": "ingrid.hansen@nordwerk.example"}, {"email": "jonas.werner@nordwerk.example"})


@dataclass
class LemontapsWorld(World):
    """What people do in Lemontaps and what they find in Salesforce."""

    files: Path | None = None

    def capture(self, **fields: Any) -> str:
        """Capture a contact, complete unless fields say otherwise."""
        whole = {"first_name": "Mara", "last_name": "Lind", "company": "Nordwerk GmbH", "email": "mara@nordwerk.example"}
        return str(self.app.insert("contacts", [whole | fields])[0])

    def capture_earlier(self, **fields: Any) -> str:
        """Capture a contact long before the integration was enabled."""
        return self.capture(created_at=LONG_AGO, updated_at=LONG_AGO, **fields)

    def push(self, *ids: str, **request: Any) -> dict[str, Any]:
        """Push chosen contacts, as a person does."""
        return self.run(record_ids=ids, **request)

    def leads(self) -> dict[str, dict[str, Any]]:
        """All leads by the id of their captured contact; those of other origin by their own."""
        return {row.get("LTCONTACTID__c") or row["Id"]: row for row in self.salesforce.records("Lead")}

    def contacts(self) -> dict[str, dict[str, Any]]:
        """All Salesforce contacts by the id of their captured contact."""
        return {row.get("LTCONTACTID__c") or row["Id"]: row for row in self.salesforce.records("Contact")}

    def as_contacts(self) -> None:
        """Choose contacts instead of leads."""
        self.change("settings.yaml", "enabled: true", "enabled: never")
        self.change("settings.yaml", "enabled: false", "enabled: true")
        self.change("settings.yaml", "enabled: never", "enabled: false")

    def exports(self, *ids: str) -> dict[str, Export]:
        """How captured contacts stand."""
        with self.engine.connect() as connection:
            integration = self.rows("select id from sync.integration")[0][0]
            return {each.record_id: each for each in exports(connection, integration, ids or None)}

    def pushed(self) -> Push | None:
        """How the last run went with what it was asked for."""
        with self.engine.connect() as connection:
            return push_of(connection, self.rows("select max(id) from sync.batch")[0][0])


def connectors(salesforce: SandboxClient, app: Settings) -> dict[Side, Connector]:
    """Real connectors, built from the values of a connection as Airflow would hand them over."""
    references = dict.fromkeys(("lead", "contact"), "LTCONTACTID__c")
    told = load("salesforce").connection(salesforce.url)
    org = Settings(host=told["host"], extra=told["extra"])
    return {
        "salesforce": build_connector("salesforce", org, external_id_fields=references),
        "app": build_connector("lemontaps", app),
    }


def prepare(salesforce: SandboxClient, lemontaps: SandboxClient) -> None:
    """Empty both systems and make the fields of the preflight."""
    salesforce.reset(cross_references=["Lead.LTCONTACTID__c", "Contact.LTCONTACTID__c"])
    lemontaps.reset()
    lemontaps.switches(rate_limit=False)
    lemontaps.insert("users", USERS)
    for kind in ("Lead", "Contact"):
        salesforce.action("add_field", full_name=f"{kind}.LTMETON__c", metadata={"type": "Date", "label": "Met on"})
    for server in (salesforce, lemontaps):
        server.clear_faults()


def lemontaps_world(
    engine: Engine, folder: Path, salesforce: SandboxClient, lemontaps: SandboxClient, files: Path | None = None
) -> LemontapsWorld:
    """A world with the shipped mapping; `files` takes the place of the interface. A run does not fail for rejected records."""
    prepare(salesforce, lemontaps)
    told = load("lemontaps").connection(lemontaps.url)
    app = Settings(host=told["host"], password=told["password"], extra=told["extra"])
    app = Settings(extra={"path": str(files)}) if files else app
    world = LemontapsWorld(
        engine,
        shipped_folder("lemontaps", folder),
        connectors(salesforce, app),
        salesforce=salesforce,
        app=lemontaps,
        files=files,
    )
    world.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    for server in (salesforce, lemontaps):
        server.reset_calls()
    return world
