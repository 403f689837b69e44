"""CSV that a spreadsheet opens as data: what would be taken for a formula gets an apostrophe in front.

Where the decimal sign is a comma, Excel splits the lines at `;` instead, and quotes no longer hold a cell together. So whatever
follows a `;`, a tab or the end of a line inside a cell counts as the beginning of one.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sync.database import to_json

FORMULA = re.compile(r"""(^|[;\t\r\n])(?=[^\S\t\r\n]*"*[^\S\t\r\n]*[=+\-@＝＋－＠]|(?<![\s\S])[\t\r\n])""")


def safe(value: Any) -> str:
    """Return `value` as a cell. Numbers stay as they are; text that begins like a formula, or a part of which does, is marked as text."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    words = value if isinstance(value, str) else to_json(value).strip('"')
    return FORMULA.sub(r"\1'", words)


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the table line by line, with a byte order mark for Excel."""
    yield "﻿" + _line(header)
    for row in rows:
        yield _line([safe(cell) for cell in row])


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
