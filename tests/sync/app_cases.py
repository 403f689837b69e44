"""The five apps, each in a few words: which records, which field, what makes one incomplete. They all take the same course."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from connectors.flat import flatten, unflatten
from pipeline import World, shipped_folder
from sandbox.client import SandboxClient
from sync.entity_settings import EntitySettings
from sync.settings import Side
from sync.settings import load as load_settings
from tools.lab.task import connectors

Fields = Mapping[str, Any]
ADDRESS = "mara.lind@nordwerk.example"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of record that an app shares with Salesforce. `text` is a field that both have, by its name on each side.

    `incomplete`: the side on which a record lacks what the other side requires, what it then holds, and what mends it.
    """

    app: str
    entity: str
    kinds: tuple[str, str]
    here: Fields
    there: Fields
    text: tuple[str, str]
    incomplete: tuple[Side, Fields, Fields]
    fields: Mapping[str, Fields] = field(default_factory=dict)  # custom fields of Salesforce beside the cross-references
    switches: Fields = field(default_factory=dict)
    settings: tuple[tuple[str, str], ...] = ()
    id_field: str = "id"
    reset: Fields = field(default_factory=dict)


PERSON = {"FirstName": "Mara", "LastName": "Lind", "Email": ADDRESS}
WITHOUT_ADDRESS: tuple[Side, Fields, Fields] = ("salesforce", {"Email": None}, {"Email": ADDRESS})

CASES = (
    Case(
        app="freshdesk",
        entity="contact",
        kinds=("Contact", "contacts"),
        here=PERSON,
        there={"name": "Mara Lind", "email": ADDRESS},
        text=("Title", "job_title"),
        incomplete=WITHOUT_ADDRESS,
        reset={"cross_references": True},
    ),
    Case(
        app="getresponse",
        entity="newsletter",
        kinds=("Contact", "contacts"),
        here=PERSON,
        there={"name": "Mara Lind", "email": ADDRESS, "campaign": "newsletter"},
        text=("Title", "custom_fields.job_title"),
        incomplete=WITHOUT_ADDRESS,
        fields={f"{kind}.GRdeleted__c": {"type": "Checkbox", "defaultValue": "false"} for kind in ("Contact", "Lead")},
        switches={"create_delay_seconds": 0},
        settings=(("consent_confirmed: no ", "consent_confirmed: yes "),),
        id_field="contactId",
        reset={"cross_references": True},
    ),
    Case(
        app="activecampaign",
        entity="lead",
        kinds=("Lead", "contacts"),
        here={**PERSON, "Company": "Nordwerk GmbH", "Status": "Open"},
        there={"firstName": "Mara", "lastName": "Lind", "email": ADDRESS, "account": "Nordwerk GmbH"},
        text=("FirstName", "firstName"),
        incomplete=WITHOUT_ADDRESS,
        fields={
            "Opportunity.AC_Sync_Status__c": {"type": "Text", "length": 255},
            "Opportunity.AC_Last_Sync__c": {"type": "DateTime"},
        },
        reset={"cross_references": True},
    ),
    Case(
        app="forcemanager",
        entity="account",
        kinds=("Account", "accounts"),
        here={"Name": "Nordwerk GmbH"},
        there={"name": "Nordwerk GmbH", "salesRepId1": 310, "branchId": 1},
        text=("BillingCity", "city"),
        incomplete=("salesforce", {"Name": ""}, {"Name": "Nordwerk GmbH"}),
    ),
    Case(
        app="lemontaps",
        entity="lead",
        kinds=("Lead", "contacts"),
        here={**PERSON, "Company": "Nordwerk GmbH"},
        there={"first_name": "Mara", "last_name": "Lind", "email": ADDRESS, "company": "Nordwerk GmbH"},
        text=("Title", "position"),
        incomplete=("app", {"company": None}, {"company": "Nordwerk GmbH"}),
        fields={f"{kind}.LTMETON__c": {"type": "Date"} for kind in ("Contact", "Lead")},
        settings=(("updates: {to_salesforce: no}", "updates: {to_salesforce: yes}"),),
    ),
)


