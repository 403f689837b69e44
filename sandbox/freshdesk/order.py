"""Ids kept sorted by name and by stamp while records change, so that a page of a long list costs a page."""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from typing import Any

Entry = tuple[str, int]
Row = Mapping[str, Any]

LIVE, BLOCKED, DELETED = "live", "blocked", "deleted"


def state_of(record: Row) -> str:
    """Return in which of the three lists a record stands."""
    if record.get("deleted"):
        return DELETED
    return BLOCKED if record.get("blocked") else LIVE


class Order:
    """The ids of one kind by state, sorted by `entry`; `version` moves with every change."""

    def __init__(self, table: Callable[[], Mapping[Any, Row]], entry: Callable[[Row], Entry]) -> None:
        self._table = table
        self._entry = entry
        self._lists: dict[str, list[Entry]] | None = None
        self.version = 0

    def ids(self, state: str) -> list[Entry]:
        """Return the sorted entries of all records in `state`; read only."""
        if self._lists is None:
            self._lists = self._sorted()
        return self._lists[state]

    def change(self, old: Row | None, new: Row | None) -> None:
        """Follow the change of one record."""
        self.version += 1
        if self._lists is None:
            return
        if old is not None:
            entries = self._lists[state_of(old)]
            del entries[bisect_left(entries, self._entry(old))]
        if new is not None:
            insort(self._lists[state_of(new)], self._entry(new))

    def forget(self) -> None:
        """Sort anew at the next use; for large changes and after a rollback."""
        self._lists = None
        self.version += 1

    def _sorted(self) -> dict[str, list[Entry]]:
        lists: dict[str, list[Entry]] = {LIVE: [], BLOCKED: [], DELETED: []}
        for record in self._table().values():
            lists[state_of(record)].append(self._entry(record))
        for entries in lists.values():
            entries.sort()
        return lists


def by_name(record: Row) -> Entry:
    """Sort as lists do."""
    return record["name"].casefold(), record["id"]


def by_stamp(record: Row) -> Entry:
    """Sort by the moment of the last change."""
    return record["updated_at"], record["id"]
