"""Read the data team's tables however a spreadsheet saved them, and remember where every cell stood.

Accepted: `;`, `,` or tab, a "sep=;" line, any line ends, comment lines, blank lines, trailing empty columns, stray blanks,
headers in any order and case, rows that Excel put into one cell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sync.files import Problem, Severity, read_text, suggest

MAX_ROWS = 5_000
DELIMITERS = (";", ",", "\t")

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_SPREADSHEET_ERROR = re.compile(r"#(?:[A-ZÄÖÜ/0]+[!?]|N/A|NV)$")
_SEPARATOR_LINE = re.compile(r'"?sep=([^\n])"?[;,\t]*(?:\n|$)', re.IGNORECASE)
_LONE_QUOTE = "a quote opens this cell and is not closed at its end; close it or take it away"
_NO_HEADER = "a value stands in a column without a header; a cell that holds the delimiter needs quotes around it"
_LINE_BREAK = "this cell holds a line break, perhaps a quote is missing; put it on one line"


@dataclass(frozen=True, slots=True)
class Header:
    """The columns a kind of table may have, which of them it must have, and where line breaks are harmless."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    multiline: tuple[str, ...] = ("note",)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table: trimmed cells by header. A column that the file lacks reads as an empty cell."""

    file: str
    line: int
    cells: Mapping[str, str]
    columns: Mapping[str, int]  # header → cell number

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")

    def problem(self, header: str, message: str, severity: Severity = "error") -> Problem:
        """Return a problem that points at the cell below `header`."""
        return Problem(self.file, self.line, self.columns.get(header, 1), header, message, severity=severity)


@dataclass(slots=True)
class _Line:
    number: int
    cells: list[str] = field(default_factory=list)
    lone_quotes: list[int] = field(default_factory=list)  # cell numbers


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
        problems.append(Problem(path.name, 1, 1, "", f"the file is empty; its first row names {', '.join(header.names)}"))
        return []
    columns = _read_header(path.name, top, header, problems)
    return [] if columns is None else _read_rows(path.name, lines, columns, header, problems)


def trim(cell: str) -> str:
    """Return `cell` without blanks around it and without characters that cannot be seen."""
    return cell.translate(_INVISIBLE).strip()


def fold(word: str) -> str:
    """Return `word` in small letters with blanks and hyphens as _, for words that people spell in many ways."""
    return re.sub(r"[\s_-]+", "_", trim(word)).casefold()


def _find_delimiter(text: str, header: Header) -> str:
    lines = (trim(line) for line in text.split("\n"))
    top = next((line for line in lines if line and not line.lstrip('"').startswith("#")), "")

    def score(delimiter: str) -> tuple[int, int]:
        cells = [fold(cell.replace('"', "")) for cell in top.split(delimiter)]
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
        if physical.translate(_INVISIBLE).lstrip().startswith("#"):
            line.cells = [trim(cell) for cell in physical.split(delimiter)]
        else:
            end = _split_line(text, position, line, quoted_cell, plain_cell)
        if len(line.cells) == 1 and delimiter in line.cells[0]:
            whole, line.cells = line.cells[0], []
            _split_line(whole.replace("\n", " "), 0, line, quoted_cell, plain_cell)
        number += text.count("\n", position, end) + 1
        position = end + 1
        yield line


def _split_line(text: str, start: int, line: _Line, quoted_cell: re.Pattern[str], plain_cell: re.Pattern[str]) -> int:
    position = start
    while True:
        match = quoted_cell.match(text, position)
        if match:
            line.cells.append(trim(match[1].replace('""', '"')))
            position = match.end()
        else:
            plain = plain_cell.match(text, position)
            position = plain.end() if plain else position
            line.cells.append(trim(plain[0] if plain else ""))
            if line.cells[-1].startswith('"'):
                line.lone_quotes.append(len(line.cells))
        if position >= len(text) or text[position] == "\n":
            return position
        position += 1


def _content(file: str, lines: Iterable[_Line], problems: list[Problem]) -> Iterator[_Line]:
    for line in lines:
        if not any(line.cells) or (line.cells[0].startswith("#") and not _SPREADSHEET_ERROR.match(line.cells[0])):
            continue
        problems += [Problem(file, line.number, column, "", _LONE_QUOTE) for column in line.lone_quotes]
        for column, cell in enumerate(line.cells, 1):
            if _SPREADSHEET_ERROR.match(cell):
                message = f"a spreadsheet error '{cell[:20]}' stands here; type the value anew"
                problems.append(Problem(file, line.number, column, "", message))
        yield line


def _read_header(file: str, top: _Line, header: Header, problems: list[Problem]) -> dict[str, int] | None:
    names = [fold(cell) for cell in top.cells]
    if not set(names) & set(header.names):
        found = ", ".join(f"'{cell[:30]}'" for cell in top.cells[:4])
        message = f"the first row must name the columns ({', '.join(header.names)}); it reads {found}"
        problems.append(Problem(file, top.number, 1, "", message))
        return None
    columns: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if name in columns:
            problems.append(Problem(file, top.number, number, name, "this column is there twice; take one away"))
        elif name in header.names:
            columns[name] = number
        elif name:
            message = f"no such column{suggest(name, header.names)}; columns are {', '.join(header.names)}"
            problems.append(Problem(file, top.number, number, top.cells[number - 1][:60], message))
            columns[name] = number
    for name in header.required:
        if name not in columns:
            problems.append(Problem(file, top.number, 1, name, "this column is missing; add it to the first row"))
    return columns


def _read_rows(
    file: str, lines: Iterator[_Line], columns: dict[str, int], header: Header, problems: list[Problem]
) -> list[TableRow]:
    rows: list[TableRow] = []
    for line in lines:
        if len(rows) == MAX_ROWS:
            message = f"more than {MAX_ROWS} rows; a mapping is far smaller, check what was saved here"
            problems.append(Problem(file, line.number, 1, "", message))
            return []
        rows.append(_read_row(file, line, columns, header, problems))
    return rows


def _read_row(file: str, line: _Line, columns: dict[str, int], header: Header, problems: list[Problem]) -> TableRow:
    by_number = {number: name for name, number in columns.items()}
    cells = {by_number.get(number, ""): cell for number, cell in enumerate(line.cells, 1) if cell}
    row = TableRow(file, line.number, cells, columns)
    if "" in cells:
        beyond = next(number for number, cell in enumerate(line.cells, 1) if cell and number not in by_number)
        problems.append(Problem(file, line.number, beyond, "", _NO_HEADER))
    for name, cell in cells.items():
        if "\n" in cell and name in header.names and name not in header.multiline:
            problems.append(row.problem(name, _LINE_BREAK))
    return row
