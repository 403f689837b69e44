"""Answers that refuse, in the shapes ActiveCampaign gives them."""

from typing import Any

from sandbox.exchange import Refusal


def not_found(model: str, key: Any) -> Refusal:
    """Return the 404 of a record that is not there."""
    return Refusal(404, {"message": f"No Result found for {model} with id {key}"})


def invalid(attribute: str, title: str, code: str = "field_invalid") -> Refusal:
    """Return a 422 that points at an attribute."""
    source = {"pointer": f"/data/attributes/{attribute}"}
    return Refusal(422, {"errors": [{"title": title, "detail": "", "code": code, "source": source}]})


def missing(attribute: str) -> Refusal:
    """Return the 422 of an attribute that must be there."""
    return invalid(attribute, f"The {attribute} was not provided.", "field_missing")


def duplicate(attribute: str, title: str) -> Refusal:
    """Return the 422 of a value that another record has."""
    return invalid(attribute, title, "duplicate")


def forbidden(detail: str) -> Refusal:
    """Return a 403."""
    return Refusal(403, {"errors": [{"status": 403, "title": "Forbidden", "detail": detail}]})
