"""Erasing a person: which records a system has of somebody, taking them away for good, and looking whether they are gone.

The contract is enough for most systems. One whose API can do more, or less, has methods of its own: `find_person`, `view_person`,
`erase_person`; see the protocols.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

from connectors.contract import Connector, Page, Record, Result, Write

PEOPLE = ("contact", "lead")
BLANK = "erased"  # stands where a system insists on a name


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the records of people hold addresses and names. The first of `emails` can be searched in every system.

    `remainder` says what is left in the system after its API has done all it can. A system whose fields have other names than these
    has a module `<system>_people` with its `SHAPE`.
    """

    emails: tuple[str, ...] = ("email",)
    names: tuple[str, ...] = ("name",)
    more_emails: tuple[str, ...] = ()  # shown, but not searchable
    remainder: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """Return all of them."""
        return (*self.emails, *self.more_emails, *self.names)


@dataclass(frozen=True, slots=True)
class Trace:
    """One record of somebody, with what it says who that is."""

    entity: str
    id: str
    emails: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@runtime_checkable
class FindsPeople(Protocol):
    """A system that also shows people whom `find` leaves out: blocked, deleted but kept, on any list."""

    def find_person(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield every record whose `key` is one of `values`, whatever its state."""
        ...


@runtime_checkable
class ViewsPeople(Protocol):
    """A system in which `read` tells of one list only."""

    def view_person(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield the records of `ids` that the system still shows."""
        ...


@runtime_checkable
class ErasesPeople(Protocol):
    """A system that can do more than a plain delete, or less."""

    def erase_person(self, entity: str, ids: Sequence[str]) -> Iterator[Result]:
        """Take the records away; yield one result per id, in order. The message of one that is done says what is left."""
        ...


def shape_of(system: str) -> Shape:
    """Return where records of people hold addresses and names in this system."""
    name = f"connectors.{system}_people"
    shape: Shape = import_module(name).SHAPE if find_spec(name) else Shape()
    return shape


def kinds_of(connector: Connector) -> tuple[str, ...]:
    """Return the entities that are people in this system."""
    return tuple(kind for kind in PEOPLE if kind in connector.entities)


def find_by_email(connector: Connector, emails: Sequence[str]) -> Iterator[Trace]:
    """Yield the records of people with one of `emails`."""
    shape = shape_of(connector.system)
    find = connector.find_person if isinstance(connector, FindsPeople) else connector.find
    for kind in kinds_of(connector):
        for key in shape.emails:
            for page in find(kind, key, emails, shape.fields):
                yield from (trace_of(shape, kind, record) for record in page.records)


def find_by_id(connector: Connector, entity: str, ids: Sequence[str]) -> Iterator[Trace]:
    """Yield the records of `ids` that the system still shows, deleted ones too where it does."""
    shape = shape_of(connector.system)
    for page in _view(connector, entity, ids, shape):
        yield from (trace_of(shape, entity, record) for record in page.records)


def remaining(connector: Connector, entity: str, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that are still there as records of somebody."""
    shape = shape_of(connector.system)
    records = [record for page in _view(connector, entity, ids, shape) for record in page.records if not record.is_deleted]
    traces = {record.id: trace_of(shape, entity, record) for record in records}
    return {id for id, trace in traces.items() if trace.emails or set(trace.names) - {BLANK, f"{BLANK} {BLANK}"}}


def erase(connector: Connector, entity: str, ids: Sequence[str]) -> Iterator[Result]:
    """Take records away as thoroughly as the API allows; yield one result per id, in order."""
    if isinstance(connector, ErasesPeople):
        yield from connector.erase_person(entity, ids)
    else:
        yield from connector.write(entity, [Write("delete", id) for id in ids])


def trace_of(shape: Shape, entity: str, record: Record) -> Trace:
    """Return what a record says who it is."""
    raw = record.raw
    emails = [each for name in (*shape.emails, *shape.more_emails) for each in _texts(raw.get(name))]
    whole = " ".join(part for name in shape.names for part in _texts(raw.get(name)))
    return Trace(entity, record.id, tuple(dict.fromkeys(emails)), (whole,) if whole else ())


def _view(connector: Connector, entity: str, ids: Sequence[str], shape: Shape) -> Iterator[Page]:
    view = connector.view_person if isinstance(connector, ViewsPeople) else connector.read
    return view(entity, ids, shape.fields) if ids else iter(())


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [text for each in values if each is not None and (text := str(each).strip())]
