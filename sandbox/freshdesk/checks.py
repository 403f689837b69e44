"""Is a value what its field takes? Each check says nothing or names the code and the message."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from sandbox.freshdesk.errors import UNEXPECTED, Problem, problem

Fault = tuple[str, str] | None
Check = Callable[[Any], Fault]

TEXT_LIMIT = 255
LONG_TEXT_LIMIT = 65535
TAG_LIMIT = 32
OTHER_EMAILS_LIMIT = 10

_EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@.,;<>()]+")
_DOMAIN = re.compile(r"[^\s@/]+\.[^\s@/.]+")
_URL = re.compile(r"(https?://)?[^\s/]+\.[^\s]+", re.IGNORECASE)
_KINDS = {str: "String", int: "Integer", float: "Number", bool: "Boolean", list: "Array", dict: "key/value pair"}


def wrong_type(value: Any, wanted: str) -> Fault:
    """Return the fault of a value of another JSON type."""
    kind = _KINDS.get(type(value), "Null")
    return "datatype_mismatch", f"Value set is of type {kind}.It should be a/an {wanted}"


def text(limit: int = TEXT_LIMIT) -> Check:
    """Take text of at most `limit` characters."""

    def check(value: Any) -> Fault:
        if not isinstance(value, str):
            return wrong_type(value, "String")
        if len(value) > limit:
            return "invalid_value", f"Has {len(value)} characters, it can have maximum of {limit} characters"
        return None

    return check


def shaped(pattern: re.Pattern[str], wanted: str) -> Check:
    """Take text that has a shape."""

    def check(value: Any) -> Fault:
        if isinstance(value, str) and value and not pattern.fullmatch(value):
            return "invalid_value", f"It should be a valid {wanted}"
        return text()(value)

    return check


def one_of(choices: Iterable[str]) -> Check:
    """Take one of `choices`."""
    allowed = list(choices)

    def check(value: Any) -> Fault:
        if value not in allowed:
            return "invalid_value", f"It should be one of these values: '{','.join(allowed)}'"
        return None

    return check


def typed(kind: type, wanted: str) -> Check:
    """Take values of one JSON type."""

    def check(value: Any) -> Fault:
        is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        return None if is_right else wrong_type(value, wanted)

    return check


def each(check_item: Check, limit: int | None = None) -> Check:
    """Take an array, null not allowed, whose items all pass."""

    def check(value: Any) -> Fault:
        if not isinstance(value, list):
            return wrong_type(value, "Array")
        if limit is not None and len(value) > limit:
            return "invalid_value", f"Has {len(value)} values, it can have maximum of {limit} values"
        return next((fault for item in value if (fault := check_item(item))), None)

    return check


def day(value: Any) -> Fault:
    """Take a date as YYYY-MM-DD and nothing longer."""
    try:
        date.fromisoformat(value if len(value) == 10 else "")
    except (TypeError, ValueError):
        return "invalid_value", "It should be in the 'yyyy-mm-dd' format"
    return None


email = shaped(_EMAIL, "email address")
domain = shaped(_DOMAIN, "domain")
url = shaped(_URL, "URL")
boolean = typed(bool, "Boolean")
integer = typed(int, "Integer")
custom_checks: Mapping[str, Check] = {
    "custom_text": text(), "custom_paragraph": text(LONG_TEXT_LIMIT), "custom_checkbox": boolean,
    "custom_number": integer,
    "custom_phone_number": text(), "custom_url": url, "custom_date": day,
}  # fmt: skip


def field_check(definition: Mapping[str, Any]) -> Check:
    """Return the check of a field by its definition."""
    if definition.get("choices"):
        return one_of(choice["value"] for choice in definition["choices"])
    return custom_checks.get(definition["type"], text())


def check_all(fields: Mapping[str, Any], checks: Mapping[str, Check]) -> list[Problem]:
    """Return the problems of `fields`; null passes, except where an array is wanted."""
    problems = []
    for name, value in fields.items():
        if name not in checks:
            problems.append(problem(name, "invalid_field", UNEXPECTED))
        elif (value is not None or name in ARRAYS) and (fault := checks[name](value)):
            problems.append(problem(name, *fault))
    return problems


ARRAYS = frozenset({"tags", "other_emails", "other_companies", "domains", "social_handler"})


def check_custom(given: Any, definitions: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """Return the problems of `custom_fields`; an entry names the custom field itself."""
    if not isinstance(given, dict):
        return [problem("custom_fields", *(wrong_type(given, "key/value pair") or ("", "")))]
    return check_all(given, {definition["name"]: field_check(definition) for definition in definitions})


def check_required(after: Mapping[str, Any], definitions: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """Return a problem for every custom field agents must fill and that `after`, a stored record, lacks."""
    return [
        problem(definition["name"], "missing_field", "It should not be blank as this is a mandatory field")
        for definition in definitions
        if _is_required(definition) and after.get("cf:" + definition["name"]) is None
    ]


def _is_required(definition: Mapping[str, Any]) -> bool:
    return bool(definition["required_for_agents"]) and not definition["default"]
