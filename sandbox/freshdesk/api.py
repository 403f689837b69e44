"""The API as an ASGI app: allowance, key, account, content types, then the endpoint."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.exchange import AccountApi, Answer, Refusal, Routes, client_base
from sandbox.freshdesk import account, fields, jobs, listing, pages, search
from sandbox.freshdesk.desk import Desk
from sandbox.freshdesk.errors import not_allowed, not_found, plain
from sandbox.freshdesk.exchange import Ask, Handler
from sandbox.freshdesk.limits import PLANS, Plan, Reading

PREFIX = "/api/v2"
VERSION = {"X-Freshdesk-Api-Version": "latest=v2; requested=v2"}

ENDPOINTS: Mapping[str, Mapping[str, Handler]] = {
    "/contacts": {"GET": listing.list_contacts, "POST": pages.create_contact},
    "/contacts/autocomplete": {"GET": pages.suggest_contacts},
    "/contacts/merge": {"POST": pages.merge_contacts},
    "/contacts/{id}": {"GET": pages.view_contact, "PUT": pages.update_contact, "DELETE": pages.delete_contact},
    "/contacts/{id}/hard_delete": {"DELETE": pages.erase_contact},
    "/contacts/{id}/restore": {"PUT": pages.restore_contact},
    "/contacts/{id}/send_invite": {"PUT": pages.invite_contact},
    "/companies": {"GET": listing.list_companies, "POST": pages.create_company},
    "/companies/autocomplete": {"GET": pages.suggest_companies},
    "/companies/{id}": {"GET": pages.view_company, "PUT": pages.update_company, "DELETE": pages.delete_company},
    "/search/contacts": {"GET": search.search_contacts},
    "/search/companies": {"GET": search.search_companies},
    "/{kind:contacts|companies}/export": {"POST": jobs.start_export},
    "/{kind:contacts|companies}/export/{id}": {"GET": jobs.view_export, "POST": jobs.view_export},
    "/{kind:contacts|companies}/imports": {"GET": jobs.list_imports, "POST": jobs.start_import},
    "/{kind:contacts|companies}/imports/{id}": {"GET": jobs.view_import},
    "/{kind:contacts|companies}/imports/{id}/cancel": {"PUT": jobs.cancel_import},
    "/{kind:contact_fields|company_fields}": {"GET": fields.list_fields, "POST": fields.create_field},
    "/{kind:contact_fields|company_fields}/{id}": {
        "GET": fields.view_field, "PUT": fields.update_field, "DELETE": fields.delete_field,
    },
    "/account": {"GET": account.view_account},
    "/agents": {"GET": account.list_agents},
    "/agents/me": {"GET": account.view_me},
    "/agents/{id}": {"GET": account.view_agent},
}  # fmt: skip


ROUTES = Routes(ENDPOINTS, PREFIX)
label = ROUTES.label
DOWNLOAD = re.compile(r"/download/(contacts|companies)/(\w+)\.csv")


class Api(AccountApi):
    """Serves one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def content(self, request: Request) -> Any:
        """Return the body, or the parts of a form."""
        if not _is_form(request):
            return await super().content(request)
        async with request.form() as form:
            return {name: await part.read() if isinstance(part, UploadFile) else part for name, part in form.items()}

    def forget(self) -> None:
        """Drop what is derived from records."""
        self._desk.forget()

    def respond(self, request: Request, content: Any) -> Response:
        """Return the answer."""
        download = DOWNLOAD.fullmatch(request.url.path)
        reading = self._meter(request)
        try:
            if download is not None:
                return self._download(download[1], download[2], request.query_params.get("until", ""))
            answer = self._answer(request, content, reading)
        except Refusal as refusal:
            answer = Answer(refusal.status, self._shaped(refusal), refusal.headers)
        return _response(answer, _allowance(reading))

    def _answer(self, request: Request, content: Any, reading: Reading) -> Answer:
        if reading.wait_seconds:
            raise too_many(reading.wait_seconds)
        self._admit(request)
        found = ROUTES.find(request.url.path)
        if found is None:
            raise not_found()
        words, verbs = found
        if request.method not in verbs:
            raise not_allowed(request.method, list(verbs))
        _check_types(request)
        base = client_base(request)
        form, body = (content, None) if _is_form(request) else ({}, _json(content))
        query = dict(request.query_params)
        return verbs[request.method](Ask(self._desk, request.method, base, request.url.path, words, query, body, form))

    def _download(self, kind: str, number: str, until: str) -> Response:
        return PlainTextResponse(jobs.download(self._desk, kind, number, until), media_type="text/csv")

    def _meter(self, request: Request) -> Reading:
        plan = _plan(self._desk)
        if not self._desk.switch("rate_limit"):
            return Reading(plan.calls, plan.calls - 1)
        is_list = request.method == "GET" and request.url.path == f"{PREFIX}/contacts"
        return self._desk.meter.take(plan, is_list, self._desk.store.clock.now())

    def _admit(self, request: Request) -> None:
        if _key(request.headers.get("authorization", "")) != self._desk.switch("api_key"):
            raise unauthorized()
        if self._desk.switch("account_suspended"):
            raise plain(403, "account_suspended", "Your account has been suspended.")
        if not self._desk.switch("api_in_plan"):
            raise plain(403, "require_feature", "The API feature is not supported in your plan. Please upgrade.")

    def _shaped(self, refusal: Refusal) -> Any:
        if refusal.status == 403 and refusal.body and self._desk.switch("nested_403"):
            return {"description": "Access denied", "errors": [refusal.body]}
        return refusal.body


