"""Calls to the GetResponse API v3: key, pages, and its error bodies in one shape."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from connectors.answers import object_of
from connectors.errors import AuthError, PermanentError, RateLimitError, quiet, shorten
from connectors.getresponse_shapes import ANSWERS
from connectors.session import Kind, Session

PER_PAGE = 1000
BLOCK_SECONDS = 900.0  # how long a temporary block lasts, by the vendor's word
FORBIDDING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

GENERAL, RELATED, FORBIDDEN_STATE, TAKEN, GONE, BLOCKED = 1000, 1001, 1002, 1008, 1013, 1016
REASONS: Mapping[int, str] = {
    1014: "the API key is not accepted; unused keys expire after 90 days, make a new one",
    1017: "the account is blocked for good; its owner has to settle that with GetResponse",
    1018: "this machine's address is blocked; the account's owner has to settle that with GetResponse",
    1023: "the API key lacks a permission",
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused. `code` is the API's number, 0 where the body is none of its own."""

    code: int
    message: str


@dataclass(slots=True)
class GetResponseCalls:
    """Sends requests with an API key; `send` returns refusals, `get` raises them as PermanentError.

    `domain` is that of a MAX account, blank for all others. A refusal of the key or of the account raises AuthError from both.
    """

    base_url: str
    api_key: str = field(repr=False)
    session: Session
    domain: str = ""

    def send(self, method: str, path: str, kind: Kind, **arguments: Any) -> Response:
        """Return the answer to a request below `/v3/`."""
        headers = {"X-Auth-Token": f"api-key {self.api_key}"} | ({"X-Domain": self.domain} if self.domain else {})
        url = f"{self.base_url}/v3/{path}"
        response = self.session.call(method, url, kind, answers=FORBIDDING, headers=headers, **arguments)
        if response.status_code in FORBIDDING:
            raise _no_access(response)
        return response

    def get(self, path: str, params: Mapping[str, Any] | None = None, kind: Kind = "read") -> Response:
        """Return a successful answer."""
        return expect(self.send("GET", path, kind, params=params))

    def pages(
        self, path: str, params: Mapping[str, Any], shape: Any, body: Row | None = None
    ) -> Iterator[tuple[list[Row], Response]]:
        """Yield the rows of a collection page by page; the header TotalCount tells the end, for pages may be smaller than asked.

        `shape` is that of one row; `body` makes it a search, which is a POST that only reads.
        """
        page, seen = 1, 0
        while True:
            asked = {**params, "page": page, "perPage": PER_PAGE}
            method = "GET" if body is None else "POST"
            response = expect(self.send(method, path, "read", is_safe=True, params=asked, json=body))
            rows = ANSWERS.read(response, list[shape])
            yield rows, response
            seen += len(rows)
            if not rows or seen >= total(response):
                return
            page += 1


def total(response: Response) -> int:
    """Return how many rows the whole collection has. Raises PermanentError where the answer does not tell."""
    text = response.headers.get("TotalCount", "")
    if not text.isdecimal():
        raise PermanentError(
            f"GetResponse's list {urlsplit(response.url).path} came without TotalCount: its end cannot be known."
        )
    return int(text)


def expect(response: Response) -> Response:
    """Return a successful answer, raise a refusal as PermanentError."""
    if response.ok:
        return response
    problem = problem_of(response)
    raise PermanentError(f"GetResponse refused {urlsplit(response.url).path}: {response.status_code} {quiet(problem.message)}.")


def problem_of(response: Response) -> Problem:
    """Read the API's error body; its context, a list or an object, says which field is meant."""
    body = object_of(response)
    if not str(body.get("code")).isdecimal():
        return Problem(0, f"status {response.status_code}")
    context = body.get("context") or []
    entries = context if isinstance(context, list) else [context]
    details = [f"{e.get('fieldName', '')} {e.get('errorDescription', '')}".strip() for e in entries if isinstance(e, dict)]
    words = [str(body.get("message", "")), *(detail for detail in details if detail and detail not in str(body.get("message")))]
    return Problem(int(body["code"]), shorten(f"{body['code']} {'; '.join(words)}"))


def _no_access(response: Response) -> Exception:
    problem = problem_of(response)
    where = urlsplit(response.url).path
    if problem.code == BLOCKED:
        return RateLimitError(
            f"GetResponse blocks the account for about 15 minutes ({where}: {quiet(problem.message)}).", BLOCK_SECONDS
        )
    reason = REASONS.get(problem.code, "check the API key and its rights")
    return AuthError(f"GetResponse refuses {where} ({response.status_code} {quiet(problem.message)}): {reason}.")
