"""Calls to the Salesforce REST API: the access token with one new login per failed call, and errors as exceptions."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from requests import PreparedRequest, Response

from connectors.errors import AuthError, EditionError, PermanentError, RateLimitError, SyncError, TransientError, quiet, shorten
from connectors.salesforce_shapes import ANSWERS, Composite, Query
from connectors.salesforce_soql import long_id
from connectors.session import Kind, LostAnswerError, Session
from connectors.shapes import having, many

VERSION = "59.0"
QUERIES_PER_CALL = 5  # the limit of queries in one composite call
ADDRESS_CHARACTERS = 8_000  # of a query in a GET; servers refuse addresses above 16 KB
DAILY_WAIT_SECONDS = 3600.0  # the daily limit is a rolling one
TRUSTED_HOSTS = (".salesforce.com", ".force.com", ".cloudforce.com", ".salesforce.mil", ".sfcrmproducts.cn")
INSTANCE = re.compile(r"https://([a-z0-9.-]+)(:\d+)?/?", re.IGNORECASE)  # nothing that two parsers could read in two ways
# A new login cannot cure these.
HOPELESS_TOKENS = ("not valid for use with the REST API", "Connected app is not attached to Agent")
LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
TRANSIENT_CODES = frozenset({
    "API_CURRENTLY_DISABLED", "API_TEMPORARILY_UNAVAILABLE", "FIND_DUPLICATES_ERROR",
    "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE", "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
    "MATCH_SERVICE_UNAVAILABLE_ERROR", "ORG_IN_MAINTENANCE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG",
    "SERVER_UNAVAILABLE", "TOO_MANY_APEX_REQUESTS", "UNABLE_TO_LOCK_ROW",
})  # fmt: skip

Login = Callable[[], tuple[str, str]]
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as the API words it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request below the versioned root."""

    method: str
    path: str
    body: Body | None = None


class ApiError(PermanentError):
    """The API refused a whole request; `code` is its own."""

    def __init__(self, message: str, status: int, problem: Problem) -> None:
        super().__init__(message)
        self.status = status
        self.code = problem.code
        self.words = problem.message


