"""Does a value fit the type and the format of a custom field? Values are always texts in an array."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.company.names import COUNTRIES
from sandbox.getresponse.account import Row

TYPES = ("string", "number", "date", "datetime", "country", "currency", "phone", "gender", "ip", "url")
FORMATS = ("text", "textarea", "radio", "checkbox", "single_select", "multi_select")
CHOOSING = ("radio", "single_select", "multi_select")
GENDERS = ("Male", "Female", "Prefer not to say")
OTHER_COUNTRIES = ("Bulgaria", "Canada", "Croatia", "Cyprus", "Estonia", "Greece", "Hungary", "Italy", "Japan", "Latvia", "Lithuania",
                   "Luxembourg", "Malta", "Portugal", "Romania", "Slovakia", "Slovenia", "Turkey", "Ukraine", "United States")  # fmt: skip
COUNTRY_NAMES = tuple(sorted({country.name for country in COUNTRIES} | set(OTHER_COUNTRIES)))
TEXT_LIMIT = 255

_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_URL = re.compile(r"https?://[^\s/]+\.[^\s]+", re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Z]{3}")


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def _is_moment(layout: str) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            datetime.strptime(text, layout)  # noqa: DTZ007 - only its form matters
        except ValueError:
            return False
        return True

    return check


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "number": _is_number,
    "date": _is_moment("%Y-%m-%d"),
    "datetime": _is_moment("%Y-%m-%d %H:%M:%S"),
    "country": lambda text: text in COUNTRY_NAMES,
    "currency": lambda text: bool(_CURRENCY.fullmatch(text)),
    "phone": lambda text: bool(_PHONE.fullmatch(text)),
    "gender": lambda text: text in GENDERS,
    "ip": _is_address,
    "url": lambda text: bool(_URL.fullmatch(text)),
}


def fault(field: Row, values: list[Any], is_strict: bool) -> str:
    """Return what is wrong with `values` for `field`, empty if nothing is."""
    if not all(isinstance(value, str) for value in values):
        return "values must be strings"
    if field["format"] not in ("multi_select", "checkbox") and len(values) > 1:
        return "takes one value"
    if field["format"] == "text" and any(len(value) > TEXT_LIMIT for value in values):
        return f"a value is longer than {TEXT_LIMIT} characters"
    if not is_strict:
        return ""
    if field["format"] in CHOOSING and not set(values) <= set(field["values"]):
        return "a value is not among those of the field"
    check = CHECKS.get(field["type"])
    return "" if check is None or all(map(check, values)) else f"a value is not a valid {field['type']}"
