"""What a handler gets and gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.activecampaign.errors import not_found
from sandbox.activecampaign.panel import Panel
from sandbox.exchange import Answer, Refusal


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `base` is scheme and host as the client knows them; `query` keeps repeated names."""

    panel: Panel
    base: str
    words: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: Any

    def param(self, name: str, default: str = "") -> str:
        """Return one query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every value of a repeated parameter such as `ids[]`."""
        return [value for key, value in self.query if key == name]

    def id(self, model: str, word: str = "id") -> int:
        """Return the id in the path; anything but a number is not found."""
        text = self.words[word]
        if not text.isdecimal():
            raise not_found(model, text)
        return int(text)

    def given(self, name: str) -> dict[str, Any]:
        """Return the object that a write wraps in its singular name."""
        inner = self.body.get(name) if isinstance(self.body, dict) else None
        if not isinstance(inner, dict):
            raise Refusal(400, {})
        return inner

    def window(self, default: int = 20) -> tuple[int, int]:
        """Return offset and limit."""
        limit = _whole(self.param("limit"), default)
        if limit > 100 and not self.panel.switch("clamp_limit"):
            source = {"parameter": "limit"}
            raise Refusal(422, {"errors": [{"title": "The limit is too large.", "detail": "", "source": source}]})
        return _whole(self.param("offset"), 0), max(1, min(limit, 100))


Handler = Callable[[Ask], Answer]


def _whole(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default
