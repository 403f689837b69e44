"""One account: its records over the store, ids as numbers inside, text in every answer."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.activecampaign.limits import Meter
from sandbox.activecampaign.moments import stored
from sandbox.activecampaign.switches import SWITCHES
from sandbox.store import Store

Row = Mapping[str, Any]


class Panel:
    """The records of one account; every change goes through `put` and `remove`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.meter = Meter()
        self._ids: dict[str, list[int]] = {}

    def switch(self, name: str) -> Any:
        """Return the present setting of a switch."""
        return self.store.value(f"switch:{name}", SWITCHES[name].default)

    def now(self) -> str:
        """Return the time as it is stored."""
        return stored(self.store.clock.now())

    def get(self, kind: str, key: Any) -> Row | None:
        """Return a record by its id, a number or its text, or None."""
        text = str(key)
        return self.store.get(kind, int(text)) if text.isdecimal() else None

    def rows(self, kind: str) -> Iterable[Row]:
        """Return all records of a kind."""
        return self.store.table(kind).values()

    def of(self, kind: str, field: str, value: Any) -> list[Row]:
        """Return the records whose `field` has `value`; text compares without regard to case."""
        table = self.store.table(kind)
        return [table[key] for key in self.store.find(kind, field, value)]

    def put(self, kind: str, record: Row) -> None:
        """Create or replace a record."""
        if record["id"] not in self.store.table(kind):
            self._ids.pop(kind, None)
        self.store.put(kind, record["id"], record)

    def remove(self, kind: str, key: int) -> None:
        """Remove a record for good: nothing of it is left."""
        self._ids.pop(kind, None)
        self.store.remove(kind, key)

    def ids(self, kind: str, after: int = 0) -> list[int]:
        """Return the ids above `after`, ascending."""
        if kind not in self._ids:
            self._ids[kind] = sorted(int(key) for key in self.store.table(kind))
        ids = self._ids[kind]
        return ids[bisect_right(ids, after) :] if after else ids

    def new_id(self, kind: str) -> int:
        """Return an id nobody had before."""
        number: int = self.store.value(f"last_id:{kind}", 0) + 1
        self.store.set_value(f"last_id:{kind}", number)
        return number

    def note_ids(self, kind: str, keys: Iterable[int]) -> None:
        """See that ids given from outside are not given again."""
        highest = max(keys, default=0)
        if highest > self.store.value(f"last_id:{kind}", 0):
            self.store.set_value(f"last_id:{kind}", highest)

    def touch(self, contact: int) -> None:
        """Move the `udate` of a contact."""
        record = self.store.get("contacts", contact)
        if record is not None:
            self.put("contacts", {**record, "udate": self.now()})

    def forget(self) -> None:
        """Derive everything anew from the store, after it changed without us."""
        self._ids.clear()
