"""The six systems as a fault meets them: one person in each, and what can be done with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from connector_contract import EPOCH, records_of, until_stopped

from connectors.connection import Settings
from connectors.contract import NOT_SENT, Connector, Result, Write
from connectors.errors import SyncError
from connectors.session import Session
from sandbox.client import SandboxClient
from sandbox.system import load

READ_SECONDS = 0.15  # patience with one answer
TOTAL_SECONDS = 4.0  # patience with one call; no pause is really made


@dataclass(frozen=True, kw_only=True)
class Case:
    """Where the people of a system are, and how its fields are called."""

    system: str
    kind: str = "contacts"
    id_field: str = "id"
    email: str = "email"
    name: str
    needed: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, Any] = field(default_factory=lambda: {"rate_limit": False})
    seed: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    cannot: frozenset[str] = frozenset()  # what the system's API does not offer


CASES = (
    Case(
        system="salesforce",
        kind="Contact",
        id_field="Id",
        email="Email",
        name="LastName",
        switches={},
        seed={"cross_references": ["Contact.FDCONTACTID__c"]},
        options={"external_id_fields": {"contact": "FDCONTACTID__c"}},
    ),
    Case(system="freshdesk", name="name"),
    Case(system="getresponse", id_field="contactId", name="name", switches={"rate_limit": False, "create_delay_seconds": 0}),
    Case(system="activecampaign", name="lastName"),
    Case(system="forcemanager", name="lastName", needed={"firstName": "-", "salesRepId": "310"}),
    Case(system="lemontaps", name="last_name", cannot=frozenset({"create", "delete"})),
)


class Patient:
    """One system with a connector whose pauses are only noted."""

    def __init__(self, case: Case, client: SandboxClient) -> None:
        self.case = case
        self.client = client
        self.pauses: list[float] = []
        self._people = 0
        client.reset(**case.seed)
        client.clear_faults()
        if case.switches:
            client.switches(**case.switches)
        if case.system == "forcemanager":
            client.insert("accounts", [{"name": "Nordwerk", "branchId": 1, "salesRepId1": 310}])
        self.connector = self.connect()

    def connect(self) -> Connector:
        """A connector that has not signed in yet."""
        told = load(self.case.system).connection(self.client.url)
        settings = Settings(**{key: told[key] for key in ("host", "login", "password", "extra") if key in told})
        session = Session(
            loopback=self.client.url, pause=self.pauses.append, total_seconds=TOTAL_SECONDS, read_seconds=READ_SECONDS
        )
        made: Connector = import_module(f"connectors.{self.case.system}").build(settings, session, self.case.options)
        return made

    def person(self) -> tuple[str, str]:
        """Make a person by hand; return id and address."""
        fields = self.somebody()
        return str(self.client.insert(self.case.kind, [fields])[0]), fields[self.case.email]

    def somebody(self) -> dict[str, Any]:
        """What a person made by hand holds."""
        needed = {name: int(value) if value.isdecimal() else value for name, value in self.case.needed.items()}
        return {**needed, self.case.email: self.address(), self.case.name: "Before"}

    def address(self) -> str:
        """An address nobody has yet."""
        self._people += 1
        return f"p{self._people}@example.com"

    def live(self) -> dict[str, Mapping[str, Any]]:
        """Everybody by id, as the system has them."""
        return {str(row[self.case.id_field]): row for row in self.client.records(self.case.kind)}

    def warm(self) -> None:
        """Sign in, and learn what a connector asks once."""
        self.connector.ping()
        self.connector.describe("contact")
        list(self.connector.find("contact", self.case.email, ["nobody@example.com"], self.fields))

    @property
    def fields(self) -> list[str]:
        """The fields that are asked for."""
        return [self.case.name, self.case.email]


def sign_in(patient: Patient) -> Any:
    """Ask with fresh credentials who we are."""
    return patient.connect().ping()


def read_changes(patient: Patient) -> Any:
    """Read what changed: everybody, as the system has them."""
    seen = records_of(patient.connector.read_changes("contact", EPOCH, patient.fields))
    assert {id for id, record in seen.items() if not record.is_deleted} == set(patient.live())


def read(patient: Patient) -> Any:
    """Read somebody by id."""
    id, _ = patient.person()
    assert set(records_of(patient.connector.read("contact", [id], patient.fields))) == {id}


def find(patient: Patient) -> Any:
    """Look somebody up by address."""
    id, email = patient.person()
    assert set(records_of(patient.connector.find("contact", patient.case.email, [email], patient.fields))) == {id}


READINGS: Mapping[str, Callable[[Patient], Any]] = {
    "sign_in": sign_in, "read_changes": read_changes, "read": read, "find": find
}  # fmt: skip


def create(patient: Patient) -> tuple[Write, Callable[[], int]]:
    """Make somebody; counts those there are."""
    email = patient.address()
    fields = {**patient.case.needed, patient.case.email: email, patient.case.name: "After"}
    if patient.case.system == "forcemanager":
        fields["accountId"] = str(patient.client.records("accounts")[0]["id"])
    if patient.case.system == "salesforce":
        fields["FDCONTACTID__c"] = email
    write = Write("create", None, fields)
    return write, lambda: sum(row[patient.case.email] == email for row in patient.live().values())


def update(patient: Patient) -> tuple[Write, Callable[[], int]]:
    """Rename somebody; counts 1 once that is done."""
    id, _ = patient.person()
    write = Write("update", id, {patient.case.name: "After"})
    return write, lambda: int(patient.live()[id][patient.case.name] == "After")


def delete(patient: Patient) -> tuple[Write, Callable[[], int]]:
    """Delete somebody; counts 1 once that is done."""
    id, _ = patient.person()
    return Write("delete", id), lambda: int(id not in patient.live())


WRITINGS: Mapping[str, Callable[[Patient], tuple[Write, Callable[[], int]]]] = {
    "create": create, "update": update, "delete": delete
}  # fmt: skip


def outcome(patient: Patient, write: Write) -> tuple[str, SyncError | None]:
    """Send one write; return the state it came to, `not sent` without one, and what stopped the sending."""
    results, error = until_stopped(patient.connector.write("contact", [write]))
    if not results or results[0].code == NOT_SENT:
        return "not sent", error
    return {"accepted": "done"}.get(results[0].state, results[0].state), error


def refused_alone(patient: Patient, kind: str) -> Result:
    """Change two people, of whom the first is refused; return that result."""
    name, (bad, _), (good, _) = patient.case.name, patient.person(), patient.person()
    patient.client.fault(kind, id=bad)
    refused, done = patient.connector.write("contact", [Write("update", id, {name: "After"}) for id in (bad, good)])
    assert (refused.state, refused.id, done.state, done.id) == ("failed", bad, "done", good)
    assert {id: patient.live()[id][name] for id in (bad, good)} == {bad: "Before", good: "After"}
    return refused
