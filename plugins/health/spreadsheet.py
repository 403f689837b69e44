"""CSV that a spreadsheet opens as data: a cell that would be taken for a formula gets an apostrophe in front."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sync.database import to_json

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(value: Any) -> str:
    """Return `value` as a cell. Numbers stay as they are; text that begins like a formula is marked as text."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    words = value if isinstance(value, str) else to_json(value).strip('"')
    return f"'{words}" if words.lstrip(" ").startswith(FORMULA) else words


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the table line by line, with a byte order mark for Excel."""
    yield "﻿" + _line(header)
    for row in rows:
        yield _line([safe(cell) for cell in row])


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
