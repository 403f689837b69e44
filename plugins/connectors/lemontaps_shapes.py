"""What the answers of Lemontaps must hold, by the assumed contract and RFC 7644."""

from datetime import datetime
from typing import Any, NotRequired, TypedDict

from connectors.shapes import Answers

ANSWERS = Answers("Lemontaps")


class Contact(TypedDict):
    """A captured contact."""

    id: str
    updated_at: datetime
    deleted: bool


class Live(Contact):
    """A contact that can be changed: tombstones have no version."""

    version: int | str


class Contacts(TypedDict):
    """A page of contacts."""

    data: list[Contact]
    next_cursor: str | None


class User(TypedDict):
    """A user of the team by SCIM."""

    userName: str
    emails: NotRequired[list[dict[str, Any]] | None]
    name: NotRequired[dict[str, Any] | None]


class Users(TypedDict):
    """A page of users."""

    totalResults: int
    itemsPerPage: NotRequired[int | None]
    Resources: NotRequired[list[User] | None]
