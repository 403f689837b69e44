"""Turns values of a request into stored ones, with the refusals of the platform."""

import re
from collections.abc import Callable
from datetime import UTC
from typing import Any

from sandbox.salesforce.answers import RowError, RowRefusedError
from sandbox.salesforce.fields import ID_TYPES, NUMBER_TYPES, Field
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.moments import parse_date, parse_moment, stamp
from sandbox.salesforce.objects import OBJECTS

_EMAIL = re.compile(r"[^@\s<>(),;:\\\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
_JSON_KINDS = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}


def convert(field: Field, value: Any, is_text: bool, trims: bool) -> Any:
    """Return what is stored for `value`, None for empty; raises RowRefusedError.

    `is_text` says that the value comes from CSV, where everything is text.
    """
    if isinstance(value, str) and trims:
        value = value.strip()
    if value is None or value == "":
        return _empty(field)
    if field.type in _CONVERTERS:
        return _CONVERTERS[field.type](field, value, is_text)
    return _text(field, value)


def _empty(field: Field) -> Any:
    if field.type == "boolean":
        raise _refused("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field.label}: value not of required type: null", field)
    return None


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _not_parsed(field, "string", value)
    if field.length and len(value) > field.length:
        raise _refused("STRING_TOO_LONG", f"{field.label}: data value too large: {value} (max length={field.length})", field)
    if field.type == "email" and not _EMAIL.match(value):
        raise _refused("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {value}", field)
    return value


def _option(field: Field, value: Any, is_text: bool) -> str:
    text = _text(field, value)
    parts = [part.strip() for part in text.split(";")] if field.type == "multipicklist" else [text]
    listed = {option.lower(): option for option in field.values}
    if field.is_restricted and not all(part.lower() in listed for part in parts):
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise _refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field)
    return ";".join(listed.get(part.lower(), part) for part in parts)


def _boolean(field: Field, value: Any, is_text: bool) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False} if is_text else {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    if not isinstance(value, bool):
        raise _not_parsed(field, "boolean", value)
    return value


def _number(field: Field, value: Any, is_text: bool) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _not_parsed(field, "double", value)
    try:
        number = float(value)
    except ValueError:
        raise _not_parsed(field, "double", value) from None
    if not abs(number) < 10.0 ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise _refused("NUMBER_OUTSIDE_VALID_RANGE", message, field)
    return round(number) if field.type == "int" else round(number, field.scale)


def _date(field: Field, value: Any, is_text: bool) -> str:
    try:
        return parse_date(str(value)[:10] if "T" in str(value) else str(value)).isoformat()
    except ValueError:
        raise _not_parsed(field, "date", value) from None


def _moment(field: Field, value: Any, is_text: bool) -> str:
    try:
        return stamp(parse_moment(str(value)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise _not_parsed(field, "datetime", value) from None


def _reference(field: Field, value: Any, is_text: bool) -> str:
    found = full_id(value) if isinstance(value, str) else None
    prefixes = [OBJECTS[name].prefix for name in field.references if name in OBJECTS]
    is_foreign = bool(found) and len(prefixes) == len(field.references) and str(found)[:3] not in prefixes
    if found is None or (field.type == "reference" and is_foreign):
        raise _refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", field)
    return found


_CONVERTERS: dict[str, Callable[[Field, Any, bool], Any]] = {
    "picklist": _option,
    "multipicklist": _option,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    **dict.fromkeys(NUMBER_TYPES, _number),
    **dict.fromkeys(ID_TYPES, _reference),
}


def _refused(code: str, message: str, field: Field) -> RowRefusedError:
    return RowRefusedError(RowError(code, message, (field.name,)))


def _not_parsed(field: Field, wanted: str, value: Any) -> RowRefusedError:
    kind = _JSON_KINDS.get(type(value), "START_OBJECT")
    message = f"Cannot deserialize instance of {wanted} from {kind} value {value} or request may be missing a required field"
    return RowRefusedError(RowError("JSON_PARSER_ERROR", message))
