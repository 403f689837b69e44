"""Dates and times as the platform writes and reads them. Stored texts sort like the moments they name."""

import re
from datetime import UTC, date, datetime

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d$")


def stamp(moment: datetime) -> str:
    """Return a moment as the API shows it: `2026-11-21T08:15:30.000+0000`, UTC, full seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def parse_moment(text: str) -> datetime:
    """Read an ISO-8601 moment with offset; raises ValueError."""
    if not _DATE_TIME.match(text):
        raise ValueError(f"not a datetime: {text}")
    return datetime.fromisoformat(text.upper())


def parse_date(text: str) -> date:
    """Read `2026-11-21`; raises ValueError."""
    if not _DATE.match(text):
        raise ValueError(f"not a date: {text}")
    return date.fromisoformat(text)
