"""Calls to the ActiveCampaign REST API v3, and its many error bodies in one shape."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from connectors.activecampaign_shapes import ANSWERS, listed
from connectors.answers import as_object, object_of, objects_in
from connectors.errors import AuthError, EditionError, PermanentError, TransientError, quiet, shorten
from connectors.session import Kind, Session

LARGEST_PAGE = 100
PAGES_LIMIT = 20_000
RESTARTS_LIMIT = 5
FORBIDDEN_TRIES = 3  # a 403 now and then passes by itself
FORBIDDING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
BY_PLAN = ("deals", "dealGroups", "dealStages", "dealCustomFieldMeta", "dealCustomFieldData", "accounts", "accountContacts")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused."""

    code: str
    message: str


class RefusedError(Exception):
    """One row is refused; the others go on. Never leaves the connector."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class ActiveCampaignCalls:
    """Sends requests with an API key; `send` returns refusals, `get` raises them as PermanentError.

    A refusal of the key or of its rights is an AuthError from both.
    """

    base_url: str
    api_key: str = field(repr=False)
    session: Session

    def send(self, method: str, path: str, kind: Kind, *, is_safe: bool = False, **arguments: Any) -> Response:
        """Return the answer to a request below `/api/3/`."""
        url, headers = f"{self.base_url}/api/3/{path}", {"Api-Token": self.api_key, "Accept": "application/json"}
        for _ in range(FORBIDDEN_TRIES if method == "GET" else 1):
            response = self.session.call(method, url, kind, is_safe=is_safe, headers=headers, answers=FORBIDDING, **arguments)
            if response.status_code != HTTPStatus.FORBIDDEN:
                break
        if response.status_code in FORBIDDING:
            raise _forbidden(path, response)
        return response

    def get(self, path: str, params: Collection[tuple[str, str | int]] = ()) -> Response:
        """Return a successful answer."""
        return expect(self.send("GET", path, "read", params=list(params)))

    def view(self, path: str) -> Response:
        """Return the answer for one record, 404 where there is none."""
        response = self.send("GET", path, "read")
        return response if response.status_code == HTTPStatus.NOT_FOUND else expect(response)

    def rows(self, kind: str, params: Collection[tuple[str, str | int]] = ()) -> Iterator[Row]:
        """Yield all rows of a list; a row may come twice where the list shrinks while it is read."""
        for response in self.pages(kind, params):
            yield from read(response, kind)[kind]

    def pages(self, kind: str, params: Collection[tuple[str, str | int]] = ()) -> Iterator[Response]:
        """Yield the pages of a list that is read by offset, from the beginning again when rows vanish underneath."""
        for _ in range(RESTARTS_LIMIT):
            expected, offset = None, 0
            for _ in range(PAGES_LIMIT):
                response = self.get(kind, [*params, ("limit", LARGEST_PAGE), ("offset", offset)])
                body = read(response, kind)
                total = int((body.get("meta") or {}).get("total") or 0)
                if expected is not None and total < expected:
                    break
                yield response
                expected, count = total, len(body[kind])
                offset += count
                if not count or (count < LARGEST_PAGE and offset >= total):
                    return
            else:
                raise PermanentError(f"ActiveCampaign's list {kind} is longer than {PAGES_LIMIT} pages.")
        raise TransientError(f"ActiveCampaign's list {kind} shrinks faster than it can be read. The task is retried later.")


def read(response: Response, kind: str) -> Row:
    """Return the body of one page of a list, with what comes along."""
    return dict(ANSWERS.read(response, listed(kind)))


def _forbidden(path: str, response: Response) -> AuthError:
    words = f"{response.status_code} {quiet(problem_of(response).message)}"
    kind = path.partition("/")[0]
    if kind in BY_PLAN:
        return EditionError(
            f"ActiveCampaign forbids {kind} ({words}): the plan has no deals or accounts, or the key's user no right to them. "
            "Choose a plan with them, or switch the entity off in settings.yaml."
        )
    return AuthError(
        f"ActiveCampaign refuses {kind} ({words}). Check host and password (the API key) in the connection, "
        "and the permissions of the key's user."
    )


def expect(response: Response) -> Response:
    """Return a successful answer, raise a refusal as PermanentError."""
    if response.ok:
        return response
    problem = problem_of(response)
    path = urlsplit(response.url).path
    raise PermanentError(f"ActiveCampaign refused {path}: {response.status_code} {problem.code} {quiet(problem.message)}")


def accepted(response: Response) -> Response:
    """Return a successful answer to the write of a row, raise RefusedError for any other."""
    if not response.ok:
        raise RefusedError(problem_of(response))
    return response


def problem_of(response: Response) -> Problem:
    """Read any of the API's error shapes: `errors[]`, `errors` as text, `message` with reasons, else the status alone."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        return Problem("not_found", "There is no such record.")
    body = object_of(response)
    errors = body.get("errors")
    if isinstance(errors, str):
        return Problem(str(response.status_code), shorten(errors))
    rows = objects_in(errors)
    reasons = "; ".join(_words(row) for row in rows) or _words(body)
    code = next((str(row["code"]) for row in rows if row.get("code")), str(response.status_code))
    return Problem(code, shorten(reasons or f"status {response.status_code}"))


def _words(row: Mapping[str, Any]) -> str:
    source = as_object(row.get("source"))
    place = str(source.get("pointer") or source.get("parameter") or "").removeprefix("/data/attributes/")
    parts = [place, str(row.get("title") or ""), str(row.get("detail") or ""), str(row.get("message") or "")]
    return " ".join(part for part in parts if part)
