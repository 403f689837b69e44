"""The columns of a query whose result is CSV."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.salesforce.answers import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.conditions import invalid_type
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.paths import Getter, find
from sandbox.salesforce.soql.tree import Path, Query
from sandbox.store import Record


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the header and how to read it."""

    name: str
    get: Getter
    moment_suffix: str  # empty for all but datetimes

    def text(self, record: Record) -> str:
        """Return the cell of a record; null is empty."""
        value = self.get(record)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return value.replace("+0000", self.moment_suffix) if self.moment_suffix else str(value)


def columns(org: Org, text: str) -> list[Column]:
    """Return the columns of the query `text`; raises for queries that bulk jobs do not support."""
    query = parse(text)
    found = org.known(query.source)
    if found is None:
        raise invalid_type(text, query.source_place, query.source)
    if query.is_count or query.is_aggregate or query.offset or any(isinstance(item, Query) for item in query.selected):
        message = "Aggregate Relationships, OFFSET and aggregate functions are not supported in Bulk Query"
        raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", message)
    return list(_columns(org, found.name, query))


def _columns(org: Org, name: str, query: Query) -> Iterator[Column]:
    for path in query.selected:
        if isinstance(path, Path):
            target = find(org, name, path, query.text)
            if target.field.type == "address":
                raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query")
            steps = [str(link.relationship) for link in target.links]
            suffix = org.switch("bulk_moment_suffix") if target.field.type == "datetime" else ""
            yield Column(".".join([*steps, target.field.name]), target.getter(org), suffix)
