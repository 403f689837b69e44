"""What an answer must look like before anything is made of it: one place for all connectors.

A proxy, or a service in the middle of its maintenance, answers 200 with JSON that is none of the API's: that is nobody's fault
who is named in a row, and passes. `<system>_shapes` says what each system's answers must hold; what they hold besides is left alone.
"""

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NotRequired, TypedDict

import msgspec
from requests import Response

from connectors.answers import redact
from connectors.errors import TransientError
from connectors.session import LostAnswerError


@dataclass(frozen=True, slots=True)
class Answers:
    """Reads the answers of one system. `shape` is a type in msgspec's sense: TypedDict, list[…], int | str …"""

    system: str

    def read(self, response: Response, shape: Any) -> Any:
        """Return the JSON of an answer. Raises TransientError where it is not of this shape."""
        try:
            return self.check(response, response.json(), shape)
        except ValueError:
            raise self.wrong(response, "there is no JSON in it") from None

    def written(self, response: Response, shape: Any) -> Any:
        """Return the JSON of the answer to a write. Raises LostAnswerError where it does not say what was written."""
        try:
            return self.read(response, shape)
        except TransientError as error:
            raise LostAnswerError(f"{error} It is looked up before a repeat.") from None

    def check(self, response: Response, content: Any, shape: Any) -> Any:
        """Return `content`, which the answer brought, if it is of this shape. Raises TransientError."""
        try:
            msgspec.convert(content, shape)
        except msgspec.ValidationError as error:  # names types and places, no values
            raise self.wrong(response, str(error)) from None
        return content

    def check_count(self, response: Response, parts: Sized, count: int) -> None:
        """Raise TransientError unless there is a part for each of the `count` asked for."""
        if len(parts) < count:
            raise self.wrong(response, f"Expected {count} parts, got {len(parts)}")

    def wrong(self, response: Response, words: str) -> TransientError:
        """Return the error about an answer that cannot be this API's."""
        request = response.request
        return TransientError(
            f"{self.system} answered {request.method} {redact(str(request.url))} with {response.status_code} and not as its API "
            f"does: {words}. It may be a proxy or maintenance; the task is retried later."
        )


def many(shape: Any) -> Any:
    """Return the shape of a list of these."""
    return list[shape]


def an_object(fields: Mapping[str, Any], optional: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """Return the shape of an object with these fields, and others that may be missing."""
    make: Any = TypedDict
    return make("Object", {**fields, **{name: NotRequired[shape] for name, shape in optional.items()}})


@cache
def having(*names: str) -> Any:
    """Return the shape of an object that has these fields, whatever is in them."""
    return an_object(dict.fromkeys(names, Any))
