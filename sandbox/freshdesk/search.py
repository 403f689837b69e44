"""Search: the documented little language, thirty rows a page, ten pages, and an index that may be late."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.exchange import Answer, Refusal
from sandbox.freshdesk.desk import DOMAINS, Desk, Row
from sandbox.freshdesk.errors import UNEXPECTED, invalid
from sandbox.freshdesk.exchange import Ask
from sandbox.freshdesk.listing import page_of
from sandbox.freshdesk.order import LIVE, state_of
from sandbox.freshdesk.shapes import CUSTOM, company_view, contact_row

PER_PAGE = 30
LAST_PAGE = 10
QUERY_LIMIT = 512
SEARCHED_TYPES = ("custom_text", "custom_number", "custom_checkbox", "custom_dropdown")
STAMPS = ("created_at", "updated_at")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("active", "company_id", "twitter_id", "email", "phone", "mobile", "tag", "language", "time_zone", *STAMPS),
    "companies": ("domain", *STAMPS),
}
LISTS = {"tag": "tags", "domain": "domains"}

_TOKEN = re.compile(
    r"\s*(?:(?P<bracket>[()])|(?P<word>AND|OR)\b|(?P<field>\w+):(?P<bound>[<>]?)"
    r"(?:'(?P<text>(?:\\.|[^'\\])*)'|(?P<bare>-?\d+|true|false|null)\b))"
)

Test = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed expression: a test of one record, and the few ids it can be true for, None if it may be any."""

    test: Test
    candidates: set[int] | None


def search_contacts(ask: Ask) -> Answer:
    """Answer `GET /search/contacts`."""
    names = ask.desk.custom_names("contacts")
    return _search(ask, "contacts", lambda record: contact_row(record, names))


def search_companies(ask: Ask) -> Answer:
    """Answer `GET /search/companies`."""
    names, has_offset = ask.desk.custom_names("companies"), ask.desk.switch("company_offset")
    return _search(ask, "companies", lambda record: company_view(record, names, has_offset))


def _search(ask: Ask, kind: str, show: Callable[[Row], Any]) -> Answer:
    ask.check_query("query", "page")
    page = page_of(ask.query, LAST_PAGE)
    query = Parser(ask.desk, kind, _unquoted(ask.query.get("query"))).parse()
    found = list(_found(ask.desk, kind, query))
    start = (page - 1) * PER_PAGE
    return Answer(200, {"total": len(found), "results": [show(record) for record in found[start : start + PER_PAGE]]})


def _unquoted(text: str | None) -> str:
    if text is None:
        raise invalid("query", "It should be a/an String", "missing_field")
    if len(text) < 3 or text[0] != '"' or text[-1] != '"' or len(text) > QUERY_LIMIT + 2:
        raise _bad_query()
    return text[1:-1]


def _bad_query() -> Refusal:
    return invalid("query", "Given query is invalid")


def _found(desk: Desk, kind: str, query: Query) -> Iterator[Row]:
    ids = desk.store.table(kind) if query.candidates is None else query.candidates | desk.unindexed(kind)
    for key in sorted(map(int, ids)):
        record = desk.as_indexed(kind, key)
        if record is not None and state_of(record) == LIVE and query.test(record):
            yield record


class Parser:
    """Reads `field:value` joined by AND, OR and brackets; AND binds closer."""

    def __init__(self, desk: Desk, kind: str, text: str) -> None:
        self._desk = desk
        self._kind = kind
        self._tokens = list(_tokens(text))
        custom = desk.fields("contact_fields" if kind == "contacts" else "company_fields")
        self._custom = {field["name"] for field in custom if field["type"] in SEARCHED_TYPES}

    def parse(self) -> Query:
        """Return the whole expression."""
        query = self._either()
        if self._tokens:
            raise _bad_query()
        return query

    def _either(self) -> Query:
        query = self._both()
        while self._takes("word", "OR"):
            query = _or(query, self._both())
        return query

    def _both(self) -> Query:
        query = self._term()
        while self._takes("word", "AND"):
            query = _and(query, self._term())
        return query

    def _term(self) -> Query:
        if self._takes("bracket", "("):
            query = self._either()
            if not self._takes("bracket", ")"):
                raise _bad_query()
            return query
        if not self._tokens or self._tokens[0]["field"] is None:
            raise _bad_query()
        return self._comparison(self._tokens.pop(0))

    def _takes(self, group: str, text: str) -> bool:
        is_next = bool(self._tokens) and self._tokens[0][group] == text
        if is_next:
            self._tokens.pop(0)
        return is_next

    def _comparison(self, token: re.Match[str]) -> Query:
        field = token["field"]
        if field not in FIELDS[self._kind] and field not in self._custom:
            raise invalid(field, UNEXPECTED, "invalid_field")
        value = _value(token)
        stored = LISTS.get(field, CUSTOM + field if field in self._custom else field)
        if token["bound"]:
            return Query(_bounded(stored, token["bound"], value), None)
        return Query(_equal(stored, value), self._candidates(stored, value))

    def _candidates(self, stored: str, value: Any) -> set[int] | None:
        if value is None or stored in STAMPS or stored == "tags" or isinstance(value, bool):
            return None
        if stored == "domains":
            holder = self._desk.store.get(DOMAINS, str(value).lower())
            return {holder["id"]} if holder else set()
        return {int(key) for key in self._desk.store.find(self._kind, stored, value)}


def _tokens(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(text.rstrip()):
        token = _TOKEN.match(text, place)
        if token is None:
            raise _bad_query()
        place = token.end()
        yield token


def _value(token: re.Match[str]) -> Any:
    if token["text"] is not None:
        return re.sub(r"\\(.)", r"\1", token["text"])
    named = {"true": True, "false": False, "null": None}
    return named[token["bare"]] if token["bare"] in named else int(token["bare"])


def _equal(stored: str, value: Any) -> Test:
    if stored in LISTS.values():
        return lambda record: (
            _fold(value) in [_fold(item) for item in record.get(stored, ())] if value else not record.get(stored)
        )
    if stored in STAMPS:
        return lambda record: record[stored][:10] == value
    if isinstance(value, bool):
        return lambda record: record.get(stored, False) is value
    return lambda record: _fold(record.get(stored)) == _fold(value)


def _listed(stored: str, value: Any) -> Test:
    if value is None:
        return lambda record: not record.get(stored)
    return lambda record: _fold(value) in [_fold(item) for item in record.get(stored, ())]


def _bounded(stored: str, bound: str, value: Any) -> Test:
    def test(record: Row) -> bool:
        actual: Any = record[stored][:10] if stored in STAMPS else record.get(stored)
        if type(actual) is not type(value):
            return False
        return bool(actual >= value if bound == ">" else actual <= value)

    return test


def _or(one: Query, other: Query) -> Query:
    is_any = one.candidates is None or other.candidates is None
    ids = None if is_any else (one.candidates or set()) | (other.candidates or set())
    return Query(lambda record: one.test(record) or other.test(record), ids)


def _and(one: Query, other: Query) -> Query:
    known = [query.candidates for query in (one, other) if query.candidates is not None]
    ids = set.intersection(*known) if known else None
    return Query(lambda record: one.test(record) and other.test(record), ids)


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
