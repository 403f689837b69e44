"""The API as an ASGI app: allowance, key, blocks, then the endpoint."""

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.exchange import AccountApi, Answer, Routes
from sandbox.getresponse import catalogue, contacts, imports, pages, search
from sandbox.getresponse.account import Account
from sandbox.getresponse.errors import Refusal, not_found, unauthorized
from sandbox.getresponse.exchange import Ask, Handler
from sandbox.getresponse.limits import FRAME, Reading
from sandbox.getresponse.shapes import in_zone

PREFIX = "/v3"
BLOCKS = {"temporary": 1016, "permanent": 1017, "ip": 1018}

ENDPOINTS: Mapping[str, Mapping[str, Handler]] = {
    "/accounts": {"GET": pages.view_account},
    "/campaigns": {"GET": catalogue.list_campaigns, "POST": catalogue.create_campaign},
    "/campaigns/{id}": {"GET": catalogue.view_campaign},
    "/campaigns/{id}/contacts": {"GET": catalogue.list_members},
    "/custom-fields": {"GET": catalogue.list_fields, "POST": catalogue.create_field},
    "/custom-fields/{id}": {
        "GET": catalogue.view_field, "POST": catalogue.update_field, "DELETE": catalogue.delete_field,
    },
    "/tags": {"GET": catalogue.list_tags, "POST": catalogue.create_tag},
    "/tags/{id}": {"GET": catalogue.view_tag, "DELETE": catalogue.delete_tag},
    "/contacts": {"GET": pages.list_contacts, "POST": pages.create_contact},
    "/contacts/batch": {"POST": pages.create_contacts},
    "/contacts/{id}": {"GET": pages.view_contact, "POST": pages.update_contact, "DELETE": pages.delete_contact},
    "/contacts/{id}/activities": {"GET": pages.list_activities},
    "/contacts/{id}/custom-fields": {"POST": pages.upsert_customs},
    "/contacts/{id}/tags": {"POST": pages.upsert_tags},
    "/search-contacts/contacts": {"POST": search.search_contacts},
    "/imports": {"GET": imports.list_imports, "POST": imports.start_import},
    "/imports/{id}": {"GET": imports.view_import},
}  # fmt: skip

ROUTES = Routes(ENDPOINTS, PREFIX)
label = ROUTES.label


class Api(AccountApi):
    """Serves one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def respond(self, request: Request, content: Any) -> Response:
        """Return the answer."""
        reading = self._meter()
        try:
            zone = _zone(request.headers.get("x-time-zone"))
            answer = self._answer(request, content, reading)
            answer = Answer(answer.status, in_zone(answer.body, zone), answer.headers)
        except Refusal as refusal:
            answer = self.refused(refusal)
        return respond(answer, reading)

    def refused(self, refusal: Refusal) -> Answer:
        """Return a refusal in the shape of all answers."""
        empty: Any = [] if self._account.switch("context_list") else {}
        return Answer(refusal.status, refusal.body(empty), refusal.headers)

    def _answer(self, request: Request, content: bytes, reading: Reading) -> Answer:
        if reading.is_over:
            raise too_many(self._account, reading)
        self._admit(request)
        found = ROUTES.find(request.url.path)
        if found is None or request.method not in found[1]:
            raise not_found()
        words, verbs = found
        contacts.settle(self._account)
        imports.work(self._account)
        return verbs[request.method](Ask(self._account, words, dict(request.query_params), _json(content)))

    def _meter(self) -> Reading:
        per_second, per_frame = self._account.switch("calls_per_second"), self._account.switch("calls_per_frame")
        if not self._account.switch("rate_limit"):
            return Reading(per_frame, per_frame - 1, FRAME)
        return self._account.meter.take(per_second, per_frame, self._account.store.clock.now())

    def _admit(self, request: Request) -> None:
        if request.headers.get("x-auth-token", "") != f"api-key {self._account.switch('api_key')}":
            raise unauthorized()
        blocked = self._account.switch("blocked")
        if blocked:
            raise Refusal(BLOCKS[blocked], f"The account is blocked ({blocked})")


def too_many(account: Account, reading: Reading) -> Refusal:
    """Return the answer of a used-up allowance; it may or may not name the wait in a header of its own."""
    context = {"currentLimit": reading.limit, "timeToReset": f"{reading.reset_seconds} seconds"}
    headers = {"Retry-After": str(reading.reset_seconds)} if account.switch("retry_after") else {}
    return Refusal(1015, "Too many calls in the current time frame", context, headers)


def respond(answer: Answer, reading: Reading) -> Response:
    """Return an answer with the headers of the allowance."""
    content = b"" if answer.body is None else msgspec.json.encode(answer.body)
    return Response(
        content, answer.status, {**reading.headers(), **answer.headers}, "application/json; charset=utf-8" if content else None
    )


def _json(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        raise Refusal(1021, "The request body is not JSON") from None


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise Refusal(1021, "X-Time-Zone names no time zone") from None
