"""Read the data team's tables however a spreadsheet saved them, and remember where every cell stood.

Accepted: UTF-8 with or without BOM, UTF-16 ("Unicode text"), Windows-1252; `;`, `,` or tab; any line ends; "sep=;";
comment lines, blank lines, trailing empty columns, stray blanks, headers in any order and case.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MAX_BYTES = 5_000_000
MAX_ROWS = 5_000
DELIMITERS = (";", ",", "\t")

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPREADSHEET_ERROR = re.compile(r"#(?:[A-ZÄÖÜ/0]+[!?]|N/A|NV)$")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t]*(?:\n|$)', re.IGNORECASE)
_MIXED = re.compile("Ã[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ''“”•–—˜™š›œžŸ]|â€")
_NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook (.xlsx) under another name",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) under another name",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one place. `column` is the cell number in a CSV, the character in YAML."""

    file: str
    line: int
    column: int
    field: str
    message: str
    row_name: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """Return one line as editors and CI understand it."""
        mark = "warning: " if self.severity == "warning" else ""
        what = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}:{self.column}: {mark}{what}{self.message}"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table: trimmed cells by header. A column that the file lacks reads as an empty cell."""

    file: str
    line: int
    cells: Mapping[str, str]
    columns: Mapping[str, int]

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")

    def problem(self, header: str, message: str, severity: Literal["error", "warning"] = "error") -> Problem:
        """Return a problem that points at the cell below `header`."""
        return Problem(self.file, self.line, self.columns.get(header, 1), header, message, severity=severity)


@dataclass(frozen=True, slots=True)
class Header:
    """The columns a kind of table may have, which of them it must have, and where line breaks are harmless."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    multiline: tuple[str, ...] = ("note",)


@dataclass(slots=True)
class _Line:
    number: int
    cells: list[str] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" when one of `choices` is near `word`, else nothing."""
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word[:100].casefold(), by_folded, n=1, cutoff=0.6)
    return f" (did you mean '{by_folded[close[0]]}'?)" if close else ""


def one_of(words: Collection[str]) -> str:
    """Return the words as prose: "a, b or c"."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def read_text(path: Path, problems: list[Problem], limit: int = MAX_BYTES) -> str | None:
    """Return the text of `path` with plain line feeds, or None after adding the problem that prevents it."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        problems.append(Problem(path.name, 1, 1, "", f"the file cannot be read ({error.strerror}); check name and rights"))
        return None
    if len(content) > limit:
        message = f"the file is larger than {limit / 1e6:g} MB; a mapping is far smaller, check what was saved here"
        problems.append(Problem(path.name, 1, 1, "", message))
        return None
    text = _decode(path.name, content, problems)
    return None if text is None else _clean(path.name, text, problems)


def _decode(file: str, content: bytes, problems: list[Problem]) -> str | None:
    for magic, kind in _NOT_TEXT.items():
        if content.startswith(magic):
            problems.append(Problem(file, 1, 1, "", f"this is {kind}; in Excel choose Save as > CSV UTF-8"))
            return None
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            problems.append(_note_windows(file, text))
        return text
    message = "the file is not text in UTF-8, UTF-16 or Windows-1252; in Excel choose Save as > CSV UTF-8"
    problems.append(Problem(file, 1, 1, "", message))
    return None


def _note_windows(file: str, text: str) -> Problem:
    mixed = _MIXED.search(text)
    if mixed:
        line = text.count("\n", 0, mixed.start()) + 1
        message = f"two character encodings are mixed ('{mixed[0]}' near here); save the whole file as CSV UTF-8"
        return Problem(file, line, 1, "", message)
    line = next((n for n, row in enumerate(text.split("\n"), 1) if not row.isascii()), 1)
    message = "read as Windows-1252, as Excel's plain 'CSV' saves it; Save as > CSV UTF-8 makes it certain"
    return Problem(file, line, 1, "", message, severity="warning")


def _clean(file: str, text: str, problems: list[Problem]) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _CONTROL.search(text)
    if not found:
        return text
    line = text.count("\n", 0, found.start()) + 1
    message = f"an unprintable character (U+{ord(found[0]):04X}) is in this line; type the line anew"
    problems.append(Problem(file, line, 1, "", message))
    return _CONTROL.sub("", text)


def read_table(path: Path, header: Header, problems: list[Problem]) -> list[TableRow]:
    """Return the rows of the CSV file `path`; whatever is wrong is added to `problems` and the rest is still read."""
    text = read_text(path, problems)
    if text is None:
        return []
    first = _SEPARATOR_LINE.match(text)
    delimiter = first[1] if first else _find_delimiter(text, header)
    lines = _content(path.name, _split(text, delimiter, skip_first=bool(first)), problems)
    top = next(lines, None)
    if top is None:
        problems.append(
            Problem(path.name, 1, 1, "", f"the file is empty; the first row names the columns: {', '.join(header.names)}")
        )
        return []
    columns = _read_header(path.name, top, header, problems)
    if columns is None:
        return []
    rows = [_read_row(path.name, line, top, columns, header, problems) for line in lines]
    if len(rows) > MAX_ROWS:
        message = f"{len(rows)} rows; at most {MAX_ROWS} are read, check what was saved here"
        problems.append(Problem(path.name, rows[MAX_ROWS].line, 1, "", message))
        return []
    return rows


