"""ForceManager as one system of the sandbox: what the core and the admin routes ask of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from sandbox.calls import Call
from sandbox.faults import Fault
from sandbox.forcemanager import records, seeds
from sandbox.forcemanager.api import SESSIONS, Api, label, refused
from sandbox.forcemanager.crm import Crm, Row
from sandbox.forcemanager.errors import Refusal, too_many, unauthorized
from sandbox.forcemanager.fields import LISTS, RESOURCES
from sandbox.forcemanager.switches import PRIVATE_KEY, PUBLIC_KEY, SWITCHES
from sandbox.store import Key, Record, Store
from sandbox.system import BAD_RECORD, AccountSystem

PERSON = 91  # who edits in the app


class ForceManagerSystem(AccountSystem[Crm]):
    """One implementation per store."""

    name = "forcemanager"
    account_type = Crm
    switches = SWITCHES
    hosts = ("api.forcemanager.com", "api.forcemanager.net")
    demo_switches = {"rate_limit": False}  # noqa: RUF012 — four calls a second would only cost patience
    own_faults: Mapping[str, str] = {
        "408": "408, the server gave up; nothing is done",
        "900": "400 with the code 900: no connection to the database, nothing is done",
        "bad_record": BAD_RECORD,
    }
    row_faults = frozenset({"bad_record"})
    kept_on_reset = (SESSIONS,)

    def connection(self, url: str) -> dict[str, Any]:
        """Return a connection with the pair of API keys."""
        return {**super().connection(url), "login": PUBLIC_KEY, "password": PRIVATE_KEY, "extra": {"account": "nordwerk"}}

    def build(self, store: Store) -> ASGIApp:
        """Return the API."""
        return Api(self.account(store))

    def classify(self, method: str, path: str, query: str, body: bytes) -> Call:
        """Count by endpoint; GET reads, the login is a login, everything else writes."""
        name = label(path)
        if name == "/login":
            return Call("auth", f"{method} {name}")
        return Call("read" if method in ("GET", "HEAD") else "write", f"{method} {name}")

    def seed(self, store: Store, seed: str, generate: Mapping[str, Any]) -> None:
        """Fill the cleared store."""
        seeds.fill(self.account(store), seed, generate)

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what people and the platform do besides the API."""
        return {"add_field": self._add_field, "expire_tokens": self._expire_tokens, "restore": self._restore}

    def records(self, store: Store, kind: str, with_deleted: bool) -> Sequence[Record]:
        """Return the rows of a resource or value list as stored: references are numbers."""
        return [row for row in store.table(kind).values() if with_deleted or not row.get("deleted")]

    def insert(self, store: Store, kind: str, given: Sequence[dict[str, Any]]) -> list[Key]:
        """Put rows as they are."""
        if kind not in RESOURCES and kind not in LISTS:
            raise KeyError(kind)
        return [row["id"] for row in seeds.put_all(self.account(store), kind, given)]

    def edit(self, store: Store, kind: str, key: str, given: Mapping[str, Any]) -> None:
        """Change a row as a salesperson does."""
        crm = self.account(store)
        crm.put(kind, {**self._found(store, kind, int(key)), **records.edited(crm, PERSON), **given})

    def delete(self, store: Store, kind: str, key: str) -> None:
        """Delete a row as a salesperson does."""
        written = store.calls.records_written
        try:
            records.delete(self.account(store), kind, int(key), PERSON)
        except Refusal as refusal:
            raise KeyError(refusal.message) from refusal
        store.calls.records_written = written

    def answer_fault(self, store: Store, fault: Fault, request: Request) -> Response:
        """Answer in ForceManager's words."""
        crm = self.account(store)
        if fault.kind == "429":
            return refused(crm, too_many(fault.options.get("retry_after", 0)))
        if fault.kind == "401":
            return refused(crm, unauthorized())
        if fault.kind in ("408", "900"):
            body = {crm.switch("message_key"): "Database connection cannot be made", "code": 900}
            return JSONResponse({"Message": "Request Timeout"}, 408) if fault.kind == "408" else JSONResponse(body, 400)
        return super().answer_fault(store, fault, request)

    def _found(self, store: Store, kind: str, key: int) -> Row:
        row = self.account(store).get(kind, key)
        if row is None:
            raise KeyError(f"{kind} {key}")
        return row

    def _add_field(self, store: Store, resource: str, field: str, kind: str = "text", required: bool = False) -> None:
        """Add an extra field `Z_…` to a resource: text, int, number, bool or moment."""
        self.account(store).add_extra(resource, field, kind, 255 if kind == "text" else 0, required)

    def _expire_tokens(self, store: Store) -> None:
        """End every session."""
        for token in list(store.table(SESSIONS)):
            store.remove(SESSIONS, token)

    def _restore(self, store: Store, kind: str, id: int) -> None:
        """Take a deletion back, as the vendor's support can."""
        crm = self.account(store)
        back = {"deleted": False, "dateDeleted": None, "salesRepIdDeleted": None}
        crm.put(kind, {**self._found(store, kind, id), **back, **records.edited(crm, PERSON)})
