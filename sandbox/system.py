"""What the core asks of a system. A new system is one package of this folder with a `SYSTEM`; nothing else names it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from sandbox.calls import Call
from sandbox.exchange import Refusal
from sandbox.faults import CORE_KINDS, Fault
from sandbox.store import Key, Record, Store

# Salesforce first, then the apps: every package here that has a `system.py`.
SYSTEMS = sorted(
    (path.parent.name for path in Path(__file__).parent.glob("*/system.py")), key=lambda name: (name != "salesforce", name)
)

MAINTENANCE_PAGE = (
    "<html><head><title>Down for maintenance</title></head><body><h1>503</h1>We are down for maintenance.</body></html>"
)
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Sign in to go on.</form></body></html>"
LOGIN_ADDRESS = "https://sign-in.example/"
BAD_RECORD = (
    "one record of a request is refused in the words of `code` and `message`; `id` chooses it by its id or by what it holds"
)


@dataclass(frozen=True, slots=True)
class Switch:
    """A point that can be turned: an unverified behaviour of the real system, or an option of the account."""

    default: Any
    description: str


class System:
    """One system behind the core. Subclasses give routes and rules; the defaults suit plain tables."""

    name: str = ""
    switches: Mapping[str, Switch] = {}
    own_faults: Mapping[str, str] = {}  # kinds beside the core's, and what the client sees
    row_faults: frozenset[str] = frozenset()  # those that strike single records; the system takes them itself
    kept_on_reset: tuple[str, ...] = ()  # kinds that survive a reset, such as sessions
    hosts: tuple[str, ...] = ()  # the real system's host names, for the certificate of HTTPS
    demo_switches: Mapping[str, Any] = {}  # turned by `make demo`, where the real setting would only cost patience

    @property
    def faults(self) -> Mapping[str, str]:
        """Every kind of fault that can be armed here, and what the client sees."""
        return {**CORE_KINDS, **self.own_faults}

    def build(self, store: Store) -> ASGIApp:
        """Return the API as an ASGI app. Handlers are coroutines that do not await in the middle of a change."""
        raise NotImplementedError

    def connection(self, url: str) -> dict[str, Any]:
        """Return the Airflow connection, as its JSON form, that leads to a server at `url`."""
        return {"conn_type": self.name, "host": url}

    def classify(self, method: str, path: str, query: str, body: bytes) -> Call:
        """Say of which kind a request is, for the counts."""
        return Call("read" if method in ("GET", "HEAD") else "write", f"{method} {path}")

    def seed(self, store: Store, seed: str, generate: Mapping[str, Any]) -> None:
        """Fill the cleared store: `seed` is "empty", "company" or "demo"; `generate` holds numbers by kind, and options."""

    def turned(self, store: Store, name: str) -> None:
        """Follow a switch that was just turned, where its setting shows in records."""

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Return what a person or the platform can do besides the API: `action(store, **arguments)` by name."""
        return {}

    def records(self, store: Store, kind: str, with_deleted: bool) -> Sequence[Record]:
        """Return all records of `kind` as the tests want to see them."""
        return list(store.table(kind).values())

    def insert(self, store: Store, kind: str, records: Sequence[dict[str, Any]]) -> list[Key]:
        """Put `records` as they are; only ids and stamps they lack are added."""
        raise NotImplementedError

    def edit(self, store: Store, kind: str, key: str, fields: Mapping[str, Any]) -> None:
        """Change a record as a person in the system's own pages would."""
        raise NotImplementedError

    def delete(self, store: Store, kind: str, key: str) -> None:
        """Delete a record as a person in the system's own pages would."""
        raise NotImplementedError

    def answer_fault(self, store: Store, fault: Fault, request: Request) -> Response:
        """Return the answer of a struck request; what the core does itself (`slow`, `cut`, `lost` …) never comes here."""
        if fault.kind == "redirect":
            return RedirectResponse(LOGIN_ADDRESS, 302)
        if fault.kind in ("html", "page"):
            return HTMLResponse(*((MAINTENANCE_PAGE, 503) if fault.kind == "html" else (LOGIN_PAGE, 200)))
        headers = {"Retry-After": str(fault.options.get("retry_after", 1))} if fault.kind == "429" else None
        return JSONResponse({"message": "injected fault"}, int(fault.kind), headers)

    def switch(self, store: Store, name: str) -> Any:
        """Return the present setting of a switch."""
        return store.value(f"switch:{name}", self.switches[name].default)


A = TypeVar("A")


class AccountSystem(System, Generic[A]):
    """A system with one account per store, made by `account_type(store)`."""

    account_type: Callable[[Store], A]

    def __init__(self) -> None:
        self._accounts: WeakKeyDictionary[Store, A] = WeakKeyDictionary()

    def account(self, store: Store) -> A:
        """Return the account over `store`."""
        if store not in self._accounts:
            self._accounts[store] = type(self).account_type(store)
        return self._accounts[store]

    def do(self, store: Store, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run a change outside the API; what the rules refuse is a ValueError, and nothing stays derived from it."""
        try:
            return work(self.account(store), *arguments)
        except Refusal as refusal:
            self.forget(store)
            raise ValueError(f"{refusal.status} {refusal.body}") from refusal
        except (KeyError, TypeError, ValueError):
            self.forget(store)
            raise

    def forget(self, store: Store) -> None:
        """Drop what the account has derived from records."""


def load(name: str) -> System:
    """Return the system called `name`."""
    system: System = import_module(f"sandbox.{name}").SYSTEM
    return system
