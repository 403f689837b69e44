"""Lists: the condition, the order, the page. Always a bare array."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.forcemanager.crm import Crm, Row
from sandbox.forcemanager.shapes import show
from sandbox.forcemanager.where import Dialect, Test, parse, wrong

DEFAULT_COUNT = 50
WORDS = ("page", "where", "order", "lang")


def list_rows(crm: Crm, resource: str, query: Mapping[str, str], headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one page of a resource or value list."""
    types = crm.types(resource)
    tests = [_equality(crm, name, value, types) for name, value in query.items() if name not in WORDS]
    if query.get("where"):
        tests.append(parse(query["where"], dialect(crm, types)))
    rows = [row for row in crm.store.table(resource).values() if all(test(row) for test in tests)]
    if not crm.switch("lists_deleted"):
        rows = [row for row in rows if not row.get("deleted")]
    count = _number(headers.get(crm.switch("count_header"), str(DEFAULT_COUNT)), "Count") or DEFAULT_COUNT
    count = min(count, crm.switch("count_limit"))
    start = _number(query.get("page", "0"), "page") * count
    language = query.get("lang", "en")
    ordered = _ordered(crm, rows, query.get("order", ""), types)[start : start + count]
    return [show(crm, resource, row, language) for row in ordered]


def dialect(crm: Crm, types: Mapping[str, str]) -> Dialect:
    """Return what `where` takes now."""
    literals = tuple(crm.switch("date_literals"))
    return Dialect(types, literals, crm.switch("where_or_equal"), crm.switch("where_ignores_case"))


def _equality(crm: Crm, name: str, value: str, types: Mapping[str, str]) -> Test:
    if name not in types:
        raise wrong(f"invalid column name {name!r}")
    quoted = value.replace("'", "''")
    return parse(f"{name}='{quoted}'", dialect(crm, types))


def _ordered(crm: Crm, rows: Iterable[Row], name: str, types: Mapping[str, str]) -> list[Row]:
    """Return the rows in descending order of one field; without one by id, upwards."""
    if not name:
        return sorted(rows, key=lambda row: row["id"])
    if name not in types:
        raise wrong(f"invalid column name {name!r}")
    known: list[Row] = []
    unknown: list[Row] = []
    for row in sorted(rows, key=lambda row: row["id"]):
        (unknown if row.get(name) is None else known).append(row)
    known.sort(key=lambda row: row[name], reverse=True)
    return unknown + known if crm.switch("nulls_in_order") == "first" else known + unknown


def _number(text: str, name: str) -> int:
    if not text.isdecimal():
        raise wrong(f"{name} is not a number")
    return int(text)
