"""Freshdesk as one system of the sandbox: what the core and the admin routes ask of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sandbox.calls import Call
from sandbox.faults import Fault
from sandbox.freshdesk import companies, contacts, fields, lifecycle, pages, seeds
from sandbox.freshdesk.api import Api, label, refused, spent, too_many, unauthorized
from sandbox.freshdesk.desk import Desk
from sandbox.freshdesk.switches import SWITCHES
from sandbox.store import Key, Record, Store
from sandbox.system import BAD_RECORD, AccountSystem

RECORDS = ("contacts", "companies")
OTHER = ("/account", "/agents", "/agents/me", "/contacts/export", "/companies/export")


class FreshdeskSystem(AccountSystem[Desk]):
    """One Freshdesk account per store."""

    name = "freshdesk"
    account_type = Desk
    switches = SWITCHES
    hosts = ("*.freshdesk.com",)
    demo_switches = {"rate_limit": False}  # noqa: RUF012 — the first run would wait for most of a minute, as it does in earnest
    own_faults: Mapping[str, str] = {"bad_record": BAD_RECORD}
    row_faults = frozenset({"bad_record"})

    def connection(self, url: str) -> dict[str, Any]:
        """Return a connection with the account's API key."""
        return {**super().connection(url), "password": "sandbox-freshdesk-key", "extra": {"domain": "nordwerk"}}

    def build(self, store: Store) -> ASGIApp:
        """Return the API."""
        return Api(self.account(store))

    def classify(self, method: str, path: str, query: str, body: bytes) -> Call:
        """Count by endpoint; GET reads, everything else writes, except the account and exports."""
        name = label(path)
        if name in OTHER:
            return Call("other", f"{method} {name}")
        return Call("read" if method in ("GET", "HEAD") else "write", f"{method} {name}")

    def seed(self, store: Store, seed: str, generate: Mapping[str, Any]) -> None:
        """Fill the cleared store; `cross_references` makes the two reference fields that otherwise do not exist."""
        seeds.fill(self.account(store), seed, generate)

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what people do on Freshdesk's own pages."""
        return {
            "block": lambda store, id: self.do(store, lifecycle.block, id, True),
            "unblock": lambda store, id: self.do(store, lifecycle.block, id, False),
            "restore": lambda store, id: self.do(store, lifecycle.restore, id),
            "hard_delete": lambda store, id: self.do(store, lifecycle.erase, id, True),
            "merge": self._merge,
            "mail_from": self._mail_from,
            "add_field": lambda store, kind, **given: self.do(store, fields.add, kind, given),
            "drop_field": self._drop_field,
            "set_choices": self._set_choices,
        }

    def records(self, store: Store, kind: str, with_deleted: bool) -> Sequence[Record]:
        """Return contacts and companies in the single view (blocked contacts marked), other kinds as stored."""
        desk, rows = self.account(store), list(store.table(kind).values())
        if kind == "companies":
            return [pages.show_company(desk, row) for row in rows]
        if kind != "contacts":
            return rows
        kept = [row for row in rows if with_deleted or not row.get("deleted")]
        return [pages.show_contact(desk, row) | ({"blocked": True} if row.get("blocked") else {}) for row in kept]

    def insert(self, store: Store, kind: str, records: Sequence[dict[str, Any]]) -> list[Key]:
        """Put contacts or companies as they are."""
        if kind not in RECORDS:
            raise KeyError(kind)
        desk = self.account(store)
        now = desk.now()
        stamped = [{"name": "", "created_at": now, "updated_at": now, **row} for row in records]
        rows = [row if "id" in row else {**row, "id": desk.new_id(kind)} for row in stamped]
        self.do(store, seeds.put_all, kind, rows)
        return [row["id"] for row in rows]

    def edit(self, store: Store, kind: str, key: str, given: Mapping[str, Any]) -> None:
        """Change a contact or company; custom fields not named stay."""
        desk = self.account(store)
        old = desk.get(kind, int(key)) if kind in RECORDS else None
        if old is None:
            raise KeyError(f"{kind} {key}")
        self.do(store, Desk.put, kind, contacts.merged(old, {"updated_at": desk.now(), **given}))

    def delete(self, store: Store, kind: str, key: str) -> None:
        """Soft-delete a contact, delete a company for good."""
        if kind not in RECORDS:
            raise KeyError(kind)
        self.do(store, lifecycle.soft_delete if kind == "contacts" else companies.delete, int(key))

    def answer_fault(self, store: Store, fault: Fault, request: Request) -> Response:
        """Answer 429 and 401 in Freshdesk's words."""
        if fault.kind == "429":
            return refused(too_many(fault.options.get("retry_after", 1)), spent(self.account(store)))
        if fault.kind == "401":
            return refused(unauthorized(), {})
        return super().answer_fault(store, fault, request)

    def forget(self, store: Store) -> None:
        """Drop what the account has derived from records."""
        self.account(store).forget()

    def _merge(self, store: Store, primary: int, secondaries: list[int], **chosen: Any) -> None:
        given = {"primary_contact_id": primary, "secondary_contact_ids": secondaries, "contact": chosen}
        self.do(store, lifecycle.merge, given)

    def _mail_from(self, store: Store, email: str, sender: str = "") -> int:
        """Let a mail from an unknown sender come in, which makes a contact."""
        given = {"name": sender or email.split("@")[0], "email": email}
        written = store.calls.records_written
        record = self.do(store, contacts.create, given)
        store.calls.records_written = written
        return int(record["id"])

    def _drop_field(self, store: Store, kind: str, field: str) -> None:
        self.do(store, fields.drop, kind, self._field(store, kind, field))

    def _set_choices(self, store: Store, kind: str, field: str, choices: list[str]) -> None:
        old = self._field(store, kind, field)
        store.put(kind, old["id"], {**old, "choices": fields.with_places(choices)})

    def _field(self, store: Store, kind: str, name: str) -> Record:
        found = next((field for field in store.table(kind).values() if field["name"] == name), None)
        if found is None:
            raise KeyError(f"{kind} {name}")
        return found
