"""Transforms of dates and times. Common dates are `2026-03-02`, common times ISO 8601 in UTC: `2026-03-02T08:11:05Z`."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sync.transforms.registry import DATES, TEXTS, Codec, Example, Use, same, single, transform

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?=$|[T ])")
_PARTS = {"YYYY": "%Y", "MM": "%m", "DD": "%d"}


def find_zone(name: str) -> tzinfo:
    """Return the time zone called `name`, UTC for a blank one. Raises ValueError for an unknown name."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ValueError(f"'{name[:60]}' is not a time zone; write for example Europe/Berlin") from None


def _read_moment(value: Any, zone: tzinfo) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, AttributeError, TypeError):
        raise ValueError(f"not a date and time: '{str(value)[:60]}'") from None


@transform(
    "datetime",
    common_type="datetime",
    salesforce_types=DATES,
    app_types=DATES,
    argument="optional",
    argument_help="the time zone of times that name none, UTC if left out",
    examples=(
        Example(("2026-03-02T08:11:05.000+0000",), "2026-03-02T08:11:05Z", ("2026-03-02T08:11:05Z",)),
        Example(("2026-03-02T09:00:00",), "2026-03-02T08:00:00Z", ("2026-03-02T08:00:00Z",), "datetime:Europe/Berlin"),
    ),
)
def date_and_time(use: Use) -> Codec:
    """A date with time, compared in UTC to the second."""
    zone = find_zone(use.argument)

    def read_datetime(value: Any) -> str | None:
        if value is None or value == "":
            return None
        return _read_moment(value, zone).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")

    return same(read_datetime)


def _read_date(value: Any) -> str | None:
    if value is None or value == "":
        return None
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    found = _ISO_DATE.match(text)
    try:
        return date.fromisoformat(found[0] if found else "").isoformat()
    except ValueError:
        raise ValueError(f"not a date: '{str(value)[:60]}'") from None


def _dates_in(zone: tzinfo) -> Callable[[Any], str | None]:
    def read_date_there(value: Any) -> str | None:
        if isinstance(value, str) and len(value.strip()) > len("2026-03-02"):
            return _read_moment(value, zone).astimezone(zone).date().isoformat()
        return _read_date(value)

    return read_date_there


@transform(
    "date",
    common_type="date",
    salesforce_types=DATES,
    app_types=DATES,
    argument="optional",
    argument_help="the time zone whose calendar counts when a time is given; as written if left out",
    examples=(
        Example(("2026-12-31",), "2026-12-31", ("2026-12-31",)),
        Example(("2026-12-31T00:00:00Z",), "2026-12-31", ("2026-12-31",)),
        Example(("2026-12-31T23:30:00Z",), "2027-01-01", ("2027-01-01",), "date:Europe/Berlin"),
    ),
)
def calendar_date(use: Use) -> Codec:
    """A calendar date; of a time only its date counts."""
    return same(_dates_in(find_zone(use.argument)) if use.argument else _read_date)


@transform(
    "date_text",
    common_type="date",
    salesforce_types=("date", "datetime"),
    app_types=TEXTS,
    app_writes=TEXTS,
    argument="required",
    argument_help="how the app writes it, with DD, MM and YYYY",
    examples=(Example(("2026-03-02",), "2026-03-02", ("02.03.2026",), "date_text:DD.MM.YYYY"),),
)
def date_text(use: Use) -> Codec:
    """A date that the app keeps as text."""
    if sorted(re.findall("YYYY|MM|DD", use.argument)) != ["DD", "MM", "YYYY"] or "%" in use.argument:
        raise ValueError("write the pattern with DD, MM and YYYY once each, for example date_text:DD.MM.YYYY")
    pattern = re.sub("YYYY|MM|DD", lambda part: _PARTS[part[0]], use.argument)

    def read_pattern(value: Any) -> str | None:
        if value is None or not str(value).strip():
            return None
        try:
            return datetime.strptime(str(value).strip(), pattern).date().isoformat()  # noqa: DTZ007 — a date has no zone
        except ValueError:
            raise ValueError(f"not a date like {use.argument}: '{str(value)[:60]}'") from None

    def write_pattern(common: Any) -> tuple[Any, ...]:
        if common is None:
            return (None,)
        year, month, day = common.split("-")
        return (use.argument.replace("YYYY", year).replace("MM", month).replace("DD", day),)

    return Codec(_read_date, single, read_pattern, write_pattern)


@transform(
    "unix_time",
    common_type="datetime",
    salesforce_types=("datetime",),
    app_types=("integer", "number", "text"),
    app_writes=("integer", "number"),
    examples=(Example(("2026-03-02T08:11:05.000+0000",), "2026-03-02T08:11:05Z", (1772439065,)),),
)
def unix_time(use: Use) -> Codec:
    """A time that the app keeps as seconds since 1970."""
    read_datetime = date_and_time(Use()).read_app

    def read_seconds(value: Any) -> str | None:
        if value is None or value == "":
            return None
        try:
            return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError, OSError, TypeError):
            raise ValueError(f"not a time in seconds: '{str(value)[:60]}'") from None

    def write_seconds(common: Any) -> tuple[Any, ...]:
        return (None if common is None else int(datetime.fromisoformat(common).timestamp()),)

    return Codec(read_datetime, single, read_seconds, write_seconds)
