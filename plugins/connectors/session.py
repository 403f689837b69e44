"""One HTTP session for all connectors: timeouts, retries, redacted log lines and call counts live only here.

A request is repeated when its answer may differ the next time: 429, 408, 5xx, a broken connection, half an answer. A POST that is
not safe is repeated only where the server surely did not process it; its lost answer is a `LostAnswerError`, not a second record.
"""

import logging
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError

from connectors.answers import is_json, is_loopback, is_page, redact, retry_after_seconds, words_of
from connectors.errors import AuthError, PermanentError, RateLimitError, TransientError, quiet
from connectors.pace import Allowance, Pace

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
TOTAL_SECONDS = 120.0
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
DEFAULT_RATE_WAIT_SECONDS = 60.0
BUSY_STATUSES = frozenset({420, HTTPStatus.TOO_MANY_REQUESTS})
UNKNOWN_HOST = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})
REPEATABLE_METHODS = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})

Kind = Literal["read", "write", "auth"]
Media = Literal["json", "csv", "any"]  # what is expected: a web page instead of JSON or CSV is none of the API's
OnCall = Callable[[str, Mapping[str, str]], None]

log = logging.getLogger(__name__)
# Its DEBUG lines carry whole URLs, hence e-mail addresses.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class LostAnswerError(TransientError):
    """A write left and its answer did not come: it may have happened. Connectors turn it into `unknown` results."""


class _TryAgainError(Exception):
    """One attempt failed in a way that a repeat may cure; `was_sent` means that the server may have processed it."""

    def __init__(self, reason: str, was_sent: bool, is_limit: bool = False, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.was_sent = was_sent
        self.is_limit = is_limit
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class _Call:
    """One call with all its attempts."""

    method: str
    url: str
    kind: Kind
    is_repeatable: bool
    media: Media = "json"
    was_sent: bool = False

    def __str__(self) -> str:
        return f"{self.method} {redact(self.url)}"

    def may_repeat(self, error: BaseException) -> bool:
        """Tell whether another attempt cannot do the work twice."""
        return isinstance(error, _TryAgainError) and (self.is_repeatable or not error.was_sent)


class _LoopbackAdapter(HTTPAdapter):
    """Sends every request to one local server, whatever host it names: rehearsals against the sandbox servers."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._scheme, self._netloc = urlsplit(address)[:2]

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Keep the path and the named host, change the address."""
        _, host, path, query, _ = urlsplit(request.url or "")
        request.headers["Host"] = str(host)
        request.url = urlunsplit((self._scheme, self._netloc, str(path), str(query), ""))
        return super().send(request, *args, **kwargs | {"proxies": None})


class Session:
    """Calls an API over HTTPS. `calls` counts attempts by kind; `on_call(kind, headers)` hears of every answer
    and must not raise.

    `loopback` (`http://127.0.0.1:8000`) sends everything to a local sandbox server; without it only https is spoken.
    `is_busy` names answers that mean "slow down" in this API though their status does not say so. `pace` is asked before
    every call and told of every answer.
    """

    def __init__(
        self,
        *,
        loopback: str = "",
        total_seconds: float = TOTAL_SECONDS,
        read_seconds: float = READ_SECONDS,
        on_call: OnCall | None = None,
        pace: Pace | None = None,
        is_busy: Callable[[requests.Response], bool] = lambda _: False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.calls: Counter[str] = Counter()
        self.loopback = loopback
        self.pause = pause
        self.is_busy = is_busy
        self.http = requests.Session()
        self._total_seconds = total_seconds
        self._read_seconds = read_seconds
        self._on_call = on_call
        self._pace = pace
        if loopback:
            self._redirect(loopback)

    def _redirect(self, address: str) -> None:
        if not is_loopback(address):
            raise PermanentError(f"{address} is not a loopback address: plain http is for local sandbox servers only.")
        self.http.trust_env = address.startswith("https:")  # for a CA bundle; asking the environment at each call takes time
        for scheme in ("http://", "https://"):
            self.http.mount(scheme, _LoopbackAdapter(address))

    def allow(self, allowance: Allowance) -> None:
        """Tell the pace what this account is allowed, where the connection says so."""
        if self._pace:
            self._pace.allow(allowance)

    def call(
        self,
        method: str,
        url: str,
        kind: Kind,
        *,
        is_safe: bool = False,
        answers: Collection[int] = (),
        media: Media = "json",
        **arguments: Any,
    ) -> requests.Response:
        """Return the answer, any status below 500 but 401, 403 and 3xx; `answers` lists those the caller wants to see.

        `is_safe` says that a repeat does no harm though the method is POST; `arguments` go to `requests`, but for
        `patience`: how many times as long as usual the answer may take. Raises
        AuthError, RateLimitError, LostAnswerError (a write that may have happened), TransientError, PermanentError.
        """
        if not url.startswith("https://") and not self.loopback:
            raise PermanentError(f"{redact(url)}: only https is allowed. Check the host in the connection.")
        if any(unquote(part) in (".", "..") for part in urlsplit(url).path.split("/")):
            raise PermanentError(f"{redact(url)}: an id in it leads elsewhere. Check the ids that the run was asked for.")
        call = _Call(method, url, kind, is_safe or method in REPEATABLE_METHODS, media)
        retrying = Retrying(
            retry=retry_if_exception(call.may_repeat),
            wait=_backoff_seconds,
            stop=self._is_over,
            sleep=self.pause,
            reraise=True,
        )
        try:
            response = retrying(self._attempt, call, arguments)
        except _TryAgainError as error:
            raise _surrender(call, error) from None
        if response.status_code not in answers:
            _refuse(call, response)
        return response

    def _is_over(self, state: RetryCallState) -> bool:
        spent = max(state.seconds_since_start or 0.0, state.idle_for)
        return spent + state.upcoming_sleep > self._total_seconds

    def _attempt(self, call: _Call, arguments: Mapping[str, Any]) -> requests.Response:
        if self._pace:
            self._pace.take(call.kind)
        started = time.monotonic()
        try:
            response = self._send(call, arguments)
            self._note(call, response)
        except _TryAgainError as error:
            call.was_sent = call.was_sent or error.was_sent
            log.warning("%s: %s after %.0f ms", call, error, (time.monotonic() - started) * 1000)
            raise
        log.info("%s: %s in %.0f ms", call, response.status_code, (time.monotonic() - started) * 1000)
        return response

    def _send(self, call: _Call, arguments: Mapping[str, Any]) -> requests.Response:
        # An auth that does nothing keeps requests from reading ~/.netrc.
        options: dict[str, Any] = {"auth": lambda request: request} | dict(arguments)
        timeout = (CONNECT_SECONDS, self._read_seconds * options.pop("patience", 1))
        try:
            return self.http.request(call.method, call.url, timeout=timeout, allow_redirects=False, **options)
        except requests.RequestException as error:
            raise _explain(call, error, self.loopback) from None

    def _note(self, call: _Call, response: requests.Response) -> None:
        self.calls[call.kind] += 1
        if self._on_call:
            self._on_call(call.kind, response.headers)
        is_limit = response.status_code in BUSY_STATUSES or self.is_busy(response)
        if self._pace:
            self._pace.note(call.kind, response, retry_after_seconds(response) if is_limit else None)
        if is_limit or _is_trouble(response.status_code):
            reason = f"status {response.status_code}"
            raise _TryAgainError(reason, not is_limit, is_limit, retry_after_seconds(response))
        if _is_torn(call, response):
            raise _TryAgainError("the answer ends in the middle", was_sent=True)


def _backoff_seconds(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _TryAgainError) and error.wait_seconds is not None:
        return error.wait_seconds + random.uniform(0, FIRST_BACKOFF_SECONDS)
    longest = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (state.attempt_number - 1))
    return random.uniform(longest / 2, longest)


def _explain(call: _Call, error: requests.RequestException, loopback: str) -> Exception:
    """Turn a failure of `requests` into ours; its own text is left out, for it names the whole URL."""
    reason = error.args[0] if error.args else None
    cause = getattr(reason, "reason", reason)
    if isinstance(error, requests.exceptions.SSLError) or isinstance(cause, SSLError):
        return PermanentError(f"{call}: the server's certificate was not accepted. Check the host and the CA bundle.")
    if isinstance(cause, NameResolutionError) and getattr(cause.__cause__, "errno", None) in UNKNOWN_HOST:
        return PermanentError(f"{call}: no host has this name. Check the host in the connection.")
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError | requests.Timeout):
        was_sent = not isinstance(error, requests.ConnectTimeout) and not isinstance(
            cause, NewConnectionError | ConnectTimeoutError
        )
        what = f"no answer from {loopback or 'the server'}" if was_sent else f"no connection to {loopback or 'the server'}"
        return _TryAgainError(f"{what} ({type(cause if isinstance(cause, Exception) else error).__name__})", was_sent)
    return PermanentError(f"{call}: {type(error).__name__}. Check the host in the connection.")


