"""The admin routes under `/_sandbox/`: seeds, records, faults, counts and the clock. No authentication."""

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.store import Store
from sandbox.system import System

PREFIX = "/_sandbox"
_SEEDED = "seeded"


def seed(system: System, store: Store, name: str, generate: dict[str, Any]) -> None:
    """Bring `store` to its first state: everything forgotten but sessions, then the seed."""
    store.clear(keep=system.kept_on_reset)
    store.faults.clear()
    store.clock.offset_seconds = 0
    system.seed(store, name, generate)
    store.set_value(_SEEDED, True)
    store.commit()
    store.calls.reset()


def is_seeded(store: Store) -> bool:
    """Tell whether the store was seeded before, by this process or an earlier one."""
    return bool(store.value(_SEEDED, False))


def build(system: System, store: Store) -> Starlette:
    """Return the admin app of one system."""
    pages = Pages(system, store)
    routes = [
        ("/health", pages.health, ["GET"]),
        ("/reset", pages.reset, ["POST"]),
        ("/records/{kind}", pages.records, ["GET"]),
        ("/records/{kind}", pages.insert, ["POST"]),
        ("/records/{kind}/{key}", pages.edit, ["PATCH"]),
        ("/records/{kind}/{key}", pages.delete, ["DELETE"]),
        ("/actions/{name}", pages.act, ["POST"]),
        ("/switches", pages.switches, ["GET", "PUT"]),
        ("/faults", pages.faults, ["GET", "POST", "DELETE"]),
        ("/calls", pages.calls, ["GET", "DELETE"]),
        ("/clock", pages.clock, ["GET", "POST"]),
    ]
    return Starlette(
        routes=[Route(PREFIX + path, _answering(page), methods=methods) for path, page, methods in routes],
        exception_handlers=dict.fromkeys((KeyError, ValueError, TypeError, NotImplementedError), pages.refuse),
    )


class Pages:
    """One method per admin route, each from request to plain JSON value."""

    def __init__(self, system: System, store: Store) -> None:
        self.system = system
        self.store = store

    async def health(self, request: Request) -> Any:
        """Answer that the server runs and for which system."""
        return {"status": "ok", "system": self.system.name}

    async def reset(self, request: Request) -> Any:
        """Forget everything and seed anew."""
        wish = await _body(request)
        options = {name: value for name, value in wish.items() if name not in ("seed", "generate")}
        seed(self.system, self.store, wish.get("seed", "empty"), {**(wish.get("generate") or {}), **options})
        return {}

    async def records(self, request: Request) -> Any:
        """List the records of a kind."""
        with_deleted = request.query_params.get("deleted") == "1"
        return list(self.system.records(self.store, request.path_params["kind"], with_deleted))

    async def insert(self, request: Request) -> Any:
        """Put records without any rule."""
        records = (await _body(request))["records"]
        return {"ids": self.system.insert(self.store, request.path_params["kind"], records)}

    async def edit(self, request: Request) -> Any:
        """Change a record as a person would."""
        self.system.edit(self.store, request.path_params["kind"], request.path_params["key"], await _body(request))
        return {}

    async def delete(self, request: Request) -> Any:
        """Delete a record as a person would."""
        self.system.delete(self.store, request.path_params["kind"], request.path_params["key"])
        return {}

    async def act(self, request: Request) -> Any:
        """Run an action of the system."""
        arguments = await _body(request)
        return {"result": self.system.actions()[request.path_params["name"]](self.store, **arguments)}

    async def switches(self, request: Request) -> Any:
        """Read all switches, after turning those given."""
        for name, value in (await _body(request)).items():
            if name not in self.system.switches:
                raise KeyError(name)
            self.store.set_value(f"switch:{name}", value)
            self.system.turned(self.store, name)
        return {
            name: {"value": self.system.switch(self.store, name), "description": switch.description}
            for name, switch in self.system.switches.items()
        }

    async def faults(self, request: Request) -> Any:
        """Arm, list or disarm faults."""
        if request.method == "POST":
            wish = await _body(request)
            if wish["kind"] not in self.system.faults:
                raise KeyError(wish["kind"])
            self.store.faults.add(wish)
        if request.method == "DELETE":
            self.store.faults.clear()
        return self.store.faults.remaining()

    async def calls(self, request: Request) -> Any:
        """Show or reset the counts."""
        if request.method == "DELETE":
            self.store.calls.reset()
        return self.store.calls.summary()

    async def clock(self, request: Request) -> Any:
        """Show the server's time, after moving it if asked."""
        if request.method == "POST":
            offset = (await _body(request))["offset_seconds"]
            self.store.clock.offset_seconds = offset
            self.store.set_value("clock_offset_seconds", offset)
        return {"now": self.store.clock.now().isoformat(), "offset_seconds": self.store.clock.offset_seconds}

    async def refuse(self, request: Request, problem: Exception) -> Response:
        """Undo what a refused wish had begun, and say why."""
        self.store.rollback()
        status = 404 if isinstance(problem, KeyError) else 400
        return JSONResponse({"error": f"{type(problem).__name__}: {problem}"}, status)


def _answering(page: Callable[[Request], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        return Response(msgspec.json.encode(await page(request)), media_type="application/json")

    return answer


async def _body(request: Request) -> dict[str, Any]:
    return dict(await request.json()) if await request.body() else {}