def _normal(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", _trim(name)).casefold()


def _trim(cell: str) -> str:
    return cell.translate(_INVISIBLE).strip()


def _find_delimiter(text: str, header: Header) -> str:
    lines = (line for line in text.split("\n") if _trim(line) and not _trim(line).lstrip('"').startswith("#"))
    top = next(lines, "")

    def score(delimiter: str) -> tuple[int, int]:
        cells = [_normal(cell.replace('"', "")) for cell in top.split(delimiter)]
        return sum(cell in header.names for cell in cells), len(cells)

    return max(DELIMITERS, key=score)


def _split(text: str, delimiter: str, skip_first: bool) -> Iterator[_Line]:
    edge = re.escape(delimiter)
    quoted_cell = re.compile(rf' *"((?:[^"]|"")*+)" *(?={edge}|\n|\Z)')
    plain_cell = re.compile(rf"[^{edge}\n]*")
    position, number = 0, 1
    if skip_first:
        position, number = (text + "\n").index("\n") + 1, 2
    while position < len(text):
        line = _Line(number)
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        physical = text[position:end]
        if physical.lstrip(" ").startswith("#"):
            line.cells = [_trim(cell) for cell in physical.split(delimiter)]
        else:
            end = _split_line(text, position, line, (quoted_cell, plain_cell))
        number += text.count("\n", position, end) + 1
        position = end + 1
        yield line


def _split_line(text: str, position: int, line: _Line, patterns: tuple[re.Pattern[str], re.Pattern[str]]) -> int:
    quoted_cell, plain_cell = patterns
    while True:
        match = quoted_cell.match(text, position)
        if match:
            line.cells.append(_trim(match[1].replace('""', '"')))
        else:
            match = plain_cell.match(text, position)
            assert match, "a plain cell may be empty, so it always matches"
            line.cells.append(_trim(match[0]))
            if match[0].lstrip(" ").startswith('"'):
                line.faults.append((len(line.cells), "a quote opens this cell and is not closed at its end; close or remove it"))
        position = match.end()
        if position >= len(text) or text[position] == "\n":
            return position
        position += 1


def _content(file: str, lines: Iterable[_Line], problems: list[Problem]) -> Iterator[_Line]:
    for line in lines:
        if not any(line.cells) or (line.cells[0].startswith("#") and not _SPREADSHEET_ERROR.match(line.cells[0])):
            continue
        problems += [Problem(file, line.number, column, "", message) for column, message in line.faults]
        for column, cell in enumerate(line.cells, 1):
            if _SPREADSHEET_ERROR.match(cell):
                problems.append(
                    Problem(file, line.number, column, "", f"a spreadsheet error '{cell}' stands here; type the value anew")
                )
        yield line


def _read_header(file: str, top: _Line, header: Header, problems: list[Problem]) -> dict[int, str] | None:
    names = [_normal(cell) for cell in top.cells]
    if not set(names) & set(header.names):
        found = ", ".join(f"'{cell[:30]}'" for cell in top.cells[:4])
        message = f"the first row must name the columns ({', '.join(header.names)}); it reads {found}"
        problems.append(Problem(file, top.number, 1, "", message))
        return None
    columns: dict[int, str] = {}
    for number, name in enumerate(names):
        if not name:
            continue
        if name not in header.names:
            message = f"no such column{suggest(name, header.names)}; columns are {', '.join(header.names)}"
            problems.append(Problem(file, top.number, number + 1, top.cells[number], message))
        elif name in columns.values():
            problems.append(Problem(file, top.number, number + 1, name, "this column is there twice; remove one"))
        else:
            columns[number] = name
    for name in header.required:
        if name not in columns.values():
            problems.append(Problem(file, top.number, 1, name, "this column is missing; add it to the header row"))
    return columns


def _read_row(file: str, line: _Line, top: _Line, columns: dict[int, str], header: Header, problems: list[Problem]) -> TableRow:
    beyond = next((n for n, cell in enumerate(line.cells) if cell and (n >= len(top.cells) or not top.cells[n])), None)
    if beyond is not None:
        message = "a value stands in a column without a header; a cell that holds the delimiter needs quotes"
        problems.append(Problem(file, line.number, beyond + 1, "", message))
    cells = {name: line.cells[n] for n, name in columns.items() if n < len(line.cells) and line.cells[n]}
    row = TableRow(file, line.number, cells, {name: n + 1 for n, name in columns.items()})
    for name, cell in cells.items():
        if "\n" in cell and name not in header.multiline:
            problems.append(row.problem(name, "this cell holds a line break, perhaps a quote is missing; put it on one line"))
    return row
