"""What ForceManager's answers must hold."""

from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from connectors.shapes import Answers

ANSWERS = Answers("ForceManager")

Stamp = Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?)?$")] | None


class Listed(TypedDict):
    """A row of any list: records, users, value lists."""

    id: int
    dateCreated: NotRequired[Stamp]
    dateUpdated: NotRequired[Stamp]
    dateDeleted: NotRequired[Stamp]


class Schema(TypedDict):
    """The fields of a resource."""

    properties: dict[str, dict[str, Any]]


class Made(TypedDict):
    """A record just created."""

    id: int | Annotated[str, Meta(pattern=r"^\d+$")]


class Token(TypedDict):
    """The answer to a login."""

    token: str