def too_many(seconds: float) -> Refusal:
    """Return the answer of a used-up allowance."""
    body = {"message": "You have exceeded the limit of requests per minute"}
    return Refusal(429, body, {"Retry-After": str(seconds)})


def unauthorized() -> Refusal:
    """Return the answer to a wrong key."""
    return plain(401, "invalid_credentials", "You have to be logged in to perform this action.")


def refused(refusal: Refusal, headers: Mapping[str, str]) -> Response:
    """Return a refusal that did not come from an endpoint as a response."""
    return _response(Answer(refusal.status, refusal.body, refusal.headers), headers)


def spent(desk: Desk) -> dict[str, str]:
    """Return the headers of an allowance that is used up."""
    return _allowance(Reading(_plan(desk).calls, 0))


def _plan(desk: Desk) -> Plan:
    return PLANS[str(desk.switch("plan")).lower()]


def _allowance(reading: Reading) -> dict[str, str]:
    return {
        "X-Ratelimit-Total": str(reading.total),
        "X-Ratelimit-Remaining": str(reading.remaining),
        "X-Ratelimit-Used-CurrentRequest": "1",
    }


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


def _json(content: bytes) -> Any:
    if not content:
        return {}
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise plain(400, "invalid_json", "Request body has invalid json format") from None


def _check_types(request: Request) -> None:
    wanted = [kind.split(";")[0].strip() for kind in request.headers.get("accept", "*/*").split(",")]
    if not {"*/*", "application/*", "application/json"} & set(wanted):
        raise Refusal(406)
    given = request.headers.get("content-type", "application/json").split(";")[0].strip()
    is_import = request.method == "POST" and request.url.path.endswith("/imports")
    if request.method in ("POST", "PUT") and given != ("multipart/form-data" if is_import else "application/json"):
        message = f"Content-Type header is set to {given}. It should be application/json"
        raise plain(415, "invalid_content_type", message)


def _key(authorization: str) -> str:
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _response(answer: Answer, headers: Mapping[str, str]) -> Response:
    content = b"" if answer.body is None else msgspec.json.encode(answer.body)
    media_type = "application/json; charset=utf-8" if content else None
    return Response(content, answer.status, {**headers, **VERSION, **answer.headers}, media_type)
