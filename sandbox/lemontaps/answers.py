"""Answers that refuse: one envelope for contacts, that of RFC 7644 for SCIM."""

from typing import Any

from sandbox.exchange import Refusal

SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def refusal(status: int, code: str, message: str, **more: Any) -> Refusal:
    """Return a refusal in the envelope of contacts."""
    return Refusal(status, {"error": {"code": code, "message": message, **more}})


def too_many(seconds: float) -> Refusal:
    """Return the answer of a used-up allowance."""
    body = {"error": {"code": "rate_limited", "message": "Too many requests."}}
    return Refusal(429, body, {"Retry-After": f"{seconds:g}"})


def unauthorized() -> Refusal:
    """Return the answer to a wrong or missing token."""
    return refusal(401, "unauthorized", "The token is missing or wrong.")


def not_found() -> Refusal:
    """Return the answer where there is nothing."""
    return refusal(404, "not_found", "There is no such record.")


def invalid(**fields: str) -> Refusal:
    """Return a failed validation with what is wrong by field."""
    return refusal(422, "invalid", "The data are not valid.", fields={name: [word] for name, word in fields.items()})


def scim_refusal(status: int, detail: str, scim_type: str = "") -> Refusal:
    """Return a refusal as RFC 7644 shapes it."""
    body = {"schemas": [SCIM_ERROR], "status": str(status), "detail": detail}
    return Refusal(status, body | ({"scimType": scim_type} if scim_type else {}))
