"""CSV as bulk jobs speak it."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
CELL_LIMIT = 400_000
csv.field_size_limit(CELL_LIMIT)


class TableError(Exception):
    """The data cannot be read as the job says it is written."""


def read(data: bytes, job: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows; raises TableError."""
    text = _decoded(data)
    ending = job["lineEnding"]
    first = text.find("\n")
    is_windows = first > 0 and text[first - 1] == "\r"
    if first >= 0 and is_windows != (ending == "CRLF"):
        raise TableError(f"LineEnding is invalid on user data. Current LineEnding setting is {ending}")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[job["columnDelimiter"]], strict=True))
    except csv.Error as problem:
        raise TableError(f"InvalidBatch : Failed to parse CSV: {problem}") from None
    rows = [row for row in rows if row]
    if not rows:
        raise TableError("InvalidBatch : The CSV has no header")
    return rows[0], rows[1:]


def write(rows: Iterable[Sequence[str]], job: Mapping[str, str]) -> str:
    """Return rows as text, every cell quoted."""
    target = io.StringIO(newline="")
    writer = csv.writer(
        target,
        delimiter=DELIMITERS[job["columnDelimiter"]],
        lineterminator=LINE_ENDINGS[job["lineEnding"]],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerows(rows)
    return target.getvalue()


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise TableError("InvalidBatch : The data is not UTF-8") from None
