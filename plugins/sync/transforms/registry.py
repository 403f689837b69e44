"""What a transform is, how one is declared, and how the text of a mapping cell becomes one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from connectors.contract import FieldType

Side = Literal["salesforce", "app"]
CommonType = Literal["text", "number", "boolean", "date", "datetime", "list", "reference"]
Read = Callable[..., Any]
Write = Callable[[Any], tuple[Any, ...]]
Table = Mapping[str, tuple[tuple[str, str], ...]]  # table name → pairs of Salesforce value and app value

TEXTS: tuple[FieldType, ...] = ("text", "email", "phone", "url", "picklist", "other")
WORDS: tuple[FieldType, ...] = (*TEXTS, "integer", "number", "boolean", "date", "datetime")
NUMBERS: tuple[FieldType, ...] = ("number", "integer", "text", "picklist", "other")
FLAGS: tuple[FieldType, ...] = ("boolean", "text", "picklist", "integer", "other")
DATES: tuple[FieldType, ...] = ("date", "datetime", "text", "other")
LISTS: tuple[FieldType, ...] = ("tags", "multipicklist", "other")
WRITTEN: Mapping[CommonType, tuple[FieldType, ...]] = {
    "text": TEXTS,
    "number": ("number", "integer", "other"),
    "boolean": ("boolean", "other"),
    "date": ("date", "text", "other"),
    "datetime": ("datetime", "text", "other"),
    "list": LISTS,
    "reference": ("reference", "text", "integer", "other"),
}


class Codec(NamedTuple):
    """The four plain functions of a transform, made once per mapping row and called once per value."""

    read_salesforce: Read
    write_salesforce: Write
    read_app: Read
    write_app: Write


class Example(NamedTuple):
    """One line of the documentation, proven by the tests: raw values left, the common value, raw values right."""

    salesforce: tuple[Any, ...]
    common: Any
    app: tuple[Any, ...]
    cell: str = ""  # what stands in the transform cell, the bare name if empty


@dataclass(frozen=True, slots=True)
class Use:
    """Where a transform is used: argument, direction of the row, number of fields on each side, translations."""

    argument: str = ""
    direction: str = "both"
    salesforce_count: int = 1
    app_count: int = 1
    values: Table | None = None

    @property
    def origin(self) -> Side:
        """The side a one-way row reads from."""
        return "app" if self.direction == "to_salesforce" else "salesforce"


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the table of transforms. `counts`: how many fields the side it reads and the side it writes may have."""

    name: str
    description: str
    common_type: CommonType
    build: Callable[[Use], Codec]
    examples: tuple[Example, ...]
    salesforce_types: tuple[FieldType, ...] = TEXTS
    app_types: tuple[FieldType, ...] = TEXTS
    salesforce_writes: tuple[FieldType, ...] = ()  # the field types its values can be written to, WRITTEN if empty
    app_writes: tuple[FieldType, ...] = ()
    argument: Literal["none", "optional", "required"] = "none"
    argument_help: str = ""
    is_invertible: bool = True
    counts: Literal["one", "many to one", "none to one"] = "one"


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform as one mapping row uses it. A bad value makes `read(side)(…)` raise ValueError with the reason."""

    name: str
    argument: str
    description: str
    common_type: CommonType
    salesforce_types: tuple[FieldType, ...]
    app_types: tuple[FieldType, ...]
    salesforce_writes: tuple[FieldType, ...]
    app_writes: tuple[FieldType, ...]
    is_invertible: bool
    codec: Codec

    def read(self, side: Side) -> Read:
        """Return the function from the raw values of `side` to the common value; None means empty."""
        return self.codec.read_salesforce if side == "salesforce" else self.codec.read_app

    def write(self, side: Side) -> Write:
        """Return the function from the common value to the raw values of `side`, one per field."""
        return self.codec.write_salesforce if side == "salesforce" else self.codec.write_app

    def types(self, side: Side) -> tuple[FieldType, ...]:
        """Return the field types that can be read on `side`."""
        return self.salesforce_types if side == "salesforce" else self.app_types

    def written_types(self, side: Side) -> tuple[FieldType, ...]:
        """Return the field types that can be written on `side`."""
        return self.salesforce_writes if side == "salesforce" else self.app_writes


TRANSFORMS: dict[str, Kind] = {}


def transform(name: str, **facts: Any) -> Callable[[Callable[[Use], Codec]], Callable[[Use], Codec]]:
    """Declare the decorated builder as the transform `name`; its docstring is the description."""

    def register(build: Callable[[Use], Codec]) -> Callable[[Use], Codec]:
        description = " ".join((build.__doc__ or "").split())
        TRANSFORMS[name] = Kind(name=name, description=description, build=build, **facts)
        return build

    return register


def single(common: Any) -> tuple[Any, ...]:
    """Write the common value as it is into the one field."""
    return (common,)


def same(read: Read, write: Write = single) -> Codec:
    """Return a codec that treats both sides alike."""
    return Codec(read, write, read, write)


def one_way(use: Use, read_origin: Read, read_target: Read, write: Write = single) -> Codec:
    """Return a codec that converts what the row reads and takes what it writes as it is."""
    if use.origin == "app":
        return Codec(read_target, write, read_origin, single)
    return Codec(read_origin, single, read_target, write)
