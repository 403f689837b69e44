"""The Salesforce org as the core sees it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from sandbox.calls import Call
from sandbox.faults import Fault
from sandbox.salesforce import keys, lifecycle, records, rules, seeding, sessions
from sandbox.salesforce.app import SalesforceApp
from sandbox.salesforce.counting import classify
from sandbox.salesforce.org import Org
from sandbox.salesforce.switches import SWITCHES
from sandbox.store import Key, Record, Store
from sandbox.system import BAD_RECORD, System

_FAULTS = {
    "token": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "401": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "limit": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "disabled": (403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
    "429": (429, "TOO_MANY_REQUESTS", "Too many requests"),
    "500": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    "502": (502, "BAD_GATEWAY", "Bad gateway"),
}


class SalesforceSystem(System):
    """One org, My Domain `nordwerk`."""

    name = "salesforce"
    switches = SWITCHES
    hosts = ("*.salesforce.com", "*.my.salesforce.com", "*.sandbox.my.salesforce.com")
    own_faults: Mapping[str, str] = {
        "token": "401 `INVALID_SESSION_ID`: the session has ended",
        "limit": "403 `REQUEST_LIMIT_EXCEEDED`: the day's calls are used up",
        "disabled": "403 `API_DISABLED_FOR_ORG`",
        "row_lock": "one record is refused with `UNABLE_TO_LOCK_ROW`; `id` chooses it",
        "bad_record": BAD_RECORD,
    }
    row_faults = rules.ROW_FAULTS
    kept_on_reset = (sessions.KIND, keys.KIND)

    def connection(self, url: str) -> dict[str, Any]:
        """Return a connection that signs in by client credentials."""
        login = {"domain": "nordwerk.my", "consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "sandbox-consumer-secret"}
        return {**super().connection(url), "extra": login}

    def build(self, store: Store) -> ASGIApp:
        """Return the API; with a state folder the key for JWT logins lies there from the start."""
        org = Org(store)
        if store.path is not None:
            keys.private_key(org)
            store.commit()
        return SalesforceApp(org)

    def classify(self, method: str, path: str, query: str, body: bytes) -> Call:
        """Say of which kind a request is."""
        return classify(method, path, body)

    def seed(self, store: Store, seed: str, generate: Mapping[str, Any]) -> None:
        """Fill the org; `generate` also takes cross_references."""
        seeding.seed(Org(store), seed, generate)

    def turned(self, store: Store, name: str) -> None:
        """Let the Organization record follow its switches."""
        if name in ("org_id", "is_sandbox"):
            seeding.name_organization(Org(store))

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what people and the platform do besides the API."""
        return lifecycle.ACTIONS

    def records(self, store: Store, kind: str, with_deleted: bool) -> Sequence[Record]:
        """Return the records of an object."""
        return [record for record in store.table(kind).values() if with_deleted or not record.get("IsDeleted")]

    def insert(self, store: Store, kind: str, records_: Sequence[Mapping[str, Any]]) -> list[Key]:
        """Put records without rules."""
        return records.insert(Org(store), kind, records_)

    def edit(self, store: Store, kind: str, key: str, fields: Mapping[str, Any]) -> None:
        """Change a record as a person."""
        records.edit(Org(store), kind, key, fields)

    def delete(self, store: Store, kind: str, key: str) -> None:
        """Delete a record as a person."""
        records.delete(Org(store), kind, key)

    def answer_fault(self, store: Store, fault: Fault, request: Request) -> Response:
        """Return the answer of a struck request."""
        if fault.kind == "503":
            body: Any = {"message": "Server is unavailable", "errorCode": "SERVER_UNAVAILABLE"}
            return JSONResponse(body, 503)
        if fault.kind not in _FAULTS:
            return super().answer_fault(store, fault, request)
        status, code, message = _FAULTS[fault.kind]
        body = [{"message": fault.options.get("message", message), "errorCode": fault.options.get("code", code)}]
        headers = {"Retry-After": str(fault.options["retry_after"])} if "retry_after" in fault.options else None
        return JSONResponse(body, status, headers)