@dataclass
class Course(World):
    """A world of any app, by its case."""

    case: Case = None  # type: ignore[assignment]

    @property
    def entity(self) -> EntitySettings:
        """What the shipped settings say of the records of the course."""
        return next(each for each in load_settings(self.folder).entities if each.name == self.case.entity)

    def put_here(self, **fields: Any) -> str:
        """Make a record in Salesforce."""
        return str(self.salesforce.insert(self.case.kinds[0], [{**self.case.here, **fields}])[0])

    def put_there(self, **fields: Any) -> str:
        """Make a record in the app."""
        return str(self.app.insert(self.case.kinds[1], [unflatten({**self.case.there, **fields})])[0])

    def put(self, side: Side, **fields: Any) -> str:
        """Make a record on one side."""
        return self.put_here(**fields) if side == "salesforce" else self.put_there(**fields)

    def edit_here(self, record_id: str, **fields: Any) -> None:
        """Change a record in Salesforce."""
        self.salesforce.edit(self.case.kinds[0], record_id, fields)

    def edit_there(self, record_id: str, **fields: Any) -> None:
        """Change a record in the app."""
        self.app.edit(self.case.kinds[1], record_id, unflatten(fields))

    def edit_on(self, side: Side, record_id: str, **fields: Any) -> None:
        """Change a record on one side."""
        (self.edit_here if side == "salesforce" else self.edit_there)(record_id, **fields)

    def all_here(self) -> dict[str, dict[str, Any]]:
        """Live records of Salesforce by id."""
        return {row["Id"]: row for row in self.salesforce.records(self.case.kinds[0])}

    def all_there(self) -> dict[str, dict[str, Any]]:
        """Live records of the app by id, flat."""
        return {str(row[self.case.id_field]): flatten(row) for row in self.app.records(self.case.kinds[1])}

    def texts(self) -> tuple[set[str | None], set[str | None]]:
        """What the shared field holds in Salesforce and in the app."""
        here, there = self.case.text
        return {row.get(here) for row in self.all_here().values()}, {row.get(there) for row in self.all_there().values()}

    def pair(self) -> tuple[str, str]:
        """A record that both sides have and that is linked: both ids."""
        if self.entity.creates_on("app"):
            here = self.put_here(**{self.case.text[0]: "before"})
            self.settle()
            return here, str(self.partner(self.case.entity, here))
        there = self.put_there(**{self.case.text[1]: "before"})
        self.settle()
        return str(self.partner(self.case.entity, there)), there

    def settle(self) -> None:
        """Run twice; afterwards a third run and a fourth write nothing."""
        self.run()
        self.run()
        self.assert_settled()


def course(case: Case, engine: Engine, folder: Path, salesforce: SandboxClient, app: SandboxClient) -> Course:
    """Both systems empty with the fields of the preflight, the shipped mapping, and the run that enables behind it."""
    shipped = shipped_folder(case.app, folder)
    entities = load_settings(shipped).entities
    objects = {"call": "Task"}
    references = {
        f"{objects.get(each.salesforce_entity, each.salesforce_entity.capitalize())}.{each.salesforce_reference}"
        for each in entities
        if each.salesforce_reference
    }
    salesforce.reset(cross_references=sorted(references))
    for name, metadata in case.fields.items():
        salesforce.action("add_field", full_name=name, metadata={"label": name.partition(".")[2], **metadata})
    app.reset(**case.reset)
    app.switches(rate_limit=False, **case.switches)
    for server in (salesforce, app):
        server.clear_faults()
    told = connectors(case.app, {"salesforce": salesforce.url, case.app: app.url}, load_settings(shipped))
    world = Course(engine, shipped, told, salesforce=salesforce, app=app, case=case)
    for old, new in (("overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed"), *case.settings):
        world.change("settings.yaml", old, new)
    return world
