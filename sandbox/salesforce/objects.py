"""The standard objects: their flags, key prefixes and fields, as an org without add-ons shows them (see objects.txt)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sandbox.salesforce.fields import Field, parse_table

TABLES = Path(__file__).with_name("objects.txt")


@dataclass(frozen=True)
class SObject:
    """One object: its name, key prefix, fields and what may be done with its records."""

    name: str
    prefix: str
    plural: str
    words: frozenset[str]
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by lower-case name."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def is_person(self) -> bool:
        """Its Name is made of first and last name."""
        return {"firstname", "lastname", "name"} <= self.by_name.keys()

    @cached_property
    def is_createable(self) -> bool:
        """The API may create records."""
        return "uncreateable" not in self.words

    @cached_property
    def is_deletable(self) -> bool:
        """The API may delete records."""
        return "undeletable" not in self.words

    @cached_property
    def is_restorable(self) -> bool:
        """A deleted record waits in the recycle bin."""
        return self.is_deletable and "permanent_delete" not in self.words

    @cached_property
    def is_mergeable(self) -> bool:
        """Two records may be merged into one."""
        return "mergeable" in self.words

    @cached_property
    def is_setup(self) -> bool:
        """Configuration rather than data."""
        return "setup" in self.words

    @cached_property
    def is_tooling(self) -> bool:
        """Only the Tooling API knows it."""
        return "tooling" in self.words


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    title, lines = "", list[str]()
    for line in text.splitlines():
        if line.startswith(("[", "@define")):
            yield title, lines
            title, lines = line.strip("[]"), []
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    yield title, lines


def _read() -> dict[str, SObject]:
    blocks: dict[str, list[str]] = {}
    found: dict[str, SObject] = {}
    for title, lines in _sections(TABLES.read_text()):
        if title.startswith("@define"):
            blocks[title.split()[1]] = lines
        elif title:
            name, prefix, plural, *words = title.split()
            table = "\n".join(_expanded(["@record", *lines, "@stamps"], blocks))
            found[name] = SObject(name, prefix, plural, frozenset(words), parse_table(table))
    return found


def _expanded(lines: list[str], blocks: dict[str, list[str]]) -> Iterator[str]:
    for line in lines:
        if line.startswith("@"):
            name, *arguments = line[1:].split()
            yield from (part.replace("{}", "".join(arguments)) for part in blocks[name])
        else:
            yield line


OBJECTS = _read()
BY_LOWER_NAME = {name.lower(): found for name, found in OBJECTS.items()}
BY_PREFIX = {found.prefix: found for found in OBJECTS.values()}
