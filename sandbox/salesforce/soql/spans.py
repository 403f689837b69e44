"""Named spans of days in conditions: TODAY, LAST_N_DAYS:7, THIS_MONTH …"""

from collections.abc import Callable
from datetime import date, timedelta

Span = tuple[date, date]  # first day, day after the last


def is_span(word: str) -> bool:
    """Tell whether the keyword names a span."""
    name, _, number = word.partition(":")
    return (name in _PLAIN and not number) or (name in _COUNTED and number.isdigit())


def span(word: str, today: date) -> Span:
    """Return the span that `word` names on the day `today`."""
    name, _, number = word.partition(":")
    return _COUNTED[name](today, int(number)) if number else _PLAIN[name](today)


def _days(start: date, number: int) -> Span:
    return start, start + timedelta(days=number)


def _week(today: date, offset: int) -> Span:
    return _days(today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=offset), 7)


def _month_start(today: date, offset: int) -> date:
    years, month = divmod(today.month - 1 + offset, 12)
    return date(today.year + years, month + 1, 1)


def _month(today: date, offset: int) -> Span:
    return _month_start(today, offset), _month_start(today, offset + 1)


def _year(today: date, offset: int) -> Span:
    return date(today.year + offset, 1, 1), date(today.year + offset + 1, 1, 1)


_PLAIN: dict[str, Callable[[date], Span]] = {
    "TODAY": lambda today: _days(today, 1),
    "YESTERDAY": lambda today: _days(today - timedelta(days=1), 1),
    "TOMORROW": lambda today: _days(today + timedelta(days=1), 1),
    "THIS_WEEK": lambda today: _week(today, 0),
    "LAST_WEEK": lambda today: _week(today, -1),
    "NEXT_WEEK": lambda today: _week(today, 1),
    "THIS_MONTH": lambda today: _month(today, 0),
    "LAST_MONTH": lambda today: _month(today, -1),
    "NEXT_MONTH": lambda today: _month(today, 1),
    "THIS_YEAR": lambda today: _year(today, 0),
    "LAST_YEAR": lambda today: _year(today, -1),
    "NEXT_YEAR": lambda today: _year(today, 1),
    "LAST_90_DAYS": lambda today: (today - timedelta(days=90), today + timedelta(days=1)),
    "NEXT_90_DAYS": lambda today: _days(today + timedelta(days=1), 90),
}
_COUNTED: dict[str, Callable[[date, int], Span]] = {
    "LAST_N_DAYS": lambda today, number: (today - timedelta(days=number), today + timedelta(days=1)),
    "NEXT_N_DAYS": lambda today, number: _days(today + timedelta(days=1), number),
    "N_DAYS_AGO": lambda today, number: _days(today - timedelta(days=number), 1),
    "LAST_N_WEEKS": lambda today, number: (_week(today, -number)[0], _week(today, 0)[0]),
    "LAST_N_MONTHS": lambda today, number: (_month_start(today, -number), _month_start(today, 0)),
    "LAST_N_YEARS": lambda today, number: (_year(today, -number)[0], _year(today, 0)[0]),
}
