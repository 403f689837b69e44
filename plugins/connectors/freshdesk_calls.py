"""Calls to the Freshdesk REST API v2, and its error bodies in one shape."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from connectors.answers import as_object, object_of, objects_in, words_of
from connectors.errors import AuthError, EditionError, PermanentError, quiet, shorten
from connectors.session import Kind, Session

DUPLICATE = "duplicate_value"
SINCE_NAMES = ("updated_since", "_updated_since")  # the second is that of the older reference

FORBIDDING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
NO_API: Mapping[str, str] = {
    "require_feature": "This Freshdesk account's plan has no API access (require_feature): choose a plan with it.",
    "account_suspended": "This Freshdesk account is suspended (account_suspended): its owner has to settle that with Freshdesk.",
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused; `owner_id` is the record that holds the value already, where the API names it."""

    code: str
    message: str
    owner_id: str | None = None


@dataclass(slots=True)
class FreshdeskCalls:
    """Sends requests with an API key; `send` returns refusals, `get` raises them as PermanentError.

    Refusals of the key or of the whole account are AuthError and EditionError from both.
    """

    base_url: str
    api_key: str = field(repr=False)
    session: Session
    since_names: tuple[str, str] = SINCE_NAMES

    def send(self, method: str, path: str, kind: Kind, answers: Collection[int] = (), **arguments: Any) -> Response:
        """Return the answer to a request below `/api/v2/`; a 401 or 403 only if `answers` lists it."""
        url, seen = f"{self.base_url}/api/v2/{path}", {*answers, *FORBIDDING}
        response = self.session.call(method, url, kind, auth=(self.api_key, "X"), answers=seen, **arguments)
        if response.status_code in FORBIDDING:
            _check_access(response, answers)
        return response

    def get(self, path: str, **params: str | int) -> Response:
        """Return a successful answer."""
        return expect(self.send("GET", path, "read", params=params))

    def view(self, path: str, id: str) -> Response:
        """Return the answer for one record, 404 where there is none."""
        response = self.send("GET", f"{path}/{id}", "read")
        return response if response.status_code == HTTPStatus.NOT_FOUND else expect(response)

    def list(self, path: str, params: Mapping[str, str | int], since: datetime | None) -> Response:
        """Return one page of a list; accounts differ in the name of the filter by time, which is found out once."""
        if since is None:
            return self.get(path, **params)
        stamp = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        response = self.send("GET", path, "read", params={**params, self.since_names[0]: stamp})
        if response.status_code == HTTPStatus.BAD_REQUEST and problem_of(response).code == "invalid_field":
            self.since_names = (self.since_names[1], self.since_names[0])
            return self.get(path, **{**params, self.since_names[0]: stamp})
        return expect(response)


def _check_access(response: Response, answers: Collection[int]) -> None:
    problem = problem_of(response)
    words = f"{response.status_code} {problem.code}: {quiet(problem.message)}"
    if problem.code in NO_API:
        raise EditionError(NO_API[problem.code])
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise AuthError(f"Freshdesk refuses the API key ({words}). Check host and password in the connection.")
    if response.status_code not in answers:
        raise AuthError(f"Freshdesk forbids {urlsplit(response.url).path} ({words}). Check the rights of the API key's agent.")


def expect(response: Response) -> Response:
    """Return a successful answer, raise a refusal as PermanentError."""
    if response.ok:
        return response
    path = urlsplit(response.url).path
    raise PermanentError(f"Freshdesk refused {path}: {response.status_code} {quiet(words_of(response))}.")


def problem_of(response: Response) -> Problem:
    """Read any of the API's error shapes: `errors[]`, else code and message, else the status alone."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        return Problem("not_found", "There is no such record.")
    body = object_of(response)
    errors = objects_in(body.get("errors")) or [body]
    chosen = next((error for error in errors if error.get("code") == DUPLICATE), errors[0])
    owner = as_object(chosen.get("additional_info")).get("user_id")
    message = "; ".join(f"{error.get('field', '')} {error.get('message', '')}".strip() for error in errors)
    code = str(chosen.get("code") or response.status_code)
    return Problem(code, shorten(message or f"status {response.status_code}"), str(owner) if owner else None)
