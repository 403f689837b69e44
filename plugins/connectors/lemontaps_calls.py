"""Calls to a Lemontaps team by the assumed contract, and what its refusals say.

No public interface for captured contacts is known; the lines of the contract that are assumed are listed in
`docs/connect-lemontaps.md`. SCIM 2.0 (RFC 7644) for the team's users is documented by the vendor.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from requests import Response

from connectors.answers import as_object, object_of
from connectors.errors import AuthError, PermanentError, quiet, shorten
from connectors.lemontaps_shapes import ANSWERS, Users
from connectors.session import Kind, Session

FORBIDDING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
USERS_PER_PAGE = 100

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """Where a team's interfaces are and what opens them; `scim_token` blank means that SCIM is not set up."""

    base_url: str
    token: str = field(repr=False)
    scim_url: str = ""
    scim_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class LemontapsCalls:
    """Sends requests with the team's token; refusals of the token are AuthError, other refusals are returned."""

    access: Access
    session: Session

    def send(self, method: str, path: str, kind: Kind, headers: Mapping[str, str] | None = None, **arguments: Any) -> Response:
        """Return the answer to a request below the team's address."""
        sent = {"Authorization": f"Bearer {self.access.token}", **(headers or {})}
        url = f"{self.access.base_url}/{path}"
        response = self.session.call(method, url, kind, headers=sent, answers=FORBIDDING, **arguments)
        if response.status_code in FORBIDDING:
            raise AuthError(_words(response, "the token in the password field of the connection and the team's rights"))
        return response

    def get(self, path: str, answers: Collection[int] = (), **params: str | int) -> Response:
        """Return a successful answer or one whose status `answers` lists."""
        response = self.send("GET", path, "read", params=params)
        if response.ok or response.status_code in answers:
            return response
        raise PermanentError(_words(response, "what docs/connect-lemontaps.md assumes of the interface"))

    def users(self) -> Iterator[Row]:
        """Yield the team's users as SCIM gives them, page by page."""
        headers = {"Authorization": f"Bearer {self.access.scim_token}"}
        start, total = 1, 1
        while start <= total:
            params = {"startIndex": start, "count": USERS_PER_PAGE}
            url = f"{self.access.scim_url}/Users"
            response = self.session.call("GET", url, "read", headers=headers, params=params, answers=FORBIDDING)
            if not response.ok:
                raise AuthError(_words(response, "scim_url and scim_token in the connection's extra field"))
            body = ANSWERS.read(response, Users)
            yield from body.get("Resources") or []
            total, start = body["totalResults"], start + max(1, body.get("itemsPerPage") or USERS_PER_PAGE)


def problem_of(response: Response) -> Problem:
    """Read the contract's envelope `{"error": {"code", "message", "fields"}}`; RFC 7644 has `scimType` and `detail`."""
    body = object_of(response)
    inner = body.get("error")
    error = inner if isinstance(inner, Mapping) else body
    code = str(error.get("code") or error.get("scimType") or response.status_code)
    fields = "; ".join(f"{name} {_listed(words)}" for name, words in as_object(error.get("fields")).items())
    message = " ".join(str(part) for part in (error.get("message"), error.get("detail"), fields) if part)
    return Problem(code, shorten(message or f"status {response.status_code}"))


def _words(response: Response, check: str) -> str:
    problem = problem_of(response)
    return f"Lemontaps refuses the call: {response.status_code} {problem.code}: {quiet(problem.message)} Check {check}."


def _listed(words: Any) -> str:
    return ", ".join(map(str, words)) if isinstance(words, list) else str(words)
