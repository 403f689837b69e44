"""The records of one system: dictionaries in memory, written through to one SQLite file.

A stored record is never changed in place: `put` replaces it. So a rollback only has to put old dictionaries back.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from sandbox.calls import Calls
from sandbox.clock import Clock
from sandbox.faults import Faults

Key = str | int
Record = Mapping[str, Any]

VALUES = "_value"
_SCHEMA = "CREATE TABLE IF NOT EXISTS record (kind TEXT, id, body BLOB, PRIMARY KEY (kind, id)) WITHOUT ROWID"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Store:
    """Tables of records by kind and id, plus the clock, faults and call counts of the same system.

    The core commits after each request, before the answer leaves, and rolls back when a handler raises.
    Systems only `put` and `remove`; for all-or-none units they take a `savepoint` and `rollback` to it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.faults = Faults()
        self.calls = Calls()
        self._tables: dict[str, dict[Key, Record]] = {}
        self._indexes: dict[str, dict[str, dict[Any, dict[Key, None]]]] = {}
        self._journal: list[tuple[str, Key, Record | None]] = []
        self._database = _open(path)
        self._load()
        self.clock = Clock(self.value("clock_offset_seconds", 0))

    def table(self, kind: str) -> Mapping[Key, Record]:
        """Return all records of `kind` by id, in order of creation; read only."""
        return self._tables.get(kind, {})

    def get(self, kind: str, key: Key) -> Record | None:
        """Return one record or None."""
        return self._tables.get(kind, {}).get(key)

    def put(self, kind: str, key: Key, record: Record) -> None:
        """Create or replace a record."""
        table = self._tables.setdefault(kind, {})
        old = table.get(key)
        self._journal.append((kind, key, old))
        table[key] = record
        if kind in self._indexes:
            self._reindex(kind, key, old, record)

    def remove(self, kind: str, key: Key) -> None:
        """Remove a record for good; nothing happens when it is not there."""
        old = self._tables.get(kind, {}).pop(key, None)
        if old is not None:
            self._journal.append((kind, key, old))
            self._reindex(kind, key, old, None)

    def find(self, kind: str, field: str, value: Any) -> list[Key]:
        """Return the ids of the records whose `field` equals `value` (text: any case); indexed on first use."""
        indexes = self._indexes.setdefault(kind, {})
        if field not in indexes:
            indexes[field] = {}
            for key, record in self.table(kind).items():
                _add(indexes[field], _fold(record.get(field)), key)
        return list(indexes[field].get(_fold(value), ()))

    def value(self, name: str, default: Any = None) -> Any:
        """Return a stored single value, such as a setting."""
        found = self.get(VALUES, name)
        return default if found is None else found["value"]

    def set_value(self, name: str, value: Any) -> None:
        """Store a single value."""
        self.put(VALUES, name, {"value": value})

    def next_number(self, name: str) -> int:
        """Return 1, 2, 3 … for `name`; never the same twice, also after a restart."""
        number: int = self.value(f"counter:{name}", 0) + 1
        self.set_value(f"counter:{name}", number)
        return number

    def savepoint(self) -> int:
        """Return a mark for `rollback` within the same request."""
        return len(self._journal)

    def rollback(self, savepoint: int = 0) -> None:
        """Undo everything since `savepoint`."""
        while len(self._journal) > savepoint:
            kind, key, old = self._journal.pop()
            table = self._tables[kind]
            current = table.pop(key, None) if old is None else table.get(key)
            if old is not None:
                table[key] = old
            self._reindex(kind, key, current, old)

    def commit(self) -> None:
        """Write all changes to the file in one transaction."""
        if not self._journal:
            return
        changed = {(kind, key): self.get(kind, key) for kind, key, _ in self._journal}
        with self._database:
            self._write(changed.items())
        self._journal.clear()

    def clear(self, keep: Iterable[str] = ()) -> None:
        """Forget all records and values, at once and for good, except the kinds in `keep`."""
        kept = set(keep)
        self._journal.clear()
        self._indexes.clear()
        for kind in [kind for kind in self._tables if kind not in kept]:
            del self._tables[kind]
            self._database.execute("DELETE FROM record WHERE kind = ?", (kind,))
        self._database.commit()

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        self._database.close()

    def _load(self) -> None:
        for kind, key, body in self._database.execute("SELECT kind, id, body FROM record"):
            self._tables.setdefault(kind, {})[key] = _decode(body)

    def _write(self, changed: Iterable[tuple[tuple[str, Key], Record | None]]) -> None:
        rows: Iterator[tuple[str, Key, bytes | None]]
        rows = ((kind, key, None if record is None else _encode(record)) for (kind, key), record in changed)
        while chunk := list(islice(rows, 5000)):
            kept = [row for row in chunk if row[2] is not None]
            gone = [row[:2] for row in chunk if row[2] is None]
            self._database.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", kept)
            self._database.executemany("DELETE FROM record WHERE kind = ? AND id = ?", gone)

    def _reindex(self, kind: str, key: Key, old: Record | None, new: Record | None) -> None:
        for field, index in self._indexes.get(kind, {}).items():
            before = _fold(old.get(field)) if old else None
            after = _fold(new.get(field)) if new else None
            if before != after:
                index.get(before, {}).pop(key, None)
                _add(index, after, key)


def _open(path: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(path or ":memory:", check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(_SCHEMA)
    return database


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _add(index: dict[Any, dict[Key, None]], value: Any, key: Key) -> None:
    if value is not None and not isinstance(value, list | dict):
        index.setdefault(value, {})[key] = None
