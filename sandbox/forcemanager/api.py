"""The API as an ASGI app: login, session token, allowance, then the endpoint."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.exchange import AccountApi
from sandbox.forcemanager import records
from sandbox.forcemanager.crm import Crm
from sandbox.forcemanager.describing import extra_fields, schema
from sandbox.forcemanager.errors import Refusal, bad, no_such, too_many, unauthorized
from sandbox.forcemanager.fields import LISTS, RESOURCES, WRITABLE
from sandbox.forcemanager.listing import list_rows
from sandbox.forcemanager.shapes import show
from sandbox.forcemanager.where import stored_moment

PREFIX = "/api/v4"
SESSIONS = "session"
_PATH = re.compile(r"/(?:list/)?(\w+)(?:/(\w+))?(?:/(\w+))?/?")


class Api(AccountApi):
    """Serves one implementation."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def respond(self, request: Request, content: Any) -> Response:
        """Return the answer."""
        try:
            if not self._crm.admits():
                raise too_many(self._crm.switch("retry_after"))
            return self._answer(request, content)
        except Refusal as refusal:
            return refused(self._crm, refusal)

    def _answer(self, request: Request, content: bytes) -> Response:
        if not request.url.path.startswith(PREFIX + "/"):
            raise Refusal(404, "Not Found")
        path = request.url.path.removeprefix(PREFIX)
        if path == "/login":
            return JSONResponse(self._log_in(request, _fields(content)))
        self._admit(request.headers.get("x-session-key", ""))
        match = _PATH.fullmatch(path)
        if match is None:
            raise Refusal(404, "Not Found")
        return self._serve(request, content, *match.groups())

    def _log_in(self, request: Request, given: Mapping[str, Any]) -> dict[str, str]:
        wanted = (self._crm.switch("public_key"), self._crm.switch("private_key"))
        if request.method != "POST" or (given.get("username"), given.get("password")) != wanted:
            raise Refusal(self._crm.switch("login_refusal"), "Unauthorized")
        token = secrets.token_hex(20)
        ends = self._crm.store.clock.now() + timedelta(seconds=self._crm.switch("token_seconds"))
        self._crm.store.put(SESSIONS, token, {"ends": stored_moment(ends)})
        return {"token": token}

    def _admit(self, token: str) -> None:
        session = self._crm.store.get(SESSIONS, token)
        if session is None or session["ends"] <= self._crm.now():
            raise unauthorized()

    def _serve(self, request: Request, content: bytes, first: str, second: str | None, third: str | None) -> Response:
        if first == "extrafields" and second and second in RESOURCES and request.method == "GET":
            crm = self._crm
            return JSONResponse(schema(crm, second, only_extra=True) if third == "schema" else extra_fields(crm, second))
        if (first not in RESOURCES and first not in LISTS) or third:
            raise Refusal(404, "Not Found")
        if second == "schema" and first in RESOURCES and request.method == "GET":
            return JSONResponse(schema(self._crm, first))
        if second is None:
            return self._collection(request, content, first)
        return self._single(request, content, first, second)

    def _collection(self, request: Request, content: bytes, resource: str) -> Response:
        if request.method == "GET":
            rows = list_rows(self._crm, resource, dict(request.query_params), request.headers)
            return _json(rows, 200 if rows else self._crm.switch("empty_list"))
        _check_verb(request, resource, "POST")
        key = records.create(self._crm, resource, _fields(content))
        return _json({self._key(): "entity created", "id": key}, self._crm.switch("created_status"))

    def _single(self, request: Request, content: bytes, resource: str, word: str) -> Response:
        key = int(word) if word.isdecimal() else 0
        if request.method == "GET":
            return _json(self._view(resource, key, request.query_params.get("lang", "en")))
        _check_verb(request, resource, "PUT", "DELETE")
        if request.method == "PUT":
            records.update(self._crm, resource, key, _fields(content))
            return _json({self._key(): "entity updated"})
        records.delete(self._crm, resource, key)
        return _json({self._key(): "entity deleted"})

    def _view(self, resource: str, key: int, language: str) -> dict[str, Any]:
        row = self._crm.get(resource, key)
        if row is None or (row.get("deleted") and not self._crm.switch("view_deleted")):
            raise no_such(resource, key)
        return show(self._crm, resource, row, language)

    def _key(self) -> str:
        return str(self._crm.switch("message_key"))


def refused(crm: Crm, refusal: Refusal) -> Response:
    """Return a refusal as a response."""
    body = refusal.body(crm.switch("message_key"), crm.switch("terse_errors"))
    return JSONResponse(body, refusal.status, refusal.headers)


def label(path: str) -> str:
    """Return the path with ids named, for the counts of calls."""
    return re.sub(r"/\d+(?=/|$)", "/{id}", path.removeprefix(PREFIX))


def _check_verb(request: Request, resource: str, *verbs: str) -> None:
    if resource not in WRITABLE or request.method not in verbs:
        raise Refusal(405, "Method Not Allowed")


def _fields(content: bytes) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(content or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad("no valid JSON") from None
    if not isinstance(given, dict):
        raise bad("an object is wanted")
    return given


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
