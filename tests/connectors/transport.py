"""A transport that answers from a list, for tests of the session: the transport is false, the session is the real one."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse


class Answers(BaseAdapter):
    """Gives one answer (or raises one exception) per request and keeps what was asked; the last one is repeated."""

    def __init__(self, *answers: tuple[int, Mapping[str, str], str] | Exception) -> None:
        super().__init__()
        self._answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []
        self.timeouts: list[Any] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.requests.append(request)
        self.timeouts.append(kwargs["timeout"])
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return response(*answer, request=request)

    def close(self) -> None:
        """Nothing is open."""


def response(
    status: int,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: str = "",
    request: requests.PreparedRequest | None = None,
) -> requests.Response:
    """Return an answer as requests gives it."""
    made = requests.Response()
    made.status_code = status
    made.headers = requests.structures.CaseInsensitiveDict(dict(headers))
    made.raw = HTTPResponse(io.BytesIO(body.encode()), preload_content=False)
    made.encoding = "utf-8"
    if request is not None:
        made.request, made.url = request, str(request.url)
    return made
