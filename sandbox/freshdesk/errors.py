"""Answers that refuse, in the shapes Freshdesk gives them."""

from typing import Any

from sandbox.exchange import Refusal
from sandbox.freshdesk.desk import Desk

Problem = dict[str, Any]

UNEXPECTED = "Unexpected/invalid field in request"
UNIQUE = "It should be a unique value"


def problem(field: str, code: str, message: str, **more: Any) -> Problem:
    """Return one entry of `errors`."""
    return {"field": field, "message": message, "code": code, **more}


def refuse_if(problems: list[Problem], status: int = 400) -> None:
    """Raise a failed validation when there is any problem."""
    if problems:
        raise Refusal(status, {"description": "Validation failed", "errors": problems})


def invalid(field: str, message: str, code: str = "invalid_value") -> Refusal:
    """Return a failed validation with a single problem."""
    return Refusal(400, {"description": "Validation failed", "errors": [problem(field, code, message)]})


def plain(status: int, code: str, message: str) -> Refusal:
    """Return a refusal with the flat body."""
    return Refusal(status, {"code": code, "message": message})


def not_found() -> Refusal:
    """Return the empty 404 that stands for bad ids and bad paths alike."""
    return Refusal(404)


def not_allowed(method: str, allowed: list[str]) -> Refusal:
    """Return the 405 of a wrong verb; contacts that are deleted or blocked answer a write with it too."""
    verbs = ", ".join(sorted(allowed))
    message = f"{method} method is not allowed. It should be one of these method(s): {verbs}"
    return Refusal(405, {"message": message}, {"Allow": verbs})


def strike(desk: Desk, victim: str | None) -> None:
    """Refuse a record if a fault `bad_record` was armed for it: by e-mail or name for a create, by id for an update."""
    fault = desk.store.faults.take_row("bad_record", victim)
    if fault is not None:
        words = {"field": "name", "message": "injected fault", "code": "invalid_value", **fault.options}
        raise invalid(words["field"], words["message"], words["code"])
