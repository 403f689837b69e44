"""What lives in a history, by app: kinds of records, their fields as people see them, and what the shipped settings promise of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
BELONGS = "account"  # the field that ties a person to a company
BOTH, TO_APP, FILL = "both", "to_app", "fill"  # equal in the end; follows Salesforce; filled while empty, never replaced


@dataclass(frozen=True)
class Field:
    """One value that both sides can show, under its name on each."""

    name: str
    here: str
    there: str
    way: str = BOTH
    may_be_empty: bool = True

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


@dataclass(frozen=True)
class Kind:
    """One kind of record: its names in both systems, its id fields, and how the last word of its name is read."""

    entity: str
    here: str
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

    def table(self, side: str) -> str:
        """Return the system's word for these records."""
        return self.here if side == "salesforce" else self.there


@dataclass(frozen=True)
class App:
    """An app of the laboratory: its main kind, the kind that a record of the main one can belong to, and how its sandbox is set."""

    name: str
    person: Kind
    account: Kind | None
    reset: Row
    switches: Row

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All kinds."""
        return (self.person, self.account) if self.account else (self.person,)


FRESHDESK = App(
    name="freshdesk",
    person=Kind(
        entity="contact",
        here="Contact",
        there="contacts",
        fields=(
            FirstName("first name", "FirstName", "name", may_be_empty=False),
            Field("title", "Title", "job_title"),
            Field("note", "Description", "description"),
            Tags("tags", "Freshdesk_Tags__c", "tags"),
            Field("address", "MailingCity", "address", TO_APP),
            Phone("phone", "Phone", "phone", FILL),
        ),
        name_here="LastName",
        name_there="name",
        belongs={"salesforce": "AccountId", "app": "company_id"},
    ),
    account=Kind(
        entity="account",
        here="Account",
        there="companies",
        fields=(Field("note", "Description", "description"),),
        name_here="Name",
        name_there="name",
        may_go=False,
    ),
    reset={"cross_references": True},
    switches={"rate_limit": False},
)
APPS = {app.name: app for app in (FRESHDESK,)}
