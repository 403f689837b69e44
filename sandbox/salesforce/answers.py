"""Requests and answers of the REST API as plain values, and the error bodies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one record was refused."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def as_single(self) -> dict[str, Any]:
        """Return the error as a single-record call shows it."""
        return {"message": self.message, "errorCode": self.code, "fields": list(self.fields), **self.extra}

    def as_collection(self) -> dict[str, Any]:
        """Return the error as sObject Collections show it."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def as_csv(self) -> str:
        """Return the error as `sf__Error` of a bulk job shows it."""
        return f"{self.code}:{self.message}:{','.join(self.fields)}{' ' if self.fields else ''}--"


class RowRefusedError(ValueError):
    """One record was refused, for one or several reasons."""

    def __init__(self, *errors: RowError, status: int = 400) -> None:
        self.errors = errors
        self.status = status
        super().__init__("; ".join(error.message for error in errors))


class ApiError(ValueError):
    """The request as a whole was refused."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")

    def body(self) -> list[dict[str, Any]]:
        """Return the JSON body: an array with one error."""
        return [{"message": self.message, "errorCode": self.code}]


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    """Return the 404 of an unknown resource."""
    return ApiError(404, "NOT_FOUND", message)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One REST call below `/services/data/vNN.0`; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = b""
    version: str = "59.0"

    @property
    def base(self) -> str:
        """The path all addresses in answers begin with."""
        return f"/services/data/v{self.version}"

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body."""
        if not isinstance(self.body, bytes):
            return _object(self.body or {})
        kind = self.headers.get("content-type", "")
        if "json" not in kind:
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content type not supported: {kind or 'none'}")
        try:
            parsed = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise ApiError(400, "JSON_PARSER_ERROR", f"Unexpected character: {problem}") from None
        return _object(parsed)

    def shaped(self, shape: type[T]) -> T:
        """Return the body as `shape`; raises JSON_PARSER_ERROR where it has another."""
        try:
            return msgspec.convert(self.json(), shape)
        except msgspec.ValidationError as problem:
            raise ApiError(400, "JSON_PARSER_ERROR", str(problem)) from None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; a `body` that is text or bytes goes out as `media`, anything else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json;charset=UTF-8"

    def encoded(self) -> bytes:
        """Return the body as bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes | str):
            return self.body.encode() if isinstance(self.body, str) else self.body
        return msgspec.json.encode(self.body)


def _object(parsed: Any) -> dict[str, Any]:
    if not isinstance(parsed, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "Cannot deserialize: an object was expected")
    return parsed


def refused(problem: RowRefusedError) -> Answer:
    """Return the answer of a single-record call whose record was refused."""
    return Answer(problem.status, [error.as_single() for error in problem.errors])


def row_errors(errors: Iterable[RowError]) -> list[dict[str, Any]]:
    """Return errors as a collection result lists them."""
    return [error.as_collection() for error in errors]
