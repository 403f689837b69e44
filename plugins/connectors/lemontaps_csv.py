"""Contact tables as CSV, in every form in which Lemontaps, Excel and its neighbours write them."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence

from connectors.lemontaps_fields import canonical

DELIMITERS = (",", ";", "\t")
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
OLD_ENCODINGS = ("cp1252", "mac_roman", "cp850")  # Excel's CSV, CSV (Macintosh), CSV (MS-DOS) in western languages
CELL_LIMIT = 1_000_000
NAMES = {"first_name", "last_name", "email", "email_work"}
SHORTENED = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)  # what Excel makes of a long telephone number

_FOREIGN = re.compile(r"(?<=[^\W\d_])[^\x00-\x7f](?=[^\W\d_])|(?<=[a-z])[^\x00-\x7f]")
_QUOTES = "’‘“”–…™®"

Line = tuple[int, dict[str, str]]


def decode(content: bytes, encoding: str = "") -> str:
    """Return the text of a file: by `encoding`, its byte order mark, as UTF-8, else by what reads most like words.

    Raises ValueError where it cannot be text.
    """
    if encoding:
        try:
            return content.decode(encoding)
        except LookupError:
            raise ValueError(f"{encoding!r} is no encoding; mend it in the connection's extra field") from None
    for mark, name in MARKS:
        if content.startswith(mark):
            return content.decode(name)
    if b"\x00" in content[:200]:
        raise ValueError("it is no text file; save it as CSV UTF-8")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return min(_readings(content), key=_oddities)


def read_lines(text: str, problems: list[str]) -> Iterator[Line]:
    """Yield line number and cells by field name; what is wrong goes to `problems`, each with its line."""
    lines = list(io.StringIO(text, newline=""))
    skipped = 1 if lines and lines[0].casefold().startswith("sep=") else 0
    delimiter = lines[0].strip()[4:5] if skipped else _delimiter(lines[0] if lines else "")
    reader = csv.reader(lines[skipped:], delimiter=delimiter or "\t", strict=True)
    csv.field_size_limit(CELL_LIMIT)
    rows = _rows(reader, skipped, problems)
    _, heading = next(rows, (1, []))
    names = [canonical(cell) for cell in heading]
    if not NAMES & set(names):
        problems.append(
            f"line {skipped + 1}: no column for a name or an e-mail address; the columns are {', '.join(heading[:8])}"
        )
        return
    for number, cells in rows:
        if problem := _problem(names, cells):
            problems.append(f"line {number}: {problem}")
        elif any(cell.strip() for cell in cells):
            yield number, {name: cell for name, cell in zip(names, cells, strict=False) if name}


def unknown_columns(text: str) -> list[str]:
    """Return the headings that mean no field of ours."""
    first = next(io.StringIO(text, newline=""), "")
    return [cell for cell in _heading(first, _delimiter(first)) if cell.strip() and not canonical(cell)]


def _rows(reader: Iterator[list[str]], skipped: int, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line; a row that is no CSV is reported and the next one tried."""
    last = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(f"line {last + 1 + skipped}: {error}")
            last = reader.line_num  # type: ignore[attr-defined]
            continue
        yield last + 1 + skipped, cells
        last = reader.line_num  # type: ignore[attr-defined]


def _problem(names: Sequence[str | None], cells: Sequence[str]) -> str:
    if any(cell.strip() for cell in cells[len(names) :]):
        return f"{len(cells)} cells, the heading has {len(names)}"
    phones = [
        name for name, cell in zip(names, cells, strict=False) if (name or "").startswith("phone") and SHORTENED.search(cell)
    ]
    return f"{phones[0]} was shortened by Excel; format the column as text and export again" if phones else ""


def _delimiter(heading: str) -> str:
    """Return the delimiter under which most headings are known."""
    return max(DELIMITERS, key=lambda mark: sum(canonical(cell) is not None for cell in _heading(heading, mark)))


def _heading(line: str, delimiter: str) -> list[str]:
    """Return the cells of the first line, none where it is no CSV."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _readings(content: bytes) -> Iterator[str]:
    for name in OLD_ENCODINGS:
        yield content.decode(name, errors="replace")


def _oddities(text: str) -> int:
    """Count the characters that stand where no word has them: a sign within one, a capital behind a small letter."""
    found = (match[0] for match in _FOREIGN.finditer(text))
    return sum(character.isupper() or not (character.isalpha() or character in _QUOTES) for character in found)
