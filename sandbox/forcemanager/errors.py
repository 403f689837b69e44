"""Answers that refuse, in the shapes that public sources show."""

from typing import Any

BAD_QUERY = 901  # "the SQL was not generated correctly"
NO_SUCH = 910


class Refusal(Exception):
    """A request is refused; nothing was changed."""

    def __init__(self, status: int, message: str, code: int | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}

    def body(self, key: str, is_terse: bool) -> dict[str, Any]:
        """Return the JSON of the answer."""
        message = "Bad Request" if is_terse and self.status == 400 else self.message
        return {key: message} | ({"code": self.code} if self.code else {})


def bad(message: str, code: int | None = None) -> Refusal:
    """Return the refusal of a request that is wrong in itself."""
    return Refusal(400, f"Bad Request: {message}", code)


def no_such(resource: str, key: Any) -> Refusal:
    """Return the 400 that a missing id answers, reads and writes alike."""
    return bad(f"{resource} {key} does not exist", NO_SUCH)


def unauthorized() -> Refusal:
    """Return the answer to a missing, wrong or old session token."""
    return Refusal(401, "Unauthorized")


def too_many(seconds: float) -> Refusal:
    """Return the answer past the calls of a second."""
    return Refusal(429, "Too Many Requests", headers={"Retry-After": f"{seconds:g}"} if seconds else {})
