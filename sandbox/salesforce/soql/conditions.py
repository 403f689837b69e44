"""Turns WHERE into a plain function from record to bool."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.salesforce.answers import ApiError
from sandbox.salesforce.fields import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.moments import stamp
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.paths import Getter, find
from sandbox.salesforce.soql.spans import span
from sandbox.salesforce.soql.tree import Compare, Condition, Junction, Literal, Negation, Query
from sandbox.salesforce.soql.words import refused

Test = Callable[[Mapping[str, Any]], bool]
Values = Callable[[Query], Iterable[Any]]  # runs the sub-query of an IN
_ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_FITTING = {
    "datetime": ("datetime", "range"),
    "date": ("date", "range"),
    "boolean": ("boolean",),
    **dict.fromkeys(TEXT_TYPES | ID_TYPES, ("text",)),
    **dict.fromkeys(NUMBER_TYPES, ("number",)),
}
_WORDING = {
    "text": "of type string and should be enclosed in quotes",
    "datetime": "of type dateTime and should not be enclosed in quotes",
    "date": "of type date and should not be enclosed in quotes",
    "boolean": "of type boolean and should not be enclosed in quotes",
    "number": "of type double and should not be enclosed in quotes",
}


class Compiler:
    """Compiles the conditions of one query on object `name`."""

    def __init__(self, org: Org, name: str, text: str, run: Values) -> None:
        self.org = org
        self.name = name
        self.text = text
        self.run = run

    def compile(self, condition: Condition) -> Test:
        """Return the test of `condition`."""
        if isinstance(condition, Negation):
            inner = self.compile(condition.part)
            return lambda record: not inner(record)
        if isinstance(condition, Junction):
            return _joined(condition.word, [self.compile(part) for part in condition.parts])
        return self._compare(condition)

    def _compare(self, compare: Compare) -> Test:
        found = find(self.org, self.name, compare.path, self.text)
        if not found.field.is_filterable:
            message = f"field '{found.field.name}' can not be filtered in a query call"
            raise refused(self.text, compare.path.place, message, "INVALID_FIELD")
        get = _folding(found.field, found.getter(self.org))
        if compare.operator in ("IN", "NOT IN"):
            return self._membership(compare, found.field, get)
        if compare.operator in ("INCLUDES", "EXCLUDES"):
            if found.field.type != "multipicklist":
                message = f"invalid operator {compare.operator} for field '{found.field.name}'"
                raise refused(self.text, compare.path.place, message, "INVALID_QUERY_FILTER_OPERATOR")
            return self._inclusion(compare, get)
        if compare.operator == "LIKE":
            return self._like(compare, found.field, get)
        return self._plain(compare, found.field, get)

    def _plain(self, compare: Compare, field: Field, get: Getter) -> Test:
        if compare.value.kind == "null":
            return _null_test(compare, get, self.text)
        if compare.value.kind == "range":
            return self._within(compare, field, get)
        value = self.operand(field, compare.value)
        if compare.operator == "=":
            return lambda record: get(record) == value
        if compare.operator == "!=":
            return lambda record: get(record) != value
        if field.type == "boolean":
            raise refused(self.text, compare.value.place, "invalid operator", "INVALID_QUERY_FILTER_OPERATOR")
        return _ordered(_ORDERED[compare.operator], get, value)

    def _within(self, compare: Compare, field: Field, get: Getter) -> Test:
        self._check_kind(field, compare.value)
        first, after = span(compare.value.value, self.org.now().date())
        start, end = (_day(field, day) for day in (first, after))
        bound = {"<": start, ">=": start, "<=": end, ">": end}.get(compare.operator)
        if bound is not None:
            return _ordered({"<=": operator.lt, ">": operator.ge}.get(compare.operator, _ORDERED[compare.operator]), get, bound)
        is_in = compare.operator == "="

        def test(record: Mapping[str, Any]) -> bool:
            value = get(record)
            return (value is not None and start <= value < end) is is_in

        return test

    def _membership(self, compare: Compare, field: Field, get: Getter) -> Test:
        if isinstance(compare.value, Query):
            values = frozenset(self.run(compare.value))
        else:
            values = frozenset(None if part.kind == "null" else self.operand(field, part) for part in compare.value)
        if compare.operator == "IN":
            return lambda record: get(record) in values
        return lambda record: get(record) not in values

    def _inclusion(self, compare: Compare, get: Getter) -> Test:
        groups = [frozenset(str(part.value).lower().split(";")) for part in compare.value]
        wanted = compare.operator == "INCLUDES"

        def test(record: Mapping[str, Any]) -> bool:
            chosen = frozenset((get(record) or "").split(";"))
            return any(group <= chosen for group in groups) is wanted

        return test

    def _like(self, compare: Compare, field: Field, get: Getter) -> Test:
        if compare.value.kind != "text" or field.type in ID_TYPES or field.type not in TEXT_TYPES:
            raise refused(self.text, compare.path.place, "invalid operator on id field", "INVALID_QUERY_FILTER_OPERATOR")
        matches = re.compile(_pattern(compare.value.value), re.IGNORECASE | re.DOTALL).fullmatch
        return lambda record: (value := get(record)) is not None and matches(value) is not None

    def operand(self, field: Field, literal: Literal) -> Any:
        """Return the literal in the form stored values have; raises INVALID_FIELD where the kinds do not fit."""
        if literal.kind == "null":
            return None
        self._check_kind(field, literal)
        if literal.kind == "datetime":
            return stamp(literal.value)
        if literal.kind == "date":
            return literal.value.isoformat()
        if field.type in ID_TYPES:
            return self._id(field, literal)
        return literal.value.lower() if literal.kind == "text" and "C" not in field.flags else literal.value

    def _id(self, field: Field, literal: Literal) -> str:
        found = full_id(literal.value)
        if found is None and literal.value:
            message = f"invalid ID field: {literal.value}"
            raise refused(self.text, literal.place, message, "INVALID_QUERY_FILTER_OPERATOR")
        return found or ""

    def _check_kind(self, field: Field, literal: Literal) -> None:
        fitting = _FITTING.get(field.type, (literal.kind,))
        if literal.kind not in fitting:
            message = f"value of filter criterion for field '{field.name}' must be {_WORDING[fitting[0]]}"
            raise refused(self.text, literal.place, message, "INVALID_FIELD")


def _joined(word: str, tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        if word == "AND":
            return lambda record: first(record) and second(record)
        return lambda record: first(record) or second(record)
    if word == "AND":
        return lambda record: all(test(record) for test in tests)
    return lambda record: any(test(record) for test in tests)


def _folding(field: Field, get: Getter) -> Getter:
    if field.type not in TEXT_TYPES or "C" in field.flags:
        return get
    return lambda record: value.lower() if (value := get(record)) is not None else None


def _null_test(compare: Compare, get: Getter, text: str) -> Test:
    if compare.operator == "=":
        return lambda record: get(record) is None
    if compare.operator == "!=":
        return lambda record: get(record) is not None
    raise refused(text, compare.value.place, "invalid operator: null", "INVALID_QUERY_FILTER_OPERATOR")


def _ordered(test: Callable[[Any, Any], Any], get: Getter, bound: Any) -> Test:
    return lambda record: (value := get(record)) is not None and bool(test(value, bound))


def _day(field: Field, day: Any) -> str:
    return f"{day.isoformat()}T00:00:00.000+0000" if field.type == "datetime" else str(day.isoformat())


def _pattern(like: str) -> str:
    parts = re.findall(r"\\.|.", like, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(part) or re.escape(part[-1]) for part in parts)


def invalid_type(text: str, place: int, name: str) -> ApiError:
    """Return the 400 of an object that does not exist."""
    message = f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the"
    message += " '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    return refused(text, place, message, "INVALID_TYPE")
