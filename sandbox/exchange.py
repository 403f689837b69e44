"""What the apps' APIs share: refusals and answers, routes by pattern, and the serving of one account."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost")
H = TypeVar("H")


class Refusal(Exception):
    """A request is refused; nothing was changed. `body` None is an empty answer."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back; `body` None is an empty answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Routes(Generic[H]):
    """Endpoints by path below `prefix`: `{id}` is any word, `{kind:a|b}` one of these; a fixed word goes before `{id}`."""

    def __init__(self, endpoints: Mapping[str, Mapping[str, H]], prefix: str = "") -> None:
        self._prefix = prefix
        rows = sorted(endpoints.items(), key=lambda row: row[0].endswith("{id}"))
        self._rows = [(_pattern(path), path, verbs) for path, verbs in rows]

    def find(self, path: str) -> tuple[dict[str, str], Mapping[str, H]] | None:
        """Return the varying parts of a path and its handlers by verb; None where there is nothing."""
        inner = path.removeprefix(self._prefix) if path.startswith(self._prefix) else ""
        for pattern, _, verbs in self._rows:
            if match := pattern.fullmatch(inner):
                return match.groupdict(), verbs
        return None

    def label(self, path: str) -> str:
        """Return the path with its varying parts named, for the counts of calls."""
        inner = path.removeprefix(self._prefix)
        for pattern, name, _ in self._rows:
            if match := pattern.fullmatch(inner):
                return re.sub(r"\{kind:[^}]*\}", match.groupdict().get("kind", ""), name)
        return inner


class AccountApi:
    """The API of one account as an ASGI app. Subclasses answer; the body is read first, so nothing waits while records change."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        content = await self.content(request)
        try:
            response = self.respond(request, content)
        except BaseException:
            self.forget()
            raise
        await response(scope, receive, send)

    async def content(self, request: Request) -> Any:
        """Return the body of a request."""
        return await request.body()

    def respond(self, request: Request, content: Any) -> Response:
        """Return the answer."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drop what is derived from records, after a request that broke in the middle."""


def client_base(request: Request) -> str:
    """Return scheme and host as the client knows them: the vendor's host is always spoken to over TLS."""
    host = request.headers.get("host", "")
    scheme = request.url.scheme if urlsplit(f"//{host}").hostname in LOOPBACK else "https"
    return f"{scheme}://{host}"


def _pattern(path: str) -> re.Pattern[str]:
    named = re.sub(r"\{(\w+):([^}]*)\}", r"(?P<\1>\2)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", named))
