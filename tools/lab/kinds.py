"""What lives in a history: kinds of records, their fields as people see them, and what the settings promise of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
SIDES = ("salesforce", "app")
OTHER = {"salesforce": "app", "app": "salesforce"}
BELONGS = "account"  # the field that ties a person to a company
BOTH, TO_APP, TO_SALESFORCE = "both", "to_app", "to_salesforce"  # equal in the end; follows Salesforce; follows the app
FILL, RATCHET = "fill", "ratchet"  # filled while empty, never replaced; once true on a side, true on both for good
PREFIXES = {"001": "Account", "003": "Contact", "00Q": "Lead"}  # by which a Salesforce id tells its table


@dataclass(frozen=True)
class Field:
    """One value that both sides can show, under its name on each. `typed_on`: where people change it."""

    name: str
    here: str
    there: str
    way: str = BOTH
    may_be_empty: bool = True
    typed_on: tuple[str, ...] = SIDES

    def raw(self, side: str, value: Any, row: Row) -> dict[str, Any]:
        """Return what a person types into the record `row` to make the field hold `value`."""
        return {self.here if side == "salesforce" else self.there: value}

    def value(self, side: str, row: Row) -> Any:
        """Return what the field shows in `row`."""
        return row.get(self.here if side == "salesforce" else self.there) or None

    def invent(self, number: int) -> Any:
        """Return a value that nobody has used before."""
        return f"{self.name} {number}"


class FirstName(Field):
    """The first name: of its own in Salesforce, the first words of the name in the app. The last word tells who it is."""

    def raw(self, side: str, value: Any, row: Row) -> dict[str, Any]:
        return {self.here: value} if side == "salesforce" else {self.there: f"{value} {row[self.there].split()[-1]}"}

    def value(self, side: str, row: Row) -> Any:
        return row.get(self.here) if side == "salesforce" else " ".join(row[self.there].split()[:-1]) or None

    def invent(self, number: int) -> Any:
        return f"Mara-{number}"


class Tags(Field):
    """Words in one text in Salesforce, a list in the app."""

    def raw(self, side: str, value: Any, row: Row) -> dict[str, Any]:
        if side == "salesforce":
            return {self.here: ", ".join(value) if value else None}
        return {self.there: list(value or ())}

    def value(self, side: str, row: Row) -> Any:
        shown = row.get(self.here if side == "salesforce" else self.there) or ()
        words = shown.split(",") if isinstance(shown, str) else shown
        return tuple(sorted(word.strip() for word in words)) or None

    def invent(self, number: int) -> Any:
        return ("vip", f"wave-{number}")


class Phone(Field):
    """A number; how it is written does not count."""

    def value(self, side: str, row: Row) -> Any:
        return "".join(filter(str.isdigit, super().value(side, row) or "")) or None

    def invent(self, number: int) -> Any:
        return f"+49431{number:08d}"


class Place(Field):
    """A city: of a lead, of a contact's mailing address, in a custom field of the app."""

    def raw(self, side: str, value: Any, row: Row) -> dict[str, Any]:
        if side == "app":
            return {"fields": {self.there: value}}
        return {"City" if "Company" in row else self.here: value}  # only leads have a company

    def value(self, side: str, row: Row) -> Any:
        found = (row.get("fields") or {}).get(self.there) if side == "app" else row.get("City") or row.get(self.here)
        return found or None


class OptOut(Field):
    """Whether somebody wants no more mails: a check box in Salesforce, a list that they left in the app."""

    def raw(self, side: str, value: Any, row: Row) -> dict[str, Any]:
        return {self.here: True} if side == "salesforce" else {"lists": {self.there: "unsubscribed"}}

    def value(self, side: str, row: Row) -> Any:
        if side == "salesforce":
            return row.get(self.here) or None
        return (row.get("lists") or {}).get(self.there) == "unsubscribed" or None

    def invent(self, number: int) -> Any:
        return True


@dataclass(frozen=True)
class Kind:
    """One kind of record: its names in both systems, its id fields, and how the last word of its name is read.

    A person may be kept in one of several tables of Salesforce; each is an entity of the integration.
    """

    entity: str
    here: Mapping[str, str]  # the tables in Salesforce, and the entity of each
    there: str
    fields: tuple[Field, ...]
    name_here: str
    name_there: str
    may_go: bool = True  # people delete and merge it
    id_there: str = "id"
    belongs: Mapping[str, str] = field(default_factory=dict)  # side → the field with the id of the account

    def id_name(self, side: str) -> str:
        """Return the field that holds the id."""
        return "Id" if side == "salesforce" else self.id_there

    def id_of(self, side: str, row: Row) -> str:
        """Return the id of a record as text."""
        return str(row[self.id_name(side)])

    def token(self, side: str, row: Row) -> str:
        """Return the word that tells whose record this is, however it was edited."""
        return str(row[self.name_here if side == "salesforce" else self.name_there] or "-").split()[-1]

    def tables(self, side: str) -> tuple[str, ...]:
        """Return the system's words for these records."""
        return tuple(self.here) if side == "salesforce" else (self.there,)

    def table(self, side: str, row: Row) -> str:
        """Return the system's word for one record."""
        return PREFIXES[row["Id"][:3]] if side == "salesforce" else self.there

    def entity_of(self, row: Row) -> str:
        """Return the entity of the integration that a Salesforce record is of."""
        return self.here[self.table("salesforce", row)]

    @staticmethod
    def is_live(row: Row) -> bool:
        """Tell whether a record stands for its thing: a converted lead does no more."""
        return not row.get("IsConverted")


@dataclass(frozen=True)
class App:
    """An app of the laboratory: its main kind, the kind that a record of the main one can belong to, how people go about it, and how
    its sandbox and its mapping are set."""

    name: str
    person: Kind
    account: Kind | None
    births: Mapping[str, Row]  # table → what a person's new record has besides the name; `{address}` is the address
    verbs: Mapping[str, int]  # what people do, and how often
    reset: Row
    switches: Row
    reset_salesforce: Row = field(default_factory=lambda: {"cross_references": True})
    new_fields: Mapping[str, Row] = field(default_factory=dict)  # custom fields of Salesforce
    changes: tuple[tuple[str, str, str], ...] = ()  # file of the mapping, what stands there, what shall
    merges_known: bool = False  # people merge only whom a whole run has seen on both sides
    reference: str = ""  # the Salesforce field that holds the app's id

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All kinds."""
        return (self.person, self.account) if self.account else (self.person,)
