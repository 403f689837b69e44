"""Generated records for `make bench`: the same person on both sides by number, one in ten with a difference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Account, Entity, Field, Known, NewField, Page, Record, Result, Write

PAGE_ROWS = 2000
STAMP = datetime(2026, 11, 1, tzinfo=UTC)
CITIES = ("Kiel", "Łódź", "Graz", "Genève", "Malmö", "Brno", "Porto")


def salesforce_row(number: int) -> dict[str, Any]:
    """Person `number` as Salesforce holds them."""
    city = CITIES[number % 7]
    return {
        "FirstName": "Mara", "LastName": f"Lind {number}", "Email": f"p{number}@nordwerk.example",
        "MobilePhone": f"+49 151 {number:07d}", "Phone": f"+49 431 {number:07d}", "Title": "Head of Operations",
        "Department": "Operations", "MailingCity": city, "MailingCountry": "Germany",
        "Description": f"Met at the fair in {city}, wants an offer", "Birthdate": "1980-02-01", "DoNotCall": number % 5 == 0,
    }  # fmt: skip


def app_row(number: int, version: int = 0) -> dict[str, Any]:
    """The same person as the app holds them."""
    city = CITIES[number % 7]
    is_other = number % 10 == 0 or version > 0
    return {
        "name": f"Mara Lind {number}", "email": f"p{number}@nordwerk.example", "mobile": f"+49 151 {number:07d}",
        "phone": f"+49 431 {number:07d}", "job_title": f"Manager {version}" if is_other else "Head of Operations",
        "department": "Operations", "city": city, "country": "Germany",
        "description": f"Met at the fair in {city}, wants an offer", "birthday": "1980-02-01", "do_not_call": number % 5 == 0,
    }  # fmt: skip


def make_rows(side: str, numbers: Sequence[int], version: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the id and the raw record of every person in `numbers` on one side."""
    for number in numbers:
        yield f"{side}-{number:09d}", salesforce_row(number) if side == "salesforce" else app_row(number, version)


@dataclass
class GeneratedConnector:
    """Yields `numbers` as changed records of one side; writes are refused, for the bench measures up to the plan."""

    side: str
    numbers: Sequence[int]
    version: int = 0
    system: str = "bench"
    custom_prefix: str = ""
    entities: Mapping[str, Entity] | None = None

    def account_id(self) -> str:
        """Answer at once."""
        return f"bench-{self.side}"

    def ping(self) -> Account:
        """Answer at once."""
        return Account(f"bench-{self.side}", "bench", is_sandbox=True)

    def describe(self, entity: str) -> Sequence[Field]:
        """Every mapped field, by its kind."""
        row = salesforce_row(0) if self.side == "salesforce" else app_row(0)
        kinds: dict[str, Any] = {"Email": "email", "email": "email", "Birthdate": "date", "birthday": "date"}
        kinds |= dict.fromkeys(("DoNotCall", "do_not_call"), "boolean") | dict.fromkeys(
            ("Phone", "MobilePhone", "phone", "mobile"), "phone"
        )
        return [Field(name, name, kinds.get(name, "text"), 255) for name in row]

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield the records page by page, made on the way."""
        for start in range(0, max(len(self.numbers), 1), PAGE_ROWS):
            rows = make_rows(self.side, self.numbers[start : start + PAGE_ROWS], self.version)
            yield Page([Record(record_id, raw, STAMP) for record_id, raw in rows], STAMP)

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Nothing: the bench reads no single records."""
        return iter(())

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Nothing: both sides are read whole."""
        return iter(())

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Refuse: the bench stops before load."""
        raise AssertionError("the bench writes to no system")

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Nothing to create."""