class SalesforceCalls:
    """Sends requests with a token from `login()`, which gives (access token, instance URL) and is asked only when needed."""

    def __init__(self, login: Login, session: Session, version: str = VERSION, headers: Mapping[str, str] | None = None) -> None:
        self.session = session
        self.root = f"/services/data/v{version}"
        self._login = login
        self._headers = {"Accept": "application/json"} | dict(headers or {})
        self._token = ""
        self._instance = ""

    def call(self, method: str, path: str, kind: Kind, *, headers: Mapping[str, str] | None = None, **arguments: Any) -> Response:
        """Return a successful answer; `path` begins below the versioned root, or with a slash at the host.

        Raises ApiError for a refused request, AuthError, RateLimitError, TransientError, LostAnswerError.
        """
        path = path if path.startswith("/") else f"{self.root}/{path}"
        arguments["headers"] = self._headers | dict(headers or {})
        response = self._send(method, path, kind, arguments)
        if response.status_code == HTTPStatus.UNAUTHORIZED and not any(text in response.text for text in HOPELESS_TOKENS):
            self._token = ""
            response = self._send(method, path, kind, arguments)
        if not response.ok:
            raise error_of(path, response.status_code, problem_of(_body(response)))
        return response

    def pages(self, soql: str, verb: str = "query") -> Iterator[tuple[Response, Body]]:
        """Yield the answers to a query and their bodies, page by page; `queryAll` sees deleted records too.

        A query too long for an address travels in a body.
        """
        if len(quote(soql)) > ADDRESS_CHARACTERS:
            response, [body] = self._compose([soql], verb)
        else:
            response = self.call("GET", verb, "read", params={"q": soql})
            body = ANSWERS.read(response, Query)
        yield response, body
        while following := body.get("nextRecordsUrl"):
            response = self.call("GET", following, "read")
            body = ANSWERS.read(response, Query)
            yield response, body

    def rows(self, soql: str, *names: str) -> list[dict[str, Any]]:
        """Return all rows of a small query that asks for these fields."""
        pages = self.pages(soql)
        return [row for answer, body in pages for row in ANSWERS.check(answer, body["records"], many(having(*names)))]

    def together(self, queries: Sequence[str], verb: str = "query") -> tuple[Response, list[dict[str, Any]]]:
        """Ask up to five queries in one call; values in them travel in the body, not in the URL.

        Returns the answer and the rows of all queries.
        """
        response, bodies = self._compose(queries, verb)
        return response, [row for body in bodies for row in self._rows_from(body)]

    def write_together(self, requests: Sequence[Request], headers: Mapping[str, str] | None, is_safe: bool) -> list[Any]:
        """Send up to five packets of records in one call; return for each its rows or the exception it deserves.

        Raises LostAnswerError where nobody knows what became of them, ApiError where the call was refused as a whole.
        """
        own = {name: value for name, value in (self._headers | dict(headers or {})).items() if name != "Accept"}
        parts = [
            {"method": each.method, "url": f"{self.root}/{each.path}", "referenceId": f"packet{number}", "httpHeaders": own}
            | ({"body": each.body} if each.body else {})
            for number, each in enumerate(requests)
        ]
        body = {"allOrNone": False, "collateSubrequests": False, "compositeRequest": parts}
        response = self.call("POST", "composite", "write", is_safe=is_safe, json=body, patience=len(requests))
        answers = ANSWERS.written(response, Composite)["compositeResponse"]
        if len(answers) != len(requests):
            raise LostAnswerError(
                f"Salesforce answered {len(answers)} packets of {len(requests)}. They are looked up before a repeat."
            )
        return [_rows_or_error(f"{self.root}/composite", part) for part in answers]

    def _compose(self, queries: Sequence[str], verb: str) -> tuple[Response, list[Body]]:
        requests = [
            {"method": "GET", "url": f"{self.root}/{verb}?q={quote(soql, safe='')}", "referenceId": f"query{number}"}
            for number, soql in enumerate(queries)
        ]
        body = {"allOrNone": False, "compositeRequest": requests}
        response = self.call("POST", "composite", "read", is_safe=True, json=body)
        parts = ANSWERS.read(response, Composite)["compositeResponse"]
        ANSWERS.check_count(response, parts, len(queries))
        for part in parts:
            if part["httpStatusCode"] >= HTTPStatus.BAD_REQUEST:
                raise error_of(f"{self.root}/composite", part["httpStatusCode"], problem_of(part["body"]))
        return response, [ANSWERS.check(response, part["body"], Query) for part in parts]

    def _rows_from(self, body: Body) -> Iterator[dict[str, Any]]:
        yield from body["records"]
        while following := body.get("nextRecordsUrl"):
            body = ANSWERS.read(self.call("GET", following, "read"), Query)
            yield from body["records"]

    def org_id(self) -> str:
        """Log in unless we are, and return the 18 characters of the org id, with which every token begins."""
        self._log_in()
        return long_id(self._token.partition("!")[0])

    def _log_in(self) -> None:
        if not self._token:
            token, instance = self._login()
            self._check(instance)
            self._token, self._instance = token, instance.rstrip("/")

    def _send(self, method: str, path: str, kind: Kind, arguments: Mapping[str, Any]) -> Response:
        self._log_in()
        seen = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        return self.session.call(method, self._instance + path, kind, auth=self._sign, answers=seen, **arguments)

    def _sign(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def _check(self, instance: str) -> None:
        found = INSTANCE.fullmatch(instance)
        if not self.session.loopback and not (found and found[1].casefold().endswith(TRUSTED_HOSTS)):
            raise AuthError(
                f"The login names {shorten(instance)!r} as its server, which is not one of Salesforce's: no token is sent there. "
                "Check the connection's domain, and who answers there."
            )


def _rows_or_error(path: str, part: Body) -> Any:
    status = part["httpStatusCode"]
    if status < HTTPStatus.BAD_REQUEST:
        return part["body"]
    problem = problem_of(part["body"])
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return LostAnswerError(f"Salesforce failed in {path}: {status} {problem.code}. It is looked up before a repeat.")
    return error_of(path, status, problem)


def is_busy(response: Response) -> bool:
    """Tell whether Salesforce asks for fewer calls at once, which it says with a 403."""
    return response.status_code == HTTPStatus.FORBIDDEN and LIMIT_EXCEEDED in response.text and "Concurrent" in response.text


def problem_of(body: Any) -> Problem:
    """Read any of the API's error bodies: a list of errors, one error, a token error, or none that can be read."""
    errors = [error for error in (body if isinstance(body, list) else [body]) if isinstance(error, Mapping)]
    first = errors[0] if errors else {}
    code = first.get("errorCode") or first.get("statusCode") or first.get("error") or ""
    words = [str(error.get("message") or error.get("error_description") or "") for error in errors]
    return Problem(str(code), shorten("; ".join(filter(None, words))))


def error_of(path: str, status: int, problem: Problem) -> SyncError:
    """Return the exception that says what to do about a refused request."""
    words = f"{status} {problem.code} {quiet(problem.message)}".strip()
    if status == HTTPStatus.UNAUTHORIZED:
        return AuthError(f"Salesforce does not accept our access token, not even a new one: {words}. Check app and user.")
    if problem.code == LIMIT_EXCEEDED:
        return RateLimitError(f"Salesforce's daily limit of API calls is used up: {quiet(problem.message)}", DAILY_WAIT_SECONDS)
    if problem.code == "API_DISABLED_FOR_ORG":
        return EditionError(
            "This Salesforce org or user has no API access (API_DISABLED_FOR_ORG): it needs Enterprise edition or higher, "
            "or Professional with the API add-on, and the user the permission 'API Enabled'."
        )
    if problem.code in TRANSIENT_CODES:
        return TransientError(f"Salesforce cannot answer {path} now: {words}. The task is retried later.")
    if status == HTTPStatus.FORBIDDEN:
        return AuthError(f"Salesforce forbids {path}: {words}. Check the rights of the integration user.")
    return ApiError(f"Salesforce refused {path}: {words}.", status, problem)


def _body(response: Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
