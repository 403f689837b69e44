"""A system that lives in memory and keeps the connectors' contract: for tests of everything above the connectors.

A person's edits are `put`, `edit` and `remove`; faults are set on `faults`. Its clock ticks one second per change.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Account, Entity, Field, Known, NewField, Page, Record, Result, User, Write
from connectors.errors import PermanentError, TransientError

START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE_ROWS = 100


def entities_of(*names: str) -> dict[str, Entity]:
    """Return plain entities with the given names."""
    return {name: Entity(name, name, "id", "modified_at", has_delete_feed=True) for name in names}


@dataclass(slots=True)
class Faults:
    """What goes wrong. Writes are counted from 1 over the life of the connector."""

    hidden: set[int] = field(default_factory=set)  # creates that are accepted and shown only by `show`
    lost: set[int] = field(default_factory=set)  # done, but the answer is lost
    cut: set[int] = field(default_factory=set)  # not done, and no answer
    stop_after: int | None = None  # TransientError once so many writes were tried
    refused: dict[str, str] = field(default_factory=dict)  # id, or any field's value → error code
    locked: dict[str, int] = field(default_factory=dict)  # id → how often it is transiently refused


@dataclass(slots=True)
class MemoryConnector:
    """Keeps records in `records[entity][id]`.

    `unique[entity]`: fields in which a second live record with the same value is refused as `duplicate_value`.
    `external_id_fields[entity]`: a create with a value that exists updates that record.
    """

    system: str = "memory"
    entities: Mapping[str, Entity] = field(default_factory=lambda: entities_of("account", "contact", "lead", "opportunity"))
    fields: Mapping[str, Sequence[Field]] = field(default_factory=dict)
    unique: Mapping[str, frozenset[str]] = field(default_factory=dict)
    external_id_fields: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    now: datetime = START
    writes_seen: int = 0
    created_fields: set[tuple[str, str]] = field(default_factory=set)
    people: Sequence[User] = ()
    custom_prefix: str = "custom_fields."
    hidden: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)  # what `show` lets appear

    # -- a person's edits

    def put(self, entity: str, **fields: Any) -> str:
        """Add a record and return its id."""
        id = f"{self.system}-{entity}-{len(self._table(entity)) + 1}"
        self._save(entity, id, fields)
        return id

    def edit(self, entity: str, id: str, **fields: Any) -> None:
        """Change a record."""
        self._save(entity, id, {**self._table(entity)[id].raw, **fields})

    def remove(self, entity: str, id: str) -> None:
        """Delete a record; its id is reported by `read_changes`."""
        self._save(entity, id, self._table(entity)[id].raw, is_deleted=True)

    def live(self, entity: str) -> dict[str, Mapping[str, Any]]:
        """Return the raw fields of all live records by id."""
        return {id: record.raw for id, record in self._table(entity).items() if not record.is_deleted}

    def show(self) -> None:
        """Let every record appear that was accepted."""
        for entity, id, fields in self.hidden:
            self._save(entity, id, fields)
        self.hidden = []

    # -- the contract

    def account_id(self) -> str:
        """Return the system's name."""
        return self.system

    def ping(self) -> Account:
        """Answer at once."""
        return Account(self.system, self.system, is_sandbox=True)

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the fields given to the constructor and those made since."""
        made = [
            Field(name, name, "text", 255, is_unique=True, is_custom=True) for kind, name in self.created_fields if kind == entity
        ]
        return [*self.fields.get(entity, ()), *made]

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield changed records; without `since` the live ones."""
        records = self._table(entity).values()
        return self._pages(r for r in records if (r.modified_at >= since if since else not r.is_deleted))

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield the records that exist."""
        table = self._table(entity)
        return self._pages(table[id] for id in dict.fromkeys(ids) if id in table) if ids else iter(())

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield live records by any field, without regard to case."""
        wanted = {value.casefold() for value in values if value.strip()}
        if not wanted:
            return iter(())
        records = self._table(entity).values()
        return self._pages(r for r in records if not r.is_deleted and str(r.raw.get(key)).casefold() in wanted)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Apply the writes one by one, faults included."""
        for write in writes:
            if self.faults.stop_after is not None and self.writes_seen >= self.faults.stop_after:
                raise TransientError("The memory system was told to stop here.")
            self.writes_seen += 1
            self.calls["write"] += 1
            yield self._write_one(entity, write)

    def users(self) -> Sequence[User]:
        """Return `people`."""
        return self.people

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Remember the field."""
        self.created_fields.add((entity, name))

    # -- inside

    def _table(self, entity: str) -> dict[str, Record]:
        if entity not in self.entities:
            raise PermanentError(f"{self.system} has no entity {entity!r}.")
        return self.records.setdefault(entity, {})

    def _save(self, entity: str, id: str, fields: Mapping[str, Any], is_deleted: bool = False) -> Record:
        self.now += timedelta(seconds=1)
        record = Record(id, {**fields, "id": id}, self.now, is_deleted)
        self._table(entity)[id] = record
        return record

    def _pages(self, records: Iterable[Record]) -> Iterator[Page]:
        rows = list(records)
        for start in range(0, max(1, len(rows)), PAGE_ROWS):
            self.calls["read"] += 1
            yield Page(rows[start : start + PAGE_ROWS], self.now)

    def _write_one(self, entity: str, write: Write) -> Result:
        if self.writes_seen in self.faults.cut:
            return Result("unknown", write.id, message="The connection was cut before the work was done.")
        result = self._refusal(entity, write) or self._apply(entity, write)
        if self.writes_seen in self.faults.lost:
            return Result("unknown", write.id, message="The answer was lost.")
        return result

    def _refusal(self, entity: str, write: Write) -> Result | None:
        id = write.id or ""
        if self.faults.locked.get(id, 0) > 0:
            self.faults.locked[id] -= 1
            return Result("failed", id, code="locked", message="The record is locked.", is_transient=True)
        for value in map(str, (id, *write.fields.values())):
            if value in self.faults.refused:
                return Result("failed", write.id, code=self.faults.refused[value], message=f"Refused: {value}")
        return self._gone(entity, write) or self._duplicate(entity, write)

    def _gone(self, entity: str, write: Write) -> Result | None:
        if write.operation != "update" or str(write.id) in self.live(entity):
            return None
        return Result("failed", write.id, code="not_found", message="There is no such record.")

    def _duplicate(self, entity: str, write: Write) -> Result | None:
        for name in self.unique.get(entity, frozenset()) & set(write.fields):
            owner = self._holder(entity, name, write.fields[name])
            if owner not in (None, write.id) and name != self.external_id_fields.get(entity):
                return Result("failed", owner, code="duplicate_value", message=f"{name} is taken")
        return None

    def _holder(self, entity: str, name: str, value: Any) -> str | None:
        if value in (None, ""):
            return None
        text = str(value).casefold()
        return next((id for id, raw in self.live(entity).items() if str(raw.get(name)).casefold() == text), None)

    def _apply(self, entity: str, write: Write) -> Result:
        if write.operation == "delete":
            if str(write.id) in self.live(entity):
                self.remove(entity, str(write.id))
            return Result("done", write.id)
        if write.operation == "create" and self.writes_seen in self.faults.hidden:
            self.hidden.append((entity, f"{self.system}-{entity}-late-{self.writes_seen}", write.fields))
            return Result("accepted")
        id = write.id or self._upsert_target(entity, write) or self.put(entity)
        self.edit(entity, id, **_with_lists(write.fields, self._table(entity)[id].raw))
        return Result("done", id, self._table(entity)[id])

    def _upsert_target(self, entity: str, write: Write) -> str | None:
        name = self.external_id_fields.get(entity)
        return self._holder(entity, name, write.fields.get(name)) if name else None


def _with_lists(fields: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Apply what is to be added to a list, `<field>_add`, or taken out of it, `<field>_remove`."""
    whole = {name: value for name, value in fields.items() if not name.endswith(("_add", "_remove"))}
    for name in (name.removesuffix("_add").removesuffix("_remove") for name in fields if name not in whole):
        kept = [each for each in whole.get(name, held.get(name)) or [] if each not in fields.get(f"{name}_remove", ())]
        whole[name] = [*kept, *(each for each in fields.get(f"{name}_add", ()) if each not in kept)]
    return whole
