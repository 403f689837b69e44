"""What becomes of an answer on its way: cut in the middle, emptied, its rows twice, its JSON of another shape."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.types import Message

Damage = Callable[[list[Message], Mapping[str, Any]], list[Message]]


def halved(messages: list[Message], options: Mapping[str, Any]) -> list[Message]:
    """Return the head, which promises all of the body, and its first half."""
    head, body = messages[0], _body(messages)
    return [head, {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}]


def broken(messages: list[Message], options: Mapping[str, Any]) -> list[Message]:
    """Return an answer that says its first half is all."""
    body = _body(messages)
    return _answer(messages[0], body[: len(body) // 2])


def blank(messages: list[Message], options: Mapping[str, Any]) -> list[Message]:
    """Return an answer without a body."""
    return _answer(messages[0], b"")


def doubled(messages: list[Message], options: Mapping[str, Any]) -> list[Message]:
    """Return an answer whose list, the whole body or the first of its values that is one, has every row twice."""
    return _changed(messages, _twice)


def reshaped(messages: list[Message], options: Mapping[str, Any]) -> list[Message]:
    """Return an answer whose JSON has another shape; the option `form` says which."""
    return _changed(messages, FORMS[options.get("form", "other")])


DAMAGES: Mapping[str, Damage] = {"half": halved, "broken": broken, "blank": blank, "doubled": doubled, "shape": reshaped}
FORMS: Mapping[str, Callable[[Any], Any]] = {
    "other": lambda content: {} if isinstance(content, list) else [],
    "empty": lambda content: {},
    "null": lambda content: None,
    "nulls": lambda content: _nulls(content),
    "ids": lambda content: _other_ids(content),
}


def _changed(messages: list[Message], change: Callable[[Any], Any]) -> list[Message]:
    body = _body(messages)
    try:
        content = msgspec.json.decode(body)
    except msgspec.DecodeError:  # nothing, or no JSON
        return messages
    return _answer(messages[0], msgspec.json.encode(change(content)))


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


def _nulls(content: Any) -> Any:
    """Null for every item of the lists, or for every value where there is none."""
    if isinstance(content, list):
        return [None] * max(1, len(content))
    if not isinstance(content, dict):
        return None
    is_listing = any(isinstance(value, list) and value for value in content.values())
    return {name: _nulls(value) if is_listing and isinstance(value, list) else None for name, value in content.items()}


def _other_ids(content: Any, name: str = "") -> Any:
    """Text for the ids that are numbers, numbers for those that are text."""
    if isinstance(content, list):
        return [_other_ids(each) for each in content]
    if isinstance(content, dict):
        return {name: _other_ids(value, name) for name, value in content.items()}
    if not name.lower().endswith("id") or content is None:
        return content
    return 7 if isinstance(content, str) else f"x{content}"
