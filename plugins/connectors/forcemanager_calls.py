"""Calls to the ForceManager API v4: the session token with one new login per failed call, errors in one shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from connectors.abreast import one_at_a_time
from connectors.errors import AuthError, PermanentError, quiet, shorten
from connectors.forcemanager_shapes import ANSWERS, Token
from connectors.session import Kind, Session

NO_DATABASE = "900"  # the vendor's code for "database connection cannot be made": nothing was done
NO_SUCH_RECORD = "910"
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CODE_KEYS = ("code", "errorcode")
MESSAGE_KEYS = ("message", "error", "detail")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused, in the API's own words."""

    code: str
    message: str


@dataclass(slots=True)
class ForceManagerCalls:
    """Sends requests below `base_url` (`https://api.forcemanager.com/api/v4`); refusals are returned, except those of the keys."""

    base_url: str
    public_key: str = field(repr=False)
    private_key: str = field(repr=False)
    session: Session
    lock: RLock = field(default_factory=RLock, repr=False)
    _token: str = field(default="", repr=False)

    def send(self, method: str, path: str, kind: Kind, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
        """Return the answer; a token that ended is renewed once."""
        used = self._token_after("")
        for attempt in ("with the token we have", "with a new one"):
            response = self._call(method, path, kind, headers={**(headers or {}), "X-Session-Key": used}, **more)
            if response.status_code != HTTPStatus.UNAUTHORIZED:
                break
            if attempt == "with a new one":
                raise AuthError("ForceManager refuses a token that it has just given (401): ask its support about this key.")
            used = self._token_after(used)
        if response.status_code == HTTPStatus.FORBIDDEN:
            raise AuthError(
                f"ForceManager forbids {path} ({quiet(problem_of(response).message)}). Check the rights of the API key."
            )
        return response

    def get(self, path: str, **more: Any) -> Response:
        """Return a successful answer."""
        return expect(self.send("GET", path, "read", **more))

    @one_at_a_time
    def _token_after(self, refused: str) -> str:
        """Return the token, a new one if there is none yet but the one that was `refused`."""
        return self._log_in() if self._token == refused else self._token

    def _log_in(self) -> str:
        keys = {"username": self.public_key, "password": self.private_key}
        response = self._call("POST", "login", "auth", is_safe=True, json=keys)
        token = ANSWERS.read(response, Token)["token"] if response.ok else None
        if not token:
            words = f"{response.status_code} {problem_of(response).message}".strip()
            raise AuthError(f"ForceManager refuses the API keys ({words}). Check login and password in the connection.")
        self._token = str(token)
        return self._token

    def _call(self, method: str, path: str, kind: Kind, **more: Any) -> Response:
        return self.session.call(method, f"{self.base_url}/{path}", kind, answers=REFUSED, **more)


def is_busy(response: Response) -> bool:
    """Tell whether there was no database: nothing was done, the same call may be repeated."""
    return response.status_code == HTTPStatus.BAD_REQUEST and problem_of(response).code == NO_DATABASE


def expect(response: Response) -> Response:
    """Return a successful answer, raise a refusal as PermanentError."""
    if response.ok:
        return response
    problem = problem_of(response)
    raise PermanentError(f"ForceManager refused {urlsplit(response.url).path}: {problem.code} {quiet(problem.message)}.")


def problem_of(response: Response) -> Problem:
    """Read any of the API's error shapes: keys in any case, plain text, or the status alone."""
    try:
        body = response.json()
    except ValueError:
        body = {"message": response.text}
    words = {str(key).casefold(): value for key, value in body.items()} if isinstance(body, Mapping) else {"message": body}
    code = next((words[key] for key in CODE_KEYS if words.get(key)), response.status_code)
    message = next((words[key] for key in MESSAGE_KEYS if words.get(key)), f"status {response.status_code}")
    return Problem(str(int(code) if isinstance(code, HTTPStatus) else code), shorten(str(message)))
