"""The API as an ASGI app: allowance, token, plan, then the endpoint."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.activecampaign import deals, imports, pages
from sandbox.activecampaign.errors import forbidden
from sandbox.activecampaign.exchange import Ask, Handler
from sandbox.activecampaign.limits import CALLS_PER_SECOND, Reading
from sandbox.activecampaign.listing import list_contacts, list_plain
from sandbox.activecampaign.panel import Panel
from sandbox.activecampaign.resources import CONTACT_LISTS, CONTACT_TAGS, FIELDS, RESOURCES, USERS, Resource
from sandbox.exchange import AccountApi, Answer, Refusal, Routes, client_base

PREFIX = "/api/3"
CRM = frozenset({*(kind for kind, resource in RESOURCES.items() if resource.is_crm), "deals"})


def _plain(resource: Resource) -> dict[str, dict[str, Handler]]:
    """The five endpoints of a plain kind."""
    return {
        f"/{resource.kind}": {"GET": partial(list_plain, resource), "POST": partial(pages.create, resource)},
        f"/{resource.kind}/{{id}}": {
            "GET": partial(pages.view, resource),
            "PUT": partial(pages.update, resource),
            "DELETE": partial(pages.delete, resource),
        },
    }


ENDPOINTS: dict[str, dict[str, Handler]] = {
    "/contacts": {"GET": list_contacts, "POST": pages.create_contact},
    "/contacts/{id}": {"GET": pages.view_contact, "PUT": pages.update_contact, "DELETE": pages.delete_contact},
    "/contact/sync": {"POST": pages.sync_contact},
    f"/contacts/{{id}}/{{kind:{'|'.join((*pages.SUB_KINDS, *pages.EMPTY_SUB_KINDS))}}}": {"GET": pages.view_sub_rows},
    "/import/bulk_import": {"GET": imports.list_imports, "POST": imports.start_import},
    "/import/info": {"GET": imports.view_import},
    "/fieldOption/bulk": {"POST": pages.create_options},
    "/deals": {"GET": deals.list_deals, "POST": deals.create_deal},
    "/deals/{id}": {"GET": deals.view_deal, "PUT": deals.update_deal, "DELETE": deals.delete_deal},
    "/deals/{id}/dealCustomFieldData": {"GET": deals.deal_data},
    "/users/me": {"GET": pages.view_me},
}
for _resource in RESOURCES.values():
    ENDPOINTS |= _plain(_resource)
ENDPOINTS["/tags"]["POST"] = pages.create_tag
ENDPOINTS["/contactTags"]["POST"] = pages.tag_contact
ENDPOINTS["/contactTags/{id}"] = {"GET": partial(pages.view, CONTACT_TAGS), "DELETE": pages.untag_contact}
ENDPOINTS["/contactLists"]["POST"] = pages.set_list_status
ENDPOINTS["/contactLists/{id}"] = {"GET": partial(pages.view, CONTACT_LISTS)}
ENDPOINTS["/fields"] = {"GET": partial(pages.list_fields, partial(list_plain, FIELDS)), "POST": pages.create_field}
ENDPOINTS["/fieldValues"]["POST"] = pages.set_field_value
ENDPOINTS["/fieldValues/{id}"]["PUT"] = pages.update_field_value
ENDPOINTS["/accountContacts"]["POST"] = pages.join_account
ENDPOINTS["/dealGroups"]["POST"] = deals.create_group
ENDPOINTS["/dealCustomFieldMeta"]["POST"] = deals.create_field
ENDPOINTS["/users"].pop("POST")
ENDPOINTS["/users/{id}"] = {"GET": partial(pages.view, USERS)}


ROUTES = Routes(ENDPOINTS, PREFIX)
label = ROUTES.label


class Api(AccountApi):
    """Serves one account."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def forget(self) -> None:
        """Drop what is derived from records."""
        self._panel.forget()

    def respond(self, request: Request, content: Any) -> Response:
        """Return the answer; a refusal takes back what its endpoint has begun."""
        panel = self._panel
        imports.settle(panel)
        mark = panel.store.savepoint()
        reading = panel.meter.take(panel.store.clock.now()) if panel.switch("rate_limit") else Reading(CALLS_PER_SECOND - 1)
        try:
            answer = self._answer(request, content, reading)
        except Refusal as refusal:
            panel.store.rollback(mark)
            panel.forget()
            answer = Answer(refusal.status, refusal.body, refusal.headers)
        return response_of(answer, reading)

    def _answer(self, request: Request, content: bytes, reading: Reading) -> Answer:
        if reading.wait_seconds:
            raise too_many(self._panel, reading.wait_seconds)
        if request.headers.get("api-token") != self._panel.switch("api_token"):
            raise unauthorized()
        found = ROUTES.find(request.url.path)
        if found is None:
            raise Refusal(404, {"message": "No Result found"})
        words, verbs = found
        kind = request.url.path.removeprefix(PREFIX).split("/")[1]
        if kind in CRM and not self._panel.switch("crm_in_plan"):
            raise forbidden("Your plan does not include this feature.")
        if request.method not in verbs:
            raise Refusal(405, {"message": "Method not allowed"}, {"Allow": ", ".join(sorted(verbs))})
        ask = Ask(self._panel, client_base(request), words, list(request.query_params.multi_items()), _json(content))
        return verbs[request.method](ask)


def too_many(panel: Panel, seconds: float) -> Refusal:
    """Return the answer of a used-up allowance."""
    bodies: Mapping[str, Any] = {"json": {"message": "Too Many Requests"}, "text": "Too Many Requests"}
    return Refusal(429, bodies.get(str(panel.switch("rate_limit_body"))), {"Retry-After": str(seconds)})


def unauthorized() -> Refusal:
    """Return the answer to a wrong token."""
    return Refusal(403, {"message": "Forbidden"})


def response_of(answer: Answer, reading: Reading) -> Response:
    """Return an answer with the headers of the allowance."""
    headers = {"RateLimit-Limit": str(CALLS_PER_SECOND), "RateLimit-Remaining": str(reading.remaining)}
    headers |= {"Cache-Control": "no-store, no-cache, must-revalidate", **answer.headers}
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, headers, "text/plain")
    content = b"" if answer.body is None else msgspec.json.encode(answer.body)
    return Response(content, answer.status, headers, "application/json")


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content) if content else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(400, {}) from None
