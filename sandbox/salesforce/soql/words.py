"""Cuts SOQL into words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.salesforce.answers import ApiError

_WORD = re.compile(
    r"""\s*(?:
      (?P<datetime>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_][\w.]*(?::\d+)?)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: kind (datetime, date, number, text, name, sign, end), text as written, place in the query."""

    kind: str
    text: str
    place: int

    @property
    def upper(self) -> str:
        """The text as a keyword."""
        return self.text.upper() if self.kind == "name" else self.text


def split(query: str) -> list[Word]:
    """Return the words of `query`, an `end` word last; raises MALFORMED_QUERY."""
    return list(_words(query))


def _words(query: str) -> Iterator[Word]:
    place = 0
    end = len(query.rstrip())
    while place < end:
        match = _WORD.match(query, place)
        if match is None:
            raise refused(query, place, f"unexpected token: {query[place:].split()[0]!r}")
        kind = str(match.lastgroup)
        yield Word(kind, match.group(kind), match.start(kind))
        place = match.end()
    yield Word("end", "<EOF>", end)


def unquote(query: str, word: Word, is_pattern: bool = False) -> str:
    """Return the text of a quoted word; in a LIKE pattern the escapes of `%` and `_` stay for `conditions`."""

    def replace(match: re.Match[str]) -> str:
        letter = match.group(1)
        if len(letter) == 5:
            return chr(int(letter[1:], 16))
        if is_pattern and letter in "%_\\":
            return match.group(0)
        if letter not in _ESCAPES:
            raise refused(query, word.place, f"Invalid string literal {word.text}. Illegal character sequence '\\{letter}'")
        return _ESCAPES[letter]

    return _ESCAPE.sub(replace, word.text[1:-1])


def refused(query: str, place: int, message: str, code: str = "MALFORMED_QUERY") -> ApiError:
    """Return the 400 that points at a place of the query as the platform does."""
    start, end = max(0, place - 20), min(len(query), place + 40)
    pointer = " " * (place - start) + "^"
    row = query.count("\n", 0, place) + 1
    column = place - (query.rfind("\n", 0, place) + 1) + 1
    snippet = query[start:end].replace("\n", " ")
    return ApiError(400, code, f"\n{snippet}\n{pointer}\nERROR at Row:{row}:Column:{column}\n{message}")
