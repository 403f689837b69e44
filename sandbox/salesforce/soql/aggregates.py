"""Rows of aggregate queries."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.salesforce.fields import NUMBER_TYPES
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.paths import comparable, find
from sandbox.salesforce.soql.tree import Aggregate, Path, Query
from sandbox.salesforce.soql.words import refused
from sandbox.store import Record

_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}


def rows(org: Org, name: str, query: Query, records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return one AggregateResult row per group of `records`."""
    keys = [comparable(org, name, path, query.text, "grouped").getter(org) for path in query.group]
    makers = [_maker(org, name, query, item) for item in query.selected]
    groups: dict[tuple[Any, ...], list[Record]] = {} if keys else {(): []}
    for record in records:
        groups.setdefault(tuple(get(record) for get in keys), []).append(record)
    attributes = {"type": "AggregateResult"}
    return [{"attributes": attributes, **{alias: make(group) for alias, make in makers}} for group in groups.values()]


def _maker(org: Org, name: str, query: Query, item: Any) -> tuple[str, Callable[[list[Record]], Any]]:
    if isinstance(item, Aggregate) and item.path is not None:
        target = comparable(org, name, item.path, query.text, "aggregated")
        if item.function in ("SUM", "AVG") and target.field.type not in NUMBER_TYPES:
            raise refused(query.text, item.path.place, f"field {target.field.name} does not support {item.function}")
        get = target.getter(org)
        compute = _FUNCTIONS[item.function]
        return item.alias, lambda group: compute([value for record in group if (value := get(record)) is not None])
    if isinstance(item, Path) and any(item.steps == path.steps for path in query.group):
        found = find(org, name, item, query.text)
        get_one = found.getter(org)
        return found.field.name, lambda group: get_one(group[0])
    raise refused(query.text, query.source_place, "Field must be grouped or aggregated")