def _surrender(call: _Call, error: _TryAgainError) -> TransientError:
    if call.kind == "write" and call.was_sent:
        return LostAnswerError(f"{call}: {error}, so it is not known whether it was done. It is looked up before a repeat.")
    if error.is_limit:
        wait = error.wait_seconds if error.wait_seconds is not None else DEFAULT_RATE_WAIT_SECONDS
        return RateLimitError(f"{call}: the rate limit is used up, the server asks to wait {wait:.0f} seconds.", wait)
    return TransientError(f"{call}: {error}, all repeats within the time limit failed. The task is retried later.")


def _is_trouble(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT


def _is_torn(call: _Call, response: requests.Response) -> bool:
    """Tell whether the JSON of a success ends early, or is missing where something is read."""
    if call.media != "json" or response.status_code >= HTTPStatus.MULTIPLE_CHOICES or is_page(response):
        return False
    if response.content.strip():
        return not is_json(response)
    return call.kind != "write" and response.status_code == HTTPStatus.OK


def _refuse(call: _Call, response: requests.Response) -> None:
    status = response.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AuthError(f"{call}: {status} {quiet(words_of(response))}. Check the credentials and rights in the connection.")
    if HTTPStatus.MULTIPLE_CHOICES < status < HTTPStatus.BAD_REQUEST:
        raise PermanentError(f"{call}: the server redirects elsewhere ({status}). Check the host in the connection.")
    if call.media != "any" and response.ok and is_page(response):
        error = LostAnswerError if call.kind == "write" else TransientError
        raise error(f"{call}: a web page ({status}) came instead of JSON: maintenance, or a wrong host in the connection.")
