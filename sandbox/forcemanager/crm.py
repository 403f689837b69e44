"""One implementation: the stored rows, its extra fields and value lists."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.forcemanager.fields import AUDIT, GENDERS, LIST_FIELDS, LISTS, RESOURCES, Rule
from sandbox.forcemanager.switches import SWITCHES
from sandbox.forcemanager.where import stored_moment
from sandbox.store import Store

Row = Mapping[str, Any]

API_USER = 90
FIRST_ID = 1000
EXTRA = "extrafield"
_AUDIT_TYPES = {"deleted": "bool", "salesRepIdCreated": "user", "salesRepIdUpdated": "user", "salesRepIdDeleted": "user"}


class Crm:
    """The rows of one implementation over `store`. Rows are flat: references are numbers, moments text in UTC."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._recent: deque[float] = deque()

    def switch(self, name: str) -> Any:
        """Return the present setting of a switch."""
        return self.store.value(f"switch:{name}", SWITCHES[name].default)

    def now(self) -> str:
        """Return the time as it is stored."""
        return stored_moment(self.store.clock.now())

    def get(self, resource: str, key: int) -> Row | None:
        """Return a row, deleted ones too, or None."""
        return self.store.get(resource, key)

    def live(self, resource: str, key: Any) -> Row | None:
        """Return a row that is not deleted, or None."""
        row = self.store.get(resource, key) if isinstance(key, int) else None
        return None if row is None or row.get("deleted") else row

    def put(self, resource: str, row: Row) -> None:
        """Create or replace a row."""
        self.store.put(resource, row["id"], row)

    def new_id(self, resource: str) -> int:
        """Return an id that nobody had before."""
        number: int = self.store.value(f"last_id:{resource}", FIRST_ID) + 1
        self.store.set_value(f"last_id:{resource}", number)
        return number

    def note_ids(self, resource: str, keys: Iterable[int]) -> None:
        """See that ids given from outside are not given again."""
        highest = max(keys, default=0)
        if highest > self.store.value(f"last_id:{resource}", FIRST_ID):
            self.store.set_value(f"last_id:{resource}", highest)

    def rules(self, resource: str) -> dict[str, Rule]:
        """Return the fields of a resource, extra ones included."""
        return {**RESOURCES[resource], **{rule.name: rule for rule in self.extra(resource)}}

    def extra(self, resource: str) -> Iterator[Rule]:
        """Yield the extra fields of a resource."""
        for row in self.store.table(EXTRA).values():
            if row["resource"] == resource:
                yield Rule(row["name"], row["type"], row["length"], is_required=row["required"], is_extra=True)

    def add_extra(self, resource: str, name: str, kind: str = "text", length: int = 255, required: bool = False) -> None:
        """Add an extra field, as an administrator does."""
        if resource not in RESOURCES or not name.startswith("Z_"):
            raise ValueError(f"{resource}.{name}: extra fields begin with Z_ and belong to a resource")
        row = {"resource": resource, "name": name, "type": kind, "length": length, "required": required}
        self.store.put(EXTRA, f"{resource}.{name}", row)

    def types(self, resource: str) -> dict[str, str]:
        """Return the type of every name that `where` and `order` may use."""
        audit = {name: _AUDIT_TYPES.get(name, "moment") for name in AUDIT}
        if resource in LISTS:
            return {"id": "int", "order": "int", **dict.fromkeys(LIST_FIELDS, "text"), **audit}
        return {"id": "int", **audit, **{rule.name: rule.type for rule in self.rules(resource).values()}}

    def label(self, table: str, key: Any, language: str) -> str | None:
        """Return how the row that a reference points to is called; None if there is none."""
        if table == "genders":
            return GENDERS[key] if key in (0, 1) else None
        row = self.store.get(table, key) if isinstance(key, int) else None
        if row is None:
            return None
        if table in LISTS:
            return described(row, language)
        person = " ".join(part for part in (row.get("firstName") or row.get("name"), row.get("lastName")) if part)
        return str(row.get("reference") or person)

    def admits(self) -> bool:
        """Count one call and tell whether the allowance of this second has room for it."""
        if not self.switch("rate_limit"):
            return True
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= 1:
            self._recent.popleft()
        if len(self._recent) >= self.switch("calls_per_second"):
            return False
        self._recent.append(now)
        return True


def described(row: Row, language: str) -> str:
    """Return the label of a list row in a language, else in the first one it has."""
    order = (language.upper(), "EN", "US", "ES", "IT", "DE", "FR")
    return next((str(row[f"description{code}"]) for code in order if row.get(f"description{code}")), "")
