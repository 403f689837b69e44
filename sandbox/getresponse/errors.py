"""Answers that refuse, in the shape GetResponse gives all of them."""

import uuid
from collections.abc import Mapping
from typing import Any

DOCS = "https://apidocs.getresponse.com/en/v3/errors"
STATUSES = {
    1000: 400, 1001: 400, 1002: 400, 1003: 400, 1004: 400, 1005: 400, 1006: 400, 1007: 400, 1008: 409, 1009: 400,
    1013: 404, 1014: 401, 1015: 429, 1016: 403, 1017: 403, 1018: 403, 1021: 400, 1027: 400,
}  # fmt: skip
DESCRIPTIONS = {
    1000: "General error of validation process",
    1001: "Related resource not found",
    1002: "The state of the resource forbids this operation",
    1003: "Parameter has a wrong format",
    1004: "Array has a wrong number of elements",
    1005: "Parameter is empty",
    1006: "Parameter has a wrong type",
    1007: "Parameter has a wrong length",
    1008: "A unique property already has this value",
    1009: "Resource is in use",
    1013: "Resource not found",
    1014: "Authentication failed",
    1015: "Throttling limit reached",
    1016: "The account is blocked for some time",
    1017: "The account is blocked",
    1018: "The address is blocked",
    1021: "Request headers are wrong",
    1027: "The account's limit of contacts is reached",
}


class Refusal(Exception):
    """A request is refused with one of the API's codes; nothing was changed."""

    def __init__(self, code: int, message: str, context: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.status = STATUSES[code]
        self.message = message
        self.context = context
        self.headers = dict(headers or {})

    def body(self, empty_context: Any) -> dict[str, Any]:
        """Return the answer's body: all seven keys."""
        return {
            "httpStatus": self.status, "code": self.code, "codeDescription": DESCRIPTIONS[self.code],
            "message": self.message, "moreInfo": f"{DOCS}/{self.code}",
            "context": empty_context if self.context is None else self.context, "uuid": str(uuid.uuid4()),
        }  # fmt: skip


def invalid(field: str, message: str, code: int = 1000) -> Refusal:
    """Return a failed validation of one field."""
    entry = {"validationType": "body", "fieldName": field, "originalName": field, "errorDescription": message}
    return Refusal(code, f"{field}: {message}", [entry])


def bad_query(name: str) -> Refusal:
    """Return the refusal of a filter or a sort key that the collection does not know."""
    kind = name.partition("[")[0]
    entry = {
        "validationType": f"searchFilter[{kind}]", "fieldName": name, "originalName": name,
        "errorDescription": "Not allowed search field",
    }  # fmt: skip
    return Refusal(1000, "Invalid request parameters", [entry])


def not_found(**ids: str) -> Refusal:
    """Return the 404 of a record that is not there."""
    return Refusal(1013, "Resource not found", ids)


def missing(kind: str, id: Any) -> Refusal:
    """Return the refusal of a body that names something that does not exist."""
    return Refusal(1001, f"{kind} by id: {id} not found", {"id": str(id)})


def taken(value: str) -> Refusal:
    """Return the 409 of a value that must be unique."""
    return Refusal(1008, "Property value is already taken", {"value": value})


def unauthorized() -> Refusal:
    """Return the answer to a wrong key."""
    return Refusal(1014, "Problem during authentication process", {"authenticationType": "auth_token"})
