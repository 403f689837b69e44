"""The org: its objects and fields as the integration user sees them, its records, and its settings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.salesforce import customfields
from sandbox.salesforce.answers import not_found
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import make_id
from sandbox.salesforce.moments import stamp
from sandbox.salesforce.objects import BY_LOWER_NAME, BY_PREFIX, SObject
from sandbox.salesforce.switches import SWITCHES
from sandbox.store import Record, Store

DELETED = "_deleted"


class Org:
    """One org on top of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._fields: dict[str, Mapping[str, Field]] = {}
        self._required: dict[str, Sequence[str]] = {}
        self._fields_seen: Any = None

    def switch(self, name: str) -> Any:
        """Return the present setting of a switch."""
        return self.store.value(f"switch:{name}", SWITCHES[name].default)

    @property
    def id(self) -> str:
        """The id of the org."""
        return str(self.switch("org_id"))

    def now(self) -> datetime:
        """Return the org's time."""
        return self.store.clock.now()

    def stamp(self) -> str:
        """Return the org's time as the API shows it."""
        return stamp(self.now())

    def known(self, name: str, is_tooling: bool = False) -> SObject | None:
        """Return the object of that name in any case; those of the Tooling API only on demand."""
        found = BY_LOWER_NAME.get(name.lower())
        return None if found is None or (found.is_tooling and not is_tooling) else found

    def object(self, name: str) -> SObject:
        """Return the object of that name in any case; raises 404."""
        found = self.known(name)
        if found is None:
            raise not_found()
        return found

    def fields(self, name: str) -> Mapping[str, Field]:
        """Return the fields of the object `name` by lower-case name, without those no permission shows."""
        seen = (self.store.value("schema_version", 0), tuple(self.switch("hidden_fields")))
        if seen != self._fields_seen:
            self._fields, self._required, self._fields_seen = {}, {}, seen
        if name not in self._fields:
            self._fields[name] = dict(self._visible(name))
        return self._fields[name]

    def required(self, name: str) -> Sequence[str]:
        """Return the names of the fields a record of the object `name` cannot do without."""
        known = self.fields(name)
        if name not in self._required:
            self._required[name] = [field.name for field in known.values() if field.is_required]
        return self._required[name]

    def _visible(self, name: str) -> Iterator[tuple[str, Field]]:
        hidden = {full_name.lower() for full_name in self.switch("hidden_fields")}
        standard = BY_LOWER_NAME[name.lower()].fields
        for field in (*standard, *customfields.granted(self.store, name)):
            if f"{name}.{field.name}".lower() not in hidden:
                yield field.name.lower(), field

    def record(self, name: str, record_id: str) -> Record | None:
        """Return a record, deleted ones included."""
        return self.store.get(name, record_id)

    def live(self, name: str, record_id: str | None) -> Record | None:
        """Return a record that is not deleted."""
        found = self.store.get(name, record_id) if record_id else None
        return None if found is None or found["IsDeleted"] else found

    def parent(self, field: Field, record_id: str | None) -> tuple[str, Record] | None:
        """Return object name and record a reference points at, deleted ones included."""
        found = BY_PREFIX.get(record_id[:3]) if record_id else None
        record = self.store.get(found.name, record_id) if found and record_id else None
        return (found.name, record) if found and record is not None else None

    def new_id(self, found: SObject) -> str:
        """Return an id nobody has yet."""
        return make_id(found.prefix, 1000 + self.store.next_number(found.name))
