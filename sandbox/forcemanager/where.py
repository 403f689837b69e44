"""The little SQL of `where`: comparisons joined by AND, OR and brackets; a comparison with a missing value is never true."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.forcemanager.errors import BAD_QUERY, Refusal, bad

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
Compare = Callable[[Any, Any], bool]

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|(\w+)|(<>|!=|>=|<=|=|>|<|\(|\)))")
_OPERATORS: Mapping[str, Compare] = {
    "=": operator.eq, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "<>": operator.ne,
    "!=": operator.ne,
}  # fmt: skip
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_SPACE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What this implementation takes: `types` of the fields by name, and the points that are not known."""

    types: Mapping[str, str]
    date_literals: tuple[str, ...]
    has_or_equal: bool
    ignores_case: bool


def parse(text: str, dialect: Dialect) -> Test:
    """Return the test that `text` stands for; refuses with 901 what is no such condition."""
    return _Parser(text, dialect).whole()


def wrong(message: str) -> Refusal:
    """Return the refusal of a condition."""
    return bad(message, BAD_QUERY)


class _Parser:
    def __init__(self, text: str, dialect: Dialect) -> None:
        self._dialect = dialect
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> Test:
        test = self._either()
        if self._at < len(self._tokens):
            raise wrong(f"unexpected {self._tokens[self._at][1]!r}")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._take("and"):
            tests.append(self._single())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _single(self) -> Test:
        if self._take("("):
            test = self._either()
            self._need(")")
            return test
        name = self._field()
        is_negated = self._take("not")
        if self._take("like"):
            return self._like(name, is_negated)
        kind, sign = self._next()
        is_known = kind == "sign" and sign in _OPERATORS and (self._dialect.has_or_equal or sign not in (">=", "<="))
        if is_negated or not is_known:
            raise wrong(f"unexpected {sign!r}")
        return _comparison(name, _OPERATORS[sign], self._value(name), self._fold)

    def _like(self, name: str, is_negated: bool) -> Test:
        kind, text = self._next()
        if kind != "text":
            raise wrong("LIKE takes text")
        pattern = re.escape(self._fold(text)).replace("%", ".*").replace("_", ".")
        shape = re.compile(pattern, re.DOTALL)
        return lambda row: row.get(name) is not None and bool(shape.fullmatch(self._fold(str(row[name])))) != is_negated

    def _field(self) -> str:
        kind, name = self._next()
        if kind != "word" or name not in self._dialect.types:
            raise wrong(f"invalid column name {name!r}")
        return name

    def _value(self, name: str) -> Any:
        kind, value = self._next()
        wanted = self._dialect.types[name]
        if kind == "word" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if kind not in ("text", "number"):
            raise wrong(f"unexpected {value!r}")
        if wanted == "moment":
            return moment_literal(value, self._dialect.date_literals)
        if wanted in ("ref", "int", "number", "user"):
            return _number(value)
        return value == "1" if wanted == "bool" else self._fold(value)

    def _fold(self, value: Any) -> Any:
        return value.casefold() if isinstance(value, str) and self._dialect.ignores_case else value

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise wrong("the condition ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, word: str) -> bool:
        is_there = self._at < len(self._tokens) and self._tokens[self._at][0] in ("word", "sign")
        if is_there and self._tokens[self._at][1].lower() == word:
            self._at += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise wrong(f"{word!r} is missing")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise wrong(f"unexpected {text[at : at + 20]!r}")
        kind = ("text", "number", "word", "sign")[(match.lastindex or 1) - 1]
        found.append((kind, match[match.lastindex or 1].replace("''", "'")))
        at = match.end()
    return found


def _comparison(name: str, compare: Compare, wanted: Any, fold: Callable[[Any], Any]) -> Test:
    def test(row: Row) -> bool:
        value = row.get(name)
        return value is not None and compare(fold(value), wanted)

    return test


def moment_literal(text: str, accepted: tuple[str, ...]) -> str:
    """Return a date literal as it is stored."""
    shape = "iso" if _ISO.fullmatch(text) else "space" if _SPACE.fullmatch(text) else ""
    if shape not in accepted:
        raise wrong("conversion failed when converting date and/or time from character string")
    return stored_moment(datetime.fromisoformat(text).replace(tzinfo=UTC))


def stored_moment(moment: datetime) -> str:
    """Return a moment as it is stored: UTC, always three digits of fraction, so that text compares as time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise wrong(f"conversion failed when converting the varchar value {text!r} to data type int") from None
