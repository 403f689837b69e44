"""Reads SOQL into its tree by recursive descent."""

from collections.abc import Callable
from typing import TypeVar

from sandbox.salesforce.answers import ApiError
from sandbox.salesforce.moments import parse_date, parse_moment
from sandbox.salesforce.soql.spans import is_span
from sandbox.salesforce.soql.tree import Aggregate, Compare, Condition, Junction, Literal, Negation, Order, Path, Query
from sandbox.salesforce.soql.words import Word, refused, split, unquote

LENGTH_LIMIT = 100_000
TEXT_LIMIT = 4000
OFFSET_LIMIT = 2000
FUNCTIONS = ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX")
_CLAUSES = ("WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL", "WITH", "USING", "HAVING")
_SIGNS = ("=", "!=", "<>", "<", "<=", ">", ">=")
T = TypeVar("T")


def parse(text: str) -> Query:
    """Return the tree of `text`; raises MALFORMED_QUERY."""
    if len(text) > LENGTH_LIMIT:
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters.")
    parser = _Parser(text)
    query = parser.query()
    parser.expect("end")
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.words = split(text)
        self.next = 0
        self.unnamed = 0

    @property
    def word(self) -> Word:
        return self.words[self.next]

    def take(self) -> Word:
        word = self.word
        self.next = min(self.next + 1, len(self.words) - 1)
        return word

    def accept(self, *keywords: str) -> bool:
        """Take these words if they are the next ones."""
        ahead = self.words[self.next : self.next + len(keywords)]
        if [word.upper for word in ahead] != list(keywords):
            return False
        self.next += len(keywords)
        return True

    def require(self, *keywords: str) -> None:
        if not self.accept(*keywords):
            raise self.unexpected()

    def expect(self, kind: str) -> Word:
        if self.word.kind != kind:
            raise self.unexpected()
        return self.take()

    def unexpected(self) -> ApiError:
        return refused(self.text, self.word.place, f"unexpected token: {self.word.text!r}")

    def query(self) -> Query:
        self.require("SELECT")
        selected = self.several(self.item)
        self.require("FROM")
        source = self.expect("name")
        query = Query(self.text, selected, source.text, source.place)
        alias = self.take().text if self.word.kind == "name" and self.word.upper not in _CLAUSES else ""
        self.clauses(query)
        return _without_alias(query, alias) if alias else query

    def clauses(self, query: Query) -> None:
        if self.accept("USING", "SCOPE"):
            self.expect("name")
        query.where = self.condition() if self.accept("WHERE") else None
        self.accept("WITH", "SECURITY_ENFORCED")
        query.group = self.several(self.path) if self.accept("GROUP", "BY") else []
        query.order = self.several(self.order) if self.accept("ORDER", "BY") else []
        query.limit = self.number() if self.accept("LIMIT") else None
        query.offset = self.number() if self.accept("OFFSET") else 0
        if query.offset > OFFSET_LIMIT:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        query.is_all_rows = self.accept("ALL", "ROWS")
        if self.accept("FOR"):
            self.expect("name")

    def several(self, read: Callable[[], T]) -> list[T]:
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    def item(self) -> Path | Aggregate | Query:
        if self.accept("("):
            query = self.query()
            self.require(")")
            return query
        if self.words[self.next].kind == "name" and self.words[self.next + 1].text == "(":
            return self.call()
        return self.path()

    def call(self) -> Path | Aggregate:
        name = self.expect("name")
        self.require("(")
        if name.upper == "FIELDS":
            which = self.expect("name")
            self.require(")")
            return Path((f"FIELDS({which.upper})",), name.place)
        if name.upper not in FUNCTIONS:
            raise refused(self.text, name.place, f"Invalid aggregate function: {name.text}")
        path = None if self.word.text == ")" else self.path()
        self.require(")")
        return Aggregate(name.upper, path, self.alias() if path else "")

    def alias(self) -> str:
        if self.word.kind == "name" and self.word.upper != "FROM":
            return self.take().text
        self.unnamed += 1
        return f"expr{self.unnamed - 1}"

    def path(self) -> Path:
        word = self.expect("name")
        return Path(tuple(word.text.split(".")), word.place)

    def order(self) -> Order:
        path = self.path()
        is_descending = self.accept("DESC")
        if not is_descending:
            self.accept("ASC")
        nulls_last = self.accept("NULLS", "LAST")
        if not nulls_last:
            self.accept("NULLS", "FIRST")
        return Order(path, is_descending, nulls_last)

    def number(self) -> int:
        word = self.expect("number")
        if not word.text.isdigit():
            raise refused(self.text, word.place, f"unexpected token: {word.text!r}")
        return int(word.text)

    def condition(self) -> Condition:
        first = self.factor()
        for word in ("AND", "OR"):
            parts = [first]
            while self.accept(word):
                parts.append(self.factor())
            if len(parts) > 1:
                if self.word.upper in ("AND", "OR"):
                    raise self.unexpected()  # AND and OR at one level need parentheses
                return Junction(word, tuple(parts))
        return first

    def factor(self) -> Condition:
        if self.accept("NOT"):
            return Negation(self.factor())
        if self.accept("("):
            inner = self.condition()
            self.require(")")
            return inner
        return self.comparison()

    def comparison(self) -> Compare:
        path = self.path()
        if self.accept("LIKE"):
            return Compare(path, "LIKE", self.literal(is_pattern=True))
        for operator in ("IN", "INCLUDES", "EXCLUDES"):
            if self.accept(operator):
                return Compare(path, operator, self.members())
        if self.accept("NOT", "IN"):
            return Compare(path, "NOT IN", self.members())
        if self.word.text not in _SIGNS:
            raise self.unexpected()
        return Compare(path, self.take().text.replace("<>", "!="), self.literal())

    def members(self) -> list[Literal] | Query:
        self.require("(")
        found = self.query() if self.word.upper == "SELECT" else self.several(self.literal)
        self.require(")")
        return found

    def literal(self, is_pattern: bool = False) -> Literal:
        word = self.take()
        if word.kind == "text":
            text = unquote(self.text, word, is_pattern)
            if len(text) > TEXT_LIMIT:
                raise refused(self.text, word.place, "String literal exceeds the maximum length of 4000 characters")
            return Literal("text", text, word.place)
        if word.kind == "number":
            return Literal("number", float(word.text), word.place)
        if word.kind in ("date", "datetime"):
            return self.moment(word)
        if word.upper in ("TRUE", "FALSE", "NULL"):
            return Literal("null" if word.upper == "NULL" else "boolean", word.upper == "TRUE", word.place)
        if word.kind == "name" and is_span(word.upper):
            return Literal("range", word.upper, word.place)
        raise refused(self.text, word.place, f"unexpected token: {word.text!r}")

    def moment(self, word: Word) -> Literal:
        try:
            value = parse_date(word.text) if word.kind == "date" else parse_moment(word.text)
        except ValueError:
            raise refused(self.text, word.place, f"Invalid {word.kind}: {word.text}") from None
        return Literal(word.kind, value, word.place)


def _without_alias(query: Query, alias: str) -> Query:
    def bare(path: Path) -> Path:
        return Path(path.steps[1:], path.place) if path.steps[0] == alias and len(path.steps) > 1 else path

    def bare_condition(part: Condition) -> Condition:
        if isinstance(part, Compare):
            return Compare(bare(part.path), part.operator, part.value)
        if isinstance(part, Negation):
            return Negation(bare_condition(part.part))
        return Junction(part.word, tuple(bare_condition(inner) for inner in part.parts))

    query.selected = [bare(item) if isinstance(item, Path) else item for item in query.selected]
    query.where = bare_condition(query.where) if query.where else None
    query.order = [Order(bare(key.path), key.is_descending, key.nulls_last) for key in query.order]
    return query
