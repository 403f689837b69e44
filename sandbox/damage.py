"""What becomes of an answer on its way: cut in the middle, emptied, its rows twice."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.types import Message

Damage = Callable[[list[Message]], list[Message]]


def halved(messages: list[Message]) -> list[Message]:
    """Return the head, which promises all of the body, and its first half."""
    head, body = messages[0], _body(messages)
    return [head, {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}]


def broken(messages: list[Message]) -> list[Message]:
    """Return an answer that says its first half is all."""
    body = _body(messages)
    return _answer(messages[0], body[: len(body) // 2])


def blank(messages: list[Message]) -> list[Message]:
    """Return an answer without a body."""
    return _answer(messages[0], b"")


def doubled(messages: list[Message]) -> list[Message]:
    """Return an answer whose list, the whole body or the first of its values that is one, has every row twice."""
    body = _body(messages)
    try:
        content = msgspec.json.decode(body or b"null")
    except msgspec.DecodeError:
        return messages
    return _answer(messages[0], msgspec.json.encode(_twice(content))) if body else messages


DAMAGES: Mapping[str, Damage] = {"half": halved, "broken": broken, "blank": blank, "doubled": doubled}


def _body(messages: list[Message]) -> bytes:
    return b"".join(part.get("body", b"") for part in messages[1:])


def _answer(head: Message, body: bytes) -> list[Message]:
    headers = [(name, value) for name, value in head["headers"] if name.lower() != b"content-length"]
    length = [] if head["status"] == 204 else [(b"content-length", str(len(body)).encode())]
    return [{**head, "headers": headers + length}, {"type": "http.response.body", "body": body}]


def _twice(content: Any) -> Any:
    if isinstance(content, list):
        return content + content
    if not isinstance(content, dict):
        return content
    name = next((name for name, value in content.items() if isinstance(value, list)), None)
    return content if name is None else {**content, name: content[name] + content[name]}
