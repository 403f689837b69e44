"""One account: its lists, fields, tags and contacts over the store, and the queue of contacts that are on their way."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.getresponse.limits import Meter
from sandbox.getresponse.switches import SWITCHES
from sandbox.store import Store

Row = Mapping[str, Any]

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FIRST_NUMBERS = {
    "contacts": 250_047_000,
    "campaigns": 9_000_000,
    "custom_fields": 5_000_000,
    "tags": 7_000_000,
    "imports": 3_000_000,
}
LIVE = "subscribed"
STATES = (LIVE, "undelivered", "removed", "unconfirmed")


class Account:
    """The records of one account over `store`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.meter = Meter()

    def switch(self, name: str) -> Any:
        """Return the present setting of a switch."""
        return self.store.value(f"switch:{name}", SWITCHES[name].default)

    def now(self) -> str:
        """Return the time as the API writes it."""
        return stamp(self.store.clock.now())

    def later(self, seconds: float) -> str:
        """Return the time so many seconds from now."""
        return stamp(self.store.clock.now() + timedelta(seconds=seconds))

    def new_id(self, kind: str) -> str:
        """Return an id nobody had before."""
        return short_id(FIRST_NUMBERS[kind] + self.store.next_number(kind) * 61)

    def get(self, kind: str, id: Any) -> Row | None:
        """Return a stored record or None."""
        return self.store.get(kind, id) if isinstance(id, str) else None

    def rows(self, kind: str) -> list[Row]:
        """Return all records of a kind in order of creation."""
        return list(self.store.table(kind).values())

    def named(self, kind: str, name: str) -> Row | None:
        """Return the list, field or tag that is called `name`, in any case."""
        keys = self.store.find(kind, "name", name)
        return self.store.get(kind, keys[0]) if keys else None

    def members(self, campaign_id: str, email: str) -> list[Row]:
        """Return the contacts, whatever their state, of an address on a list; the latest comes last."""
        found = [self.store.table("contacts")[key] for key in self.store.find("contacts", "email", email)]
        return [row for row in found if row["campaignId"] == campaign_id]

    def holder(self, campaign_id: str, email: str, own: str | None = None) -> Row | None:
        """Return the contact other than `own` that holds this address on a list: active or not confirmed yet."""
        held = (row for row in self.members(campaign_id, email) if row["state"] in (LIVE, "unconfirmed"))
        return next((row for row in held if row["contactId"] != own), None)

    def contact(self, id: Any) -> Row | None:
        """Return an active contact or None."""
        row = self.get("contacts", id)
        return row if row is not None and row["state"] == LIVE else None

    def put(self, kind: str, row: Row) -> None:
        """Create or replace a record."""
        self.store.put(kind, row[ID_NAMES[kind]], row)


ID_NAMES = {
    "contacts": "contactId", "campaigns": "campaignId", "custom_fields": "customFieldId", "tags": "tagId", "imports": "importId",
}  # fmt: skip


def stamp(moment: datetime) -> str:
    """Write an aware UTC moment as GetResponse does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def short_id(number: int) -> str:
    """Return a number in the short, case-sensitive form of the API's ids."""
    text = ""
    while number:
        number, rest = divmod(number, len(DIGITS))
        text = DIGITS[rest] + text
    return text
