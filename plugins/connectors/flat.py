"""Nested JSON as one flat mapping and back: `{"custom_fields": {"region": 1}}` is `{"custom_fields.region": 1}`."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def flatten(row: Mapping[str, Any], nested: Collection[str] | None = None) -> dict[str, Any]:
    """Return `row` with inner objects spread out; `nested` names those to spread (None: all of them)."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and (nested is None or name in nested):
            flat |= {f"{name}.{inner}": value for inner, value in flatten(value, nested).items()}
        else:
            flat[name] = value
    return flat


def unflatten(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON object that `flatten` came from; times and decimals become JSON values."""
    row: dict[str, Any] = {}
    for name, value in fields.items():
        *parents, last = name.split(".")
        place = row
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = to_json(value)
    return row


def to_json(value: object) -> object:
    """Return a value that JSON can carry: times as ISO 8601 in UTC, decimals as numbers, sets as sorted lists."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple | set | frozenset):
        return sorted(value, key=str) if not isinstance(value, tuple) else list(value)
    return value
