"""What Freshdesk's answers must hold."""

from datetime import datetime
from typing import Any, NotRequired, TypedDict

from connectors.shapes import Answers

ANSWERS = Answers("Freshdesk")


class Read(TypedDict):
    """A contact or a company."""

    id: int
    created_at: datetime
    updated_at: datetime
    custom_fields: NotRequired[dict[str, Any] | None]


class Described(TypedDict):
    """A field of contacts or companies."""

    id: int
    name: str
    choices: NotRequired[dict[str, Any] | list[Any] | None]


class Agent(TypedDict):
    """Whose key it is."""

    id: int
