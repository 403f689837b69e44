"""The app around a system: counts, faults, commit before the answer leaves, the Date of the sandbox's clock."""

import asyncio
from email.utils import format_datetime

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import admin
from sandbox.connections import cut
from sandbox.damage import DAMAGES
from sandbox.faults import READ_KINDS, Fault
from sandbox.store import Store
from sandbox.system import System


class SandboxServer:
    """ASGI app of one system: `/_sandbox/` goes to the admin app, the rest through counts and faults to the system."""

    def __init__(self, system: System, store: Store) -> None:
        self.system = system
        self.store = store
        self._admin = admin.build(system, store)
        self._api = system.build(store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        body = await request.body()
        is_admin = scope["path"].startswith(admin.PREFIX)
        messages = await (self._run(self._admin, scope, body) if is_admin else self._serve(request, body))
        if messages is None:
            await cut(scope, receive)
            return
        for message in messages:
            await send(message)
        if messages[-1].get("more_body"):
            await cut(scope, receive)

    async def _serve(self, request: Request, body: bytes) -> list[Message] | None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        call = self.system.classify(request.method, request.url.path, request.url.query, body)
        self.store.calls.count(call)
        passed_by = self.system.row_faults | (READ_KINDS if call.kind != "read" else frozenset())
        fault = self.store.faults.take(request.method, path, passed_by)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(float(fault.options.get("seconds", 1)))
            fault = None
        if fault is None:
            return await self._run(self._api, request.scope, body)
        return await self._strike(fault, request, body)

    async def _strike(self, fault: Fault, request: Request, body: bytes) -> list[Message] | None:
        if fault.kind == "cut":
            return None
        if fault.kind == "lost":
            await self._run(self._api, request.scope, body)
            return None
        if fault.kind in DAMAGES:
            return DAMAGES[fault.kind](await self._run(self._api, request.scope, body), fault.options)
        if fault.kind == "twice":
            await self._run(self._api, request.scope, body)
            return await self._run(self._api, request.scope, body)
        return await self._run(self.system.answer_fault(self.store, fault, request), request.scope, body)

    async def _run(self, app: ASGIApp, scope: Scope, body: bytes) -> list[Message]:
        """Return the answer of `app` once its changes are committed; undo them if it raises."""
        messages: list[Message] = []
        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return unread.pop() if unread else {"type": "http.disconnect"}

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            await app(scope, receive, collect)
            self.store.commit()
        except BaseException:
            self.store.rollback()
            raise
        self._stamp(messages[0])
        return messages

    def _stamp(self, start: Message) -> None:
        date = format_datetime(self.store.clock.now(), usegmt=True).encode()
        start["headers"] = [*start.get("headers", []), (b"date", date)]
