"""GetResponse as one system of the sandbox: what the core and the admin routes ask of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sandbox.calls import Call
from sandbox.faults import Fault
from sandbox.getresponse import catalogue, contacts, people, seeds
from sandbox.getresponse.account import Account
from sandbox.getresponse.api import Api, label, respond, too_many
from sandbox.getresponse.errors import Refusal, unauthorized
from sandbox.getresponse.limits import Reading
from sandbox.getresponse.switches import API_KEY, SWITCHES
from sandbox.store import Key, Record, Store
from sandbox.system import BAD_RECORD, AccountSystem

SEARCH = "/search-contacts/contacts"


class GetResponseSystem(AccountSystem[Account]):
    """One GetResponse account per store."""

    name = "getresponse"
    account_type = Account
    switches = SWITCHES
    own_faults: Mapping[str, str] = {"bad_record": BAD_RECORD}
    row_faults = frozenset({"bad_record"})
    hosts = ("api.getresponse.com", "api3.getresponse360.com", "api3.getresponse360.pl")
    demo_switches: Mapping[str, Any] = {"rate_limit": False}

    def build(self, store: Store) -> ASGIApp:
        """Return the API."""
        return Api(self.account(store))

    def connection(self, url: str) -> dict[str, Any]:
        """Return the Airflow connection that leads to a server at `url`."""
        return {"conn_type": "getresponse", "host": url, "password": API_KEY}

    def classify(self, method: str, path: str, query: str, body: bytes) -> Call:
        """Count by endpoint; GET reads, and so does a search though it is a POST."""
        name = label(path)
        if name == "/accounts":
            return Call("auth", f"{method} {name}")
        return Call("read" if method in ("GET", "HEAD") or name == SEARCH else "write", f"{method} {name}")

    def seed(self, store: Store, seed: str, generate: Mapping[str, Any]) -> None:
        """Fill the cleared store; `cross_references` makes the reference field that otherwise does not exist."""
        seeds.fill(self.account(store), seed, generate)

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what people do on GetResponse's own pages, and what its mails bring about."""
        return {
            "add_campaign": lambda store, campaign, **given: self._do(store, catalogue.add_campaign, {**given, "name": campaign})[
                "campaignId"
            ],
            "add_field": lambda store, field, **given: self._do(store, catalogue.add_field, {**given, "name": field})[
                "customFieldId"
            ],
            "drop_field": lambda store, field: self._do(store, catalogue.drop_field, field),
            "unsubscribe": lambda store, id, reason="unsubscribe": self._do(store, contacts.remove, id, reason),
            "confirm": lambda store, id: self._do(store, people.confirm, id),
            "move": lambda store, id, campaign: self._do(store, people.move, id, campaign),
        }

    def records(self, store: Store, kind: str, with_deleted: bool) -> Sequence[Record]:
        """Return contacts as people see them, other kinds as stored."""
        account = self.account(store)
        contacts.settle(account)
        if kind != "contacts":
            return account.rows(kind)
        return [people.show(account, row) for row in account.rows(kind) if with_deleted or row["state"] == "subscribed"]

    def insert(self, store: Store, kind: str, records: Sequence[dict[str, Any]]) -> list[Key]:
        """Put contacts as they are: `campaign` by name, `tags` by name, `custom_fields` by name; what is missing is made."""
        if kind != "contacts":
            raise KeyError(kind)
        return [self._do(store, people.put, record) for record in records]

    def edit(self, store: Store, kind: str, key: str, given: Mapping[str, Any]) -> None:
        """Change a contact; custom fields not named stay."""
        if kind != "contacts":
            raise KeyError(kind)
        self._do(store, people.edit, key, given)

    def delete(self, store: Store, kind: str, key: str) -> None:
        """Remove a contact from its list."""
        if kind != "contacts":
            raise KeyError(kind)
        self._do(store, contacts.remove, key, "user")

    def answer_fault(self, store: Store, fault: Fault, request: Request) -> Response:
        """Answer 429 and 401 in GetResponse's words."""
        account = self.account(store)
        reading = Reading(account.switch("calls_per_frame"), 0, int(fault.options.get("retry_after", 1)))
        if fault.kind in ("429", "401"):
            refusal = too_many(account, reading) if fault.kind == "429" else unauthorized()
            return respond(Api(account).refused(refusal), reading)
        return super().answer_fault(store, fault, request)

    def _do(self, store: Store, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run a change outside the API; what the rules refuse is a ValueError."""
        try:
            return work(self.account(store), *arguments)
        except Refusal as refusal:
            raise ValueError(f"{refusal.status} {refusal.code} {refusal.message}") from refusal
