"""Runs a query: which records, in which order, and how each row looks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.answers import ApiError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import OBJECTS, SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql import aggregates
from sandbox.salesforce.soql.conditions import Compiler, invalid_type
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.paths import Found, comparable, find, value_of
from sandbox.salesforce.soql.tree import Compare, Condition, Junction, Literal, Order, Path, Query
from sandbox.salesforce.soql.words import refused
from sandbox.store import Key, Record

Row = dict[str, Any]
Render = Callable[[Record], Row]


@dataclass(frozen=True)
class Selection:
    """The result of a query before its rows are made: page by page, from the ids found."""

    total: int
    ids: list[Key]
    name: str
    render: Render
    get: Callable[[str, Key], Record | None]
    made: list[Row] | None = None  # rows of an aggregate, made at once

    def rows(self, start: int, end: int) -> list[Row]:
        """Return the rows from `start` up to `end`."""
        if self.made is not None:
            return self.made[start:end]
        records = (self.get(self.name, key) for key in self.ids[start:end])
        return [self.render(record) for record in records if record is not None]


def select(org: Org, text: str, base: str, with_deleted: bool, is_tooling: bool = False) -> Selection:
    """Run `text`; `base` begins the addresses in the rows."""
    return _Runner(org, parse(text), base, with_deleted, is_tooling).selection()


class _Runner:
    def __init__(self, org: Org, query: Query, base: str, with_deleted: bool, is_tooling: bool = False) -> None:
        self.org = org
        self.query = query
        self.base = base
        self.with_deleted = with_deleted or query.is_all_rows
        found = org.known(query.source, is_tooling)
        if found is None:
            raise invalid_type(query.text, query.source_place, query.source)
        self.object: SObject = found

    def selection(self) -> Selection:
        name, get = self.object.name, self.org.store.get
        if self.query.is_count:
            records = self.records()
            total = sum(1 for _ in records)
            return Selection(total if self.query.limit is None else min(total, self.query.limit), [], name, dict, get)
        if self.query.is_aggregate:
            rows = aggregates.rows(self.org, name, self.query, self.records())[: self.query.limit]
            return Selection(len(rows), [], name, dict, get, rows)
        render = self.renderer(self.object, self.query)
        ids = self.cut([record["Id"] for record in self.sorted(self.records())])
        return Selection(len(ids), ids, name, render, get)

    def cut(self, ids: list[Key]) -> list[Key]:
        end = None if self.query.limit is None else self.query.offset + self.query.limit
        return ids[self.query.offset : end]

    def records(self) -> Iterator[Record]:
        """Yield the records WHERE lets pass."""
        where = self.query.where
        found: Iterator[Record]
        if where is not None:
            test = Compiler(self.org, self.object.name, self.query.text, self.members).compile(where)
            found = (record for record in self.candidates(where) if test(record))
        else:
            found = iter(self.org.store.table(self.object.name).values())
        return found if self.with_deleted else (record for record in found if not record.get("IsDeleted"))

    def candidates(self, where: Condition) -> Iterable[Record]:
        """Return the records that may pass: a look-up by id or key where WHERE demands one, else all."""
        parts = where.parts if isinstance(where, Junction) and where.word == "AND" else (where,)
        for part in parts:
            values = _wanted(part)
            field = self.org.fields(self.object.name).get(part.path.steps[0].lower()) if isinstance(part, Compare) else None
            if values is not None and field is not None and (field.is_lookup_key or field.type in ("id", "reference")):
                return self.looked_up(field, values)
        return self.org.store.table(self.object.name).values()

    def looked_up(self, field: Field, values: list[Literal]) -> list[Record]:
        operand = Compiler(self.org, self.object.name, self.query.text, self.members).operand
        store = self.org.store
        wanted = dict.fromkeys(operand(field, value) for value in values)
        if field.name == "Id":
            found = [store.get(self.object.name, value) for value in wanted]
        else:
            keys = dict.fromkeys(key for value in wanted for key in store.find(self.object.name, field.name, value))
            found = [store.get(self.object.name, key) for key in keys]
        return [record for record in found if record is not None]

    def members(self, query: Query) -> Iterable[Any]:
        """Return the values of the sub-query of an IN."""
        inner = _Runner(self.org, query, self.base, False)
        only = query.selected[0]
        if len(query.selected) != 1 or not isinstance(only, Path):
            raise refused(query.text, query.source_place, "a sub-query of IN selects one field")
        get = find(self.org, inner.object.name, only, query.text).getter(self.org)
        return {get(record) for record in inner.records()}

    def sorted(self, records: Iterable[Record]) -> list[Record]:
        """Return the records in the order asked for; without one, in order of creation."""
        found = list(records)
        for key in reversed(self.query.order):
            found = self.sorted_by(key, found)
        return found

    def sorted_by(self, key: Order, records: list[Record]) -> list[Record]:
        get = comparable(self.org, self.object.name, key.path, self.query.text, "sorted").getter(self.org)
        nulls = [record for record in records if get(record) is None]
        rest = [record for record in records if get(record) is not None]
        rest.sort(key=lambda record: _sortable(get(record)), reverse=key.is_descending)
        return [*rest, *nulls] if key.nulls_last else [*nulls, *rest]

    def renderer(self, found: SObject, query: Query) -> Render:
        """Return the function from record to row."""
        own: list[tuple[str, Callable[[Mapping[str, Any]], Any]]] = []
        parents: dict[str, list[tuple[Found, Path]]] = {}
        children: list[tuple[str, Callable[[Record], Any]]] = []
        for item in query.selected:
            if isinstance(item, Query):
                children.append(self.children(found, item))
            elif isinstance(item, Path):
                for target in self.targets(found, item, query):
                    if target.links:
                        parents.setdefault(str(target.links[0].relationship), []).append((target, item))
                    else:
                        own.append((target.field.name, value_of(target.field)))
        nested = [(name, self.parent_renderer(targets)) for name, targets in parents.items()]
        return self.row_maker(found.name, own, [*nested, *children])

    def row_maker(self, name: str, own: list[tuple[str, Any]], nested: list[tuple[str, Callable[[Record], Any]]]) -> Render:
        url = f"{self.base}/sobjects/{name}/"

        def render(record: Record) -> Row:
            row: Row = {"attributes": {"type": name, "url": url + str(record["Id"])}}
            for field_name, get in own:
                row[field_name] = get(record)
            for relation, make in nested:
                row[relation] = make(record)
            return row

        return render

    def targets(self, found: SObject, path: Path, query: Query) -> list[Found]:
        if not path.steps[0].startswith("FIELDS("):
            return [find(self.org, found.name, path, query.text)]
        which = path.steps[0][7:-1]
        if which != "STANDARD" and (query.limit is None or query.limit > 200):
            raise ApiError(400, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
        fields = self.org.fields(found.name).values()
        return [Found((), field) for field in fields if which == "ALL" or field.is_custom == (which == "CUSTOM")]

    def parent_renderer(self, targets: list[tuple[Found, Path]]) -> Callable[[Record], Row | None]:
        link = targets[0][0].links[0]
        direct = [(target.field.name, value_of(target.field)) for target, _ in targets if len(target.links) == 1]
        deeper: dict[str, list[tuple[Found, Path]]] = {}
        for target, path in targets:
            if len(target.links) > 1:
                shorter = Found(target.links[1:], target.field)
                deeper.setdefault(str(target.links[1].relationship), []).append((shorter, path))
        nested = [(name, self.parent_renderer(found)) for name, found in deeper.items()]
        makers = {name: self.row_maker(name, direct, nested) for name in OBJECTS}

        def render(record: Record) -> Row | None:
            parent = self.org.parent(link, record.get(link.name))
            return makers[parent[0]]({"Type": parent[0], **parent[1]}) if parent else None

        return render

    def children(self, found: SObject, query: Query) -> tuple[str, Callable[[Record], Any]]:
        child, link = _child(found, query)
        inner = Query(query.text, query.selected, child.name, query.source_place, query.where)
        inner.order, inner.limit, inner.offset = query.order, query.limit, query.offset
        runner = _Runner(self.org, inner, self.base, self.with_deleted)
        render = runner.renderer(child, inner)
        store = self.org.store
        allowed = {record["Id"] for record in runner.records()}

        def make(record: Record) -> Any:
            keys = [key for key in store.find(child.name, link.name, record["Id"]) if key in allowed]
            kept = runner.cut([row["Id"] for row in runner.sorted(store.get(child.name, key) or {} for key in keys)])
            rows = [render(store.get(child.name, key) or {}) for key in kept]
            return {"totalSize": len(rows), "done": True, "records": rows} if rows else None

        return child.plural, make


def _child(found: SObject, query: Query) -> tuple[SObject, Field]:
    for child in OBJECTS.values():
        if child.plural.lower() == query.source.lower():
            for field in child.fields:
                if field.name == f"{found.name}Id" or (field.name in ("WhoId", "WhatId") and found.name in field.references):
                    return child, field
    message = f"Didn't understand relationship '{query.source}' in FROM part of query call."
    raise refused(query.text, query.source_place, message, "INVALID_TYPE")


def _wanted(part: Condition) -> list[Literal] | None:
    if not isinstance(part, Compare) or len(part.path.steps) != 1 or isinstance(part.value, Query):
        return None
    values = part.value if part.operator == "IN" else [part.value] if part.operator == "=" else None
    return None if values is None or any(value.kind != "text" for value in values) else list(values)


def _sortable(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
