"""Drive the five stages as the DAG does, over any pair of connectors."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from connectors.contract import Connector, Field
from connectors.memory import MemoryConnector
from sync.batch import Request
from sync.settings import Side
from sync.stages import STAGES, run_stage

SHIPPED = Path(__file__).parents[2] / "include" / "mappings"


@dataclass
class Pipeline:
    """One integration between two connectors. `folder` is a copy of the shipped mapping that a test may change."""

    engine: Engine
    folder: Path
    connectors: Mapping[Side, Connector]
    runs: int = 0
    counts: dict[str, Any] = field(default_factory=dict)

    def run(self, *, stages: tuple[str, ...] = STAGES, run_id: str | None = None, **request: Any) -> dict[str, Any]:
        """Run the stages of one run; an extract that finds nothing ends it. Returns the counts by stage."""
        self.runs += run_id is None
        self.run_id = run_id or f"run-{self.runs}"
        self.counts = {}
        for stage in stages:
            self.counts[stage] = run_stage(stage, self.engine, self.folder, self.run_id, Request(**request), lambda _: self.connectors)
            if stage == "extract" and not self.counts[stage]["total"]:
                break
        return self.counts

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Return the rows of a query on the state."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), values).all())

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a mapping file as the data team would."""
        path = self.folder / file
        content = path.read_text()
        assert old in content
        path.write_text(content.replace(old, new))


def shipped_folder(app: str, tmp_path: Path) -> Path:
    """A copy of the shipped mapping folder of `app`."""
    folder = tmp_path / app
    shutil.copytree(SHIPPED / app, folder)
    return folder


def _fields(*names: str, **types: Any) -> list[Field]:
    texts = [Field(name, name, "text", 255) for name in names]
    return texts + [Field(name, name, kind, 255 if kind in ("email", "phone") else 0) for name, kind in types.items()]


SALESFORCE_FIELDS = {
    "account": _fields("Name", "FDACCOUNTID__c", "Description"),
    "contact": _fields(
        "FirstName", "LastName", "Title", "MailingStreet", "MailingPostalCode", "MailingCity", "MailingCountry", "Description",
        "FDCONTACTID__c", "Freshdesk_Tags__c", Email="email", MobilePhone="phone", Phone="phone", AccountId="reference",
    ),
}  # fmt: skip
APP_FIELDS = {
    "account": _fields("name", "description", "custom_fields.sfaccountid"),
    "contact": _fields(
        "name", "job_title", "address", "description", "custom_fields.sfcontactid", "unique_external_id",
        email="email", mobile="phone", phone="phone", company_id="reference", tags="tags",
    ),
}  # fmt: skip


def memory_pair() -> dict[Side, Connector]:
    """Salesforce and Freshdesk in memory, with the fields that the shipped mapping names."""
    references = {"account": "FDACCOUNTID__c", "contact": "FDCONTACTID__c"}
    return {
        "salesforce": MemoryConnector("salesforce", fields=SALESFORCE_FIELDS, external_id_fields=references),
        "app": MemoryConnector("app", fields=APP_FIELDS, unique={"account": frozenset({"name"}), "contact": frozenset({"email"})}),
    }
