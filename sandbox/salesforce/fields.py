"""Fields: what the platform knows of one, and the compact notation the object tables are written in.

A line reads `Name type size flags rest`. Size is a length, `precision,scale` or digits. Flags: c createable, u updateable,
n nillable, d defaulted on create, i idLookup, R restricted picklist, x external id, q unique, C case-sensitive, f formula
(described, not computed), - none. The rest is `-> Account, User` for a reference, or `= One | *Two` for picklist values, the
default with a star.
"""

from dataclasses import dataclass
from functools import cached_property

TEXT_TYPES = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"})
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
ID_TYPES = frozenset({"id", "reference"})
LONG_TEXT = 255
COMPOUND_TYPES = frozenset({"address", "complexvalue"})


@dataclass(frozen=True)
class Field:
    """One field of an object."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    flags: str = ""
    references: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default: str | None = None

    @cached_property
    def is_createable(self) -> bool:
        """A create may set it."""
        return "c" in self.flags

    @cached_property
    def is_updateable(self) -> bool:
        """An update may set it."""
        return "u" in self.flags

    @cached_property
    def is_nillable(self) -> bool:
        """It may be empty."""
        return "n" in self.flags

    @cached_property
    def is_defaulted(self) -> bool:
        """The server supplies a value when a create names none."""
        return "d" in self.flags

    @cached_property
    def is_required(self) -> bool:
        """A create without it is refused."""
        return self.is_createable and not self.is_nillable and not self.is_defaulted

    @cached_property
    def is_restricted(self) -> bool:
        """Only the listed values are accepted."""
        return "R" in self.flags

    @cached_property
    def is_external_id(self) -> bool:
        """Declared as external id."""
        return "x" in self.flags

    @cached_property
    def is_unique(self) -> bool:
        """No two records may share a value."""
        return "q" in self.flags

    @cached_property
    def is_lookup_key(self) -> bool:
        """Usable as the key of an upsert."""
        return self.is_external_id or "i" in self.flags

    @cached_property
    def is_custom(self) -> bool:
        """Made by the org, not by the platform."""
        return self.name.endswith("__c")

    @cached_property
    def is_filterable(self) -> bool:
        """Allowed in WHERE; long text is not."""
        return not (self.type == "textarea" and self.length > LONG_TEXT) and self.type not in COMPOUND_TYPES

    @cached_property
    def relationship(self) -> str | None:
        """The name of the parent in a path such as `Account.Name`."""
        if self.type != "reference":
            return None
        return self.name[:-1] + "r" if self.is_custom else self.name.removesuffix("Id")


def parse_table(text: str) -> tuple[Field, ...]:
    """Return the fields of a table in the compact notation."""
    return tuple(_parse_line(line) for line in text.strip().splitlines())


def _parse_line(line: str) -> Field:
    name, type_, size, flags, *rest = line.split(None, 4)
    tail = rest[0] if rest else ""
    options = [part.strip() for part in tail[1:].split("|")] if tail.startswith("=") else []
    references = tuple(part.strip() for part in tail[2:].split(",")) if tail.startswith("->") else ()
    first, _, second = size.partition(",")
    is_number = type_ in NUMBER_TYPES
    return Field(
        name=name,
        type=type_,
        label=label_of(name),
        length=0 if is_number else int(first),
        precision=int(first) if is_number else 0,
        scale=int(second or 0) if is_number else 0,
        flags=flags.replace("-", ""),
        references=references,
        values=tuple(option.lstrip("*") for option in options),
        default=next((option[1:] for option in options if option.startswith("*")), None),
    )


def label_of(name: str) -> str:
    """Return a label made of the words of a field name: `MailingCity` gives `Mailing City`."""
    words = name.removesuffix("__c").replace("_", " ")
    if len(words) > 2 and words.endswith("Id"):
        words = words[:-2] + " ID"
    spaced = "".join(f" {letter}" if _starts_word(words, place) else letter for place, letter in enumerate(words))
    return " ".join(spaced.split())


def _starts_word(words: str, place: int) -> bool:
    return place > 0 and words[place].isupper() and words[place - 1].islower()
