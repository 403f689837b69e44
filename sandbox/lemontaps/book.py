"""The team's records: captured contacts in the order of their last change, and the users who capture them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from sandbox.lemontaps.switches import SWITCHES
from sandbox.store import Store

Row = dict[str, Any]
Place = tuple[str, str]  # stamp of the last change, id

TEXTS = (
    "name_prefix", "first_name", "last_name", "position", "role", "department", "company", "email", "email_work",
    "phone_work", "phone_mobile", "website", "addressee", "address_line_1", "address_line_2", "postal_code", "city", "country",
    "language", "notes", "met_on",
)  # fmt: skip
BLANK: Row = {
    "version": 1, "deleted": False, **dict.fromkeys(TEXTS), "gdpr_consent": None, "gdpr_consent_at": None, "images": [],
    "met_by": None, "exports": {},
}  # fmt: skip
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Book:
    """Contacts and users over one store; contacts are sorted once and again only after a change."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._order: list[Place] | None = None
        self.calls_by_minute: dict[datetime, int] = {}

    def now(self) -> str:
        """Return the present moment as the API writes it."""
        return stamp(self.store.clock.now())

    def get(self, key: str) -> Row | None:
        """Return a contact, deleted ones included, or None."""
        found = self.store.get("contacts", key)
        return dict(found) if found is not None else None

    def put(self, row: Mapping[str, Any]) -> None:
        """Store a contact."""
        self._order = None
        self.store.put("contacts", row["id"], dict(row))

    def forget(self) -> None:
        """Sort anew at the next use, after a rollback or a reset."""
        self._order = None

    def from_place(self, place: Place) -> Iterable[Row]:
        """Return the contacts at `place` and behind it, in ascending order of change."""
        if self._order is None:
            self._order = sorted((str(row["updated_at"]), str(row["id"])) for row in self.store.table("contacts").values())
        table = self.store.table("contacts")
        return (dict(table[key]) for _, key in self._order[bisect_left(self._order, place) :])

    def new_id(self, kind: str) -> str:
        """Return an id that was never given before."""
        numbers = (self.store.next_number(kind) for _ in count())
        made = (f"lu_{number + 70}" if kind == "users" else contact_id(number) for number in numbers)
        return next(key for key in made if self.store.get(kind, key) is None)

    def count_call(self) -> float:
        """Count a call; return the seconds to wait where the allowance of this minute is used up."""
        now = self.store.clock.now()
        minute = now.replace(second=0)
        self.calls_by_minute = {minute: self.calls_by_minute.get(minute, 0) + 1}
        return 60 - now.second if self.calls_by_minute[minute] > self.switch("requests_per_minute") else 0

    def switch(self, name: str) -> Any:
        """Return the present setting of a switch."""
        return self.store.value(f"switch:{name}", SWITCHES[name].default)


def stamp(moment: datetime) -> str:
    """Write an aware UTC moment as the API does, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def contact_id(number: int) -> str:
    """Return the id of contact `number`."""
    digits = ""
    for _ in range(10):
        number, digit = divmod(number, 32)
        digits = BASE32[digit] + digits
    return f"lt_{digits}"
