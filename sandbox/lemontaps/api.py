"""The API as an ASGI app: allowance, token, then the endpoint."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.exchange import AccountApi, Refusal, Routes
from sandbox.lemontaps import contacts, scim
from sandbox.lemontaps.answers import not_found, refusal, scim_refusal, too_many, unauthorized
from sandbox.lemontaps.book import Book

SCIM = "/scim/v2"
Handler = Callable[["Ask"], tuple[int, Any]]


class Ask:
    """One request: path parts that vary, query, headers and JSON body."""

    def __init__(self, book: Book, request: Request, key: str, content: bytes) -> None:
        self.book = book
        self.key = key
        self.query = dict(request.query_params)
        self.version = request.headers.get("if-match", "")
        self._content = content

    def fields(self) -> Mapping[str, Any]:
        """Return the JSON body, which must be an object."""
        try:
            body = msgspec.json.decode(self._content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            body = None
        if not isinstance(body, dict):
            raise refusal(400, "invalid_json", "The body is not a JSON object.")
        return body


ENDPOINTS: Mapping[str, Mapping[str, Handler]] = {
    "/contacts": {"GET": lambda ask: (200, contacts.list_contacts(ask.book, ask.query))},
    "/contacts/{id}": {
        "GET": lambda ask: (200, contacts.view_contact(ask.book, ask.key)),
        "PATCH": lambda ask: (200, contacts.change_contact(ask.book, ask.key, ask.version, ask.fields())),
    },
    "/contacts/{id}/exports/salesforce": {"PUT": lambda ask: (200, contacts.set_export(ask.book, ask.key, ask.fields()))},
    f"{SCIM}/Users": {
        "GET": lambda ask: (200, scim.list_users(ask.book, ask.query)),
        "POST": lambda ask: (201, scim.create_user(ask.book, ask.fields())),
    },
    f"{SCIM}/Users/{{id}}": {"GET": lambda ask: (200, scim.view_user(ask.book, ask.key))},
}
ROUTES = Routes(ENDPOINTS)
label = ROUTES.label


class Api(AccountApi):
    """Serves one team."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def forget(self) -> None:
        """Drop what is derived from records."""
        self._book.forget()

    def respond(self, request: Request, content: Any) -> Response:
        """Return the answer."""
        try:
            status, body = self._answer(request, content)
        except Refusal as problem:
            return refused(problem)
        return _response(status, body, {})

    def _answer(self, request: Request, content: bytes) -> tuple[int, Any]:
        wait = self._book.count_call() if self._book.switch("rate_limit") else 0
        if wait:
            raise too_many(wait)
        is_scim = request.url.path.startswith(SCIM)
        self._admit(request, is_scim)
        found = ROUTES.find(request.url.path)
        if found is None:
            raise not_found()
        words, verbs = found
        if request.method not in verbs:
            raise refusal(405, "method_not_allowed", f"{request.method} is not possible here.")
        return verbs[request.method](Ask(self._book, request, words.get("id", ""), content))

    def _admit(self, request: Request, is_scim: bool) -> None:
        if is_scim and not self._book.switch("can_scim"):
            raise not_found()
        token = self._book.switch("scim_token" if is_scim else "token")
        if request.headers.get("authorization") != f"Bearer {token}":
            raise scim_refusal(401, "The token is missing or wrong.") if is_scim else unauthorized()


def refused(problem: Refusal) -> Response:
    """Return a refusal as a response."""
    return _response(problem.status, problem.body, problem.headers)


def _response(status: int, body: Any, headers: Mapping[str, str]) -> Response:
    return Response(msgspec.json.encode(body), status, dict(headers), "application/json; charset=utf-8")
