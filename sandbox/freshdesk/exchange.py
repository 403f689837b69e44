"""A request as the handlers see it, and their answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.exchange import Answer, Refusal
from sandbox.freshdesk.desk import Desk
from sandbox.freshdesk.errors import UNEXPECTED, not_found, problem


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `base` is scheme and host as the client knows them; `words` are the parts of the path that vary."""

    desk: Desk
    method: str
    base: str
    path: str
    words: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    form: Mapping[str, Any] = field(default_factory=dict)

    def id(self) -> int:
        """Return the id in the path; anything but a number is not found."""
        word = self.words["id"]
        if not word.isdecimal():
            raise not_found()
        return int(word)

    def fields(self) -> dict[str, Any]:
        """Return the JSON body, which must be an object."""
        if not isinstance(self.body, dict):
            raise Refusal(400, {"code": "invalid_json", "message": "Request body has invalid json format"})
        return self.body

    def check_query(self, *known: str) -> None:
        """Refuse query keys the endpoint does not know."""
        unknown = [name for name in self.query if name not in known]
        if unknown and self.desk.switch("reject_unknown_query"):
            errors = [problem(name, "invalid_field", UNEXPECTED) for name in unknown]
            raise Refusal(400, {"description": "Validation failed", "errors": errors})


Handler = Callable[[Ask], Answer]
