"""The systems under test, each behind the same few handles: what a person does there, what goes wrong there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from connectors.contract import Connector
from connectors.freshdesk import FreshdeskConnector
from connectors.memory import MemoryConnector
from connectors.salesforce import SalesforceConnector
from connectors.salesforce_calls import is_busy
from connectors.salesforce_login import Credentials, sign_in
from connectors.session import Session
from sandbox.client import SandboxClient


class Bench(Protocol):
    """A connector and the system it speaks with. `email` and `name` are the raw names of two text fields."""

    connector: Connector
    email: str
    name: str
    pauses: list[float]

    def put(self, **fields: Any) -> str: ...
    def edit(self, id: str, **fields: Any) -> None: ...
    def remove(self, id: str) -> None: ...
    def live(self) -> Mapping[str, Mapping[str, Any]]: ...
    def requests(self) -> int: ...


class MemoryBench:
    """The system in memory."""

    email, name, phone, new_field, bad_email = "email", "name", "phone", "reference", "refused@example.com"
    rows_per_call = 1

    def __init__(self) -> None:
        self.connector = MemoryConnector()
        self.connector.faults.refused[self.bad_email] = "invalid"
        self.pauses: list[float] = []

    def put(self, **fields: Any) -> str:
        return self.connector.put("contact", **fields)

    def edit(self, id: str, **fields: Any) -> None:
        self.connector.edit("contact", id, **fields)

    def remove(self, id: str) -> None:
        self.connector.remove("contact", id)

    def live(self) -> Mapping[str, Mapping[str, Any]]:
        return self.connector.live("contact")

    def requests(self) -> int:
        return sum(self.connector.calls.values())

    def lose(self) -> None:
        self.connector.faults.lost.add(self.connector.writes_seen + 1)


class SandboxBench:
    """A system served over HTTP."""

    kind = id_field = lost_path = ""

    def __init__(self, client: SandboxClient) -> None:
        self.client = client
        self.pauses: list[float] = []

    def session(self, **options: Any) -> Session:
        """Return a session whose pauses are only remembered."""
        return Session(**{"loopback": self.client.url, "pause": self.pauses.append} | options)

    def put(self, **fields: Any) -> str:
        return str(self.client.insert(self.kind, [fields])[0])

    def edit(self, id: str, **fields: Any) -> None:
        self.client.edit(self.kind, id, fields)

    def remove(self, id: str) -> None:
        self.client.delete(self.kind, id)

    def live(self) -> Mapping[str, Mapping[str, Any]]:
        return {str(row[self.id_field]): row for row in self.client.records(self.kind)}

    def lose(self) -> None:
        self.client.fault("lost", path=self.lost_path)

    def requests(self) -> int:
        calls = self.client.calls()
        return sum(calls[kind] for kind in ("read", "write", "auth", "other"))


class FreshdeskBench(SandboxBench):
    """Freshdesk's contacts."""

    kind, id_field = "contacts", "id"
    email, name, phone, bad_email = "email", "name", "phone", "not-an-address"
    new_field = "custom_fields.lockstep_id"
    idle_calls = 3
    rows_per_call = 1
    lost_path = "/contacts"
    secrets = ("sandbox-freshdesk-key",)

    def __init__(self, client: SandboxClient) -> None:
        super().__init__(client)
        client.switches(rate_limit=False)
        self.connector = self.build()

    def build(self, api_key: str = "sandbox-freshdesk-key", **options: Any) -> FreshdeskConnector:
        session = self.session(**{name: options.pop(name) for name in ("on_call", "total_seconds") if name in options})
        return FreshdeskConnector("https://nordwerk.freshdesk.com", api_key, session, **options)

    def wrong_key(self) -> FreshdeskConnector:
        return self.build("wrong")


class SalesforceBench(SandboxBench):
    """Salesforce's contacts, logged in to by client credentials."""

    kind, id_field = "Contact", "Id"
    email, name, phone, bad_email = "Email", "LastName", "Phone", "not-an-address"
    new_field = "FDCONTACTID__c"
    idle_calls = 1
    rows_per_call = 200
    lost_path = "/composite/sobjects"
    secrets = ("sandbox-consumer-secret", "SANDBOX_CONSUMER_KEY", "00D")

    def __init__(self, client: SandboxClient) -> None:
        super().__init__(client)
        self.connector = self.build()

    def build(self, consumer_secret: str = "sandbox-consumer-secret", **options: Any) -> SalesforceConnector:
        names = ("on_call", "total_seconds")
        session = self.session(is_busy=is_busy, **{name: options.pop(name) for name in names if name in options})
        credentials = Credentials(domain="nordwerk.my", consumer_key="SANDBOX_CONSUMER_KEY", consumer_secret=consumer_secret)
        self.logins: list[str] = []

        def login() -> tuple[str, str]:
            self.logins.append("login")
            return sign_in(credentials, session)

        return SalesforceConnector(login, session, **options)

    def wrong_key(self) -> SalesforceConnector:
        return self.build("wrong")


@contextmanager
def reset(client: SandboxClient) -> Iterator[SandboxClient]:
    """Give an empty system, and leave no fault behind."""
    client.reset()
    client.clear_faults()
    client.reset_calls()
    yield client
    client.clear_faults()
