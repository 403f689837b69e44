"""ActiveCampaign as one system of the sandbox: what the core and the admin routes ask of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sandbox.activecampaign import contacts, deals, pages, people, records, seeds
from sandbox.activecampaign.api import Api, label, response_of, too_many, unauthorized
from sandbox.activecampaign.limits import Reading
from sandbox.activecampaign.panel import Panel
from sandbox.activecampaign.resources import RESOURCES
from sandbox.activecampaign.switches import API_TOKEN, SWITCHES
from sandbox.calls import Call
from sandbox.exchange import Answer, Refusal
from sandbox.faults import Fault
from sandbox.store import Key, Record, Store
from sandbox.system import BAD_RECORD, AccountSystem

OTHER = ("/users/me", "/users")


class ActiveCampaignSystem(AccountSystem[Panel]):
    """One ActiveCampaign account per store."""

    name = "activecampaign"
    account_type = Panel
    switches = SWITCHES
    hosts = ("*.api-us1.com",)
    demo_switches = {"rate_limit": False}  # noqa: RUF012 — five calls a second would cost patience, as they do in earnest
    own_faults: Mapping[str, str] = {"bad_record": BAD_RECORD}
    row_faults = frozenset({"bad_record"})

    def connection(self, url: str) -> dict[str, Any]:
        """Return a connection with the account's API key."""
        return {**super().connection(url), "password": API_TOKEN, "extra": {"domain": "nordwerk"}}

    def build(self, store: Store) -> ASGIApp:
        """Return the API."""
        return Api(self.account(store))

    def classify(self, method: str, path: str, query: str, body: bytes) -> Call:
        """Count by endpoint; GET reads, everything else writes."""
        name = label(path)
        if name in OTHER:
            return Call("other", f"{method} {name}")
        return Call("read" if method in ("GET", "HEAD") else "write", f"{method} {name}")

    def seed(self, store: Store, seed: str, generate: Mapping[str, Any]) -> None:
        """Fill the cleared store; `cross_references` makes the reference fields that otherwise do not exist."""
        seeds.fill(self.account(store), seed, generate)

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what people do on ActiveCampaign's own pages."""
        return {
            "tag": lambda store, contact, tag: self._tag(store, contact, tag, True),
            "untag": lambda store, contact, tag: self._tag(store, contact, tag, False),
            "set_status": self._set_status,
            "add_field": lambda store, **given: self.do(store, pages.add_field, given)["id"],
            "add_deal_field": lambda store, **given: self.do(store, deals.add_field, given)["id"],
            "drop_field": self._drop_field,
        }

    def records(self, store: Store, kind: str, with_deleted: bool) -> Sequence[Record]:
        """Return contacts and deals with their custom values, other kinds as lists show them; deleted ones are gone."""
        return people.rows_of(self.account(store), kind)

    def insert(self, store: Store, kind: str, rows: Sequence[dict[str, Any]]) -> list[Key]:
        """Put contacts as they are; other kinds by the rules of the API."""
        panel = self.account(store)
        if kind == "contacts":
            return list(self.do(store, people.put_contacts, rows))
        if kind == "deals":
            return list(self.do(store, people.put_deals, rows))
        return [self.do(store, records.create, RESOURCES[kind], row)["id"] for row in rows if panel]

    def edit(self, store: Store, kind: str, key: str, given: Mapping[str, Any]) -> None:
        """Change a contact, a deal or a record of a plain kind."""
        if kind in ("contacts", "deals"):
            self.do(store, people.edit_contact if kind == "contacts" else people.edit_deal, int(key), given)
        else:
            resource = RESOURCES[kind]
            self.do(store, records.update, resource, records.found(self.account(store), resource, key), given)

    def delete(self, store: Store, kind: str, key: str) -> None:
        """Delete a record for good."""
        written = store.calls.records_written
        if kind == "contacts":
            self.do(store, contacts.delete, key)
        elif kind == "deals":
            self.do(store, deals.delete, int(key))
        else:
            self.do(store, records.delete, RESOURCES[kind], int(key))
        store.calls.records_written = written

    def answer_fault(self, store: Store, fault: Fault, request: Request) -> Response:
        """Answer 429 and a refused token in ActiveCampaign's words."""
        if fault.kind == "429":
            return _refused(too_many(self.account(store), fault.options.get("retry_after", 1)))
        if fault.kind == "401":
            return _refused(unauthorized())
        return super().answer_fault(store, fault, request)

    def forget(self, store: Store) -> None:
        """Drop what the account has derived from records."""
        self.account(store).forget()

    def _tag(self, store: Store, contact: Any, name: str, is_wanted: bool) -> None:
        panel = self.account(store)
        self.do(store, people.tag if is_wanted else people.untag, contact, name)
        if is_wanted or panel.switch("untag_moves_udate"):
            panel.touch(int(contact))

    def _set_status(self, store: Store, contact: Any, list: str, status: str) -> None:
        """Set the status of a contact on a list: active, unsubscribed, unconfirmed or bounced."""
        panel = self.account(store)
        self.do(store, people.set_status, contact, list, status)
        if panel.switch("list_moves_udate"):
            panel.touch(int(contact))

    def _drop_field(self, store: Store, perstag: str) -> None:
        """Delete a custom field of contacts with all its values."""
        field = next(iter(self.account(store).of("fields", "perstag", perstag)))
        self.do(store, records.delete, RESOURCES["fields"], field["id"])


def _refused(refusal: Refusal) -> Response:
    return response_of(Answer(refusal.status, refusal.body, refusal.headers), Reading(0))
