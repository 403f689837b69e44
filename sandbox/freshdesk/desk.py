"""One account: the stored records, and what is derived from them to answer quickly."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.company.ids import freshdesk_time
from sandbox.freshdesk.limits import Meter
from sandbox.freshdesk.order import Entry, Order, by_name, by_stamp
from sandbox.freshdesk.switches import SWITCHES
from sandbox.store import Store

Row = Mapping[str, Any]

FIRST_IDS = {
    "contacts": 72000450000, "companies": 72000020000, "agents": 72000000000, "contact_fields": 72000120000,
    "company_fields": 72000130000, "contacts_imports": 423900, "companies_imports": 523900,
}  # fmt: skip
ADDRESSES = "address"  # other e-mail → contact
DOMAINS = "domain"  # domain → company
FILTERS_KEPT = 8


class Desk:
    """The records of one account over `store`; every change of a contact or company goes through `put` and `remove`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.meter = Meter()
        self._names = {kind: self._order(kind, by_name) for kind in ("contacts", "companies")}
        self._stamps = {kind: self._order(kind, by_stamp) for kind in ("contacts", "companies")}
        self._found: dict[tuple[Any, ...], tuple[int, list[int]]] = {}
        self._unindexed: dict[tuple[str, int], deque[tuple[datetime, Row | None]]] = {}

    def switch(self, name: str) -> Any:
        """Return the present setting of a switch."""
        return self.store.value(f"switch:{name}", SWITCHES[name].default)

    def now(self) -> str:
        """Return the time as the API writes it."""
        return freshdesk_time(self.store.clock.now())

    def get(self, kind: str, key: int) -> Row | None:
        """Return a stored record or None."""
        return self.store.get(kind, key)

    def put(self, kind: str, record: Row) -> None:
        """Create or replace a contact or company."""
        key = record["id"]
        old = self.store.get(kind, key)
        self.store.put(kind, key, record)
        self._follow(kind, key, old, record)

    def remove(self, kind: str, key: int) -> None:
        """Remove a contact or company for good."""
        old = self.store.get(kind, key)
        if old is not None:
            self.store.remove(kind, key)
            self._follow(kind, key, old, None)

    def forget(self) -> None:
        """Derive everything anew from the store, after it changed without us."""
        self._found.clear()
        self._unindexed.clear()
        for order in (*self._names.values(), *self._stamps.values()):
            order.forget()

    def new_id(self, kind: str) -> int:
        """Return an id nobody had before."""
        number: int = self.store.value(f"last_id:{kind}", FIRST_IDS[kind]) + 1
        self.store.set_value(f"last_id:{kind}", number)
        return number

    def note_ids(self, kind: str, keys: Iterable[int]) -> None:
        """See that ids given from outside are not given again."""
        highest = max(keys, default=0)
        if highest > self.store.value(f"last_id:{kind}", FIRST_IDS[kind]):
            self.store.set_value(f"last_id:{kind}", highest)

    def page(self, kind: str, state: str, start: int, count: int) -> list[int]:
        """Return the ids from place `start` of the list of names."""
        return [key for _, key in self._names[kind].ids(state)[start : start + count]]

    def changed_since(self, kind: str, state: str, stamp: str) -> list[int]:
        """Return the ids of the records changed at or after `stamp`, in that order."""
        entries = self._stamps[kind].ids(state)
        return [key for _, key in entries[bisect_left(entries, (stamp, 0)) :]]

    def remembered(self, kind: str, name: tuple[Any, ...], find: Callable[[], list[int]]) -> list[int]:
        """Return what `find` finds, remembered under `name` until a record of the kind changes."""
        version, ids = self._found.get((kind, *name), (-1, []))
        if version != self._names[kind].version:
            ids = find()
            self._found = dict(list(self._found.items())[-FILTERS_KEPT:])
            self._found[kind, *name] = self._names[kind].version, ids
        return ids

    def fields(self, kind: str) -> list[Row]:
        """Return the definitions `contact_fields` or `company_fields` by position."""
        return sorted(self.store.table(kind).values(), key=lambda field: field["position"])

    def custom_names(self, kind: str) -> list[str]:
        """Return the names of the custom fields of contacts or companies."""
        fields = self.store.table("contact_fields" if kind == "contacts" else "company_fields")
        return [field["name"] for field in fields.values() if not field["default"]]

    def as_indexed(self, kind: str, key: int) -> Row | None:
        """Return a record as search sees it, which may be late."""
        changes = self._unindexed.get((kind, key))
        while changes and changes[0][0] <= self.store.clock.now():
            changes.popleft()
        return changes[0][1] if changes else self.store.get(kind, key)

    def unindexed(self, kind: str) -> set[int]:
        """Return the ids whose last change search may not know yet."""
        return {key for name, key in self._unindexed if name == kind}

    def _order(self, kind: str, entry: Callable[[Row], Entry]) -> Order:
        return Order(lambda: self.store.table(kind), entry)

    def _follow(self, kind: str, key: int, old: Row | None, new: Row | None) -> None:
        self._names[kind].change(old, new)
        self._stamps[kind].change(old, new)
        index, field = (ADDRESSES, "other_emails") if kind == "contacts" else (DOMAINS, "domains")
        self._reindex(index, key, old.get(field, ()) if old else (), new.get(field, ()) if new else ())
        lag = self.switch("search_lag_seconds")
        if lag:
            visible = self.store.clock.now() + timedelta(seconds=lag)
            self._unindexed.setdefault((kind, key), deque()).append((visible, old))

    def _reindex(self, index: str, key: int, old: Iterable[str], new: Iterable[str]) -> None:
        if old == new:
            return
        for word in old:
            holder = self.store.get(index, word.lower())
            if holder is not None and holder["id"] == key:
                self.store.remove(index, word.lower())
        for word in new:
            self.store.put(index, word.lower(), {"id": key})
