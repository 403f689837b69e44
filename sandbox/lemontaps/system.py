"""Lemontaps as one system of the sandbox: what the core and the admin routes ask of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sandbox.calls import Call
from sandbox.company.lemontaps import generate_lemontaps, lemontaps_company
from sandbox.company.lemontaps_demo import demo_lemontaps
from sandbox.faults import Fault
from sandbox.lemontaps import contacts, scim
from sandbox.lemontaps.answers import too_many, unauthorized
from sandbox.lemontaps.api import Api, label, refused
from sandbox.lemontaps.book import BLANK, Book
from sandbox.lemontaps.files import write_file
from sandbox.lemontaps.switches import SCIM_TOKEN, SWITCHES, TOKEN
from sandbox.store import Key, Record, Store
from sandbox.system import BAD_RECORD, AccountSystem

SEEDS = {"company": lemontaps_company, "demo": demo_lemontaps}


class LemontapsSystem(AccountSystem[Book]):
    """One Lemontaps team per store."""

    name = "lemontaps"
    account_type = Book
    switches = SWITCHES
    own_faults: Mapping[str, str] = {"bad_record": BAD_RECORD}
    row_faults = frozenset({"bad_record"})
    hosts = ("api.lemontaps.example",)
    demo_switches: Mapping[str, Any] = {"rate_limit": False}

    def build(self, store: Store) -> ASGIApp:
        """Return the API."""
        return Api(self.account(store))

    def connection(self, url: str) -> dict[str, Any]:
        """Return the Airflow connection to a server at `url`."""
        return {"conn_type": "lemontaps", "host": url, "password": TOKEN, "extra": {"scim_token": SCIM_TOKEN}}

    def classify(self, method: str, path: str, query: str, body: bytes) -> Call:
        """Count by endpoint; GET reads, everything else writes."""
        return Call("read" if method in ("GET", "HEAD") else "write", f"{method} {label(path)}")

    def seed(self, store: Store, seed: str, generate: Mapping[str, Any]) -> None:
        """Fill the cleared store."""
        self.account(store).forget()
        self.account(store).calls_by_minute.clear()
        if seed in SEEDS:
            for kind, rows in SEEDS[seed](store.clock.now()).items():
                self.insert(store, kind, rows)
        if generate.get("contacts"):
            self.insert(store, "contacts", list(generate_lemontaps(int(generate["contacts"]))))

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what a person can do in the team's pages."""
        return {"export_file": self._export_file}

    def records(self, store: Store, kind: str, with_deleted: bool) -> Sequence[Record]:
        """Return all records as stored."""
        return [row for row in store.table(kind).values() if with_deleted or not row.get("deleted")]

    def insert(self, store: Store, kind: str, records: Sequence[dict[str, Any]]) -> list[Key]:
        """Put contacts or users as they are."""
        book = self.account(store)
        if kind == "users":
            return [scim.put_user(book, row) for row in records]
        if kind != "contacts":
            raise KeyError(kind)
        now = book.now()
        stamped = [{**BLANK, "created_at": now, "updated_at": now, **row} for row in records]
        rows = [row if row.get("id") else row | {"id": book.new_id("contacts")} for row in stamped]
        for row in rows:
            book.put(row)
        return [str(row["id"]) for row in rows]

    def edit(self, store: Store, kind: str, key: str, given: Mapping[str, Any]) -> None:
        """Change a contact or a user."""
        old = store.get(kind, key) if kind in ("contacts", "users") else None
        if old is None:
            raise KeyError(f"{kind} {key}")
        book = self.account(store)
        if kind == "users":
            scim.put_user(book, {**old, **given})
        else:
            book.put(contacts.changed(book, dict(old), given))

    def delete(self, store: Store, kind: str, key: str) -> None:
        """Delete a contact, of which a tombstone stays, or remove a user."""
        if kind == "users":
            store.remove(kind, key)
        else:
            self.edit(store, kind, key, {"deleted": True})

    def answer_fault(self, store: Store, fault: Fault, request: Request) -> Response:
        """Answer 429 and 401 in the contract's words."""
        if fault.kind == "429":
            return refused(too_many(fault.options.get("retry_after", 1)))
        return refused(unauthorized()) if fault.kind == "401" else super().answer_fault(store, fault, request)

    def _export_file(self, store: Store, format: str = "csv", **layout: Any) -> str:
        """Answer the contacts as an export file: csv or vcf, with `language` (en, de) and `delimiter`."""
        rows = [row for row in store.table("contacts").values() if not row["deleted"]]
        return write_file(rows, format, **layout)
