"""The parts of a query."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps of a parent: `Account.Name` is ("Account", "Name")."""

    steps: tuple[str, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT, COUNT_DISTINCT, SUM, AVG, MIN or MAX of a field (None: of rows), named `alias`."""

    function: str
    path: Path | None
    alias: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of a condition: kind is text, number, boolean, null, date, datetime or range (a named span of days)."""

    kind: str
    value: Any
    place: int


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; `value` is a Literal, a list of them, or a Query for IN."""

    path: Path
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Junction:
    """AND or OR of conditions."""

    word: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT of a condition."""

    part: "Condition"


Condition = Compare | Junction | Negation


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    path: Path
    is_descending: bool
    nulls_last: bool


@dataclass(slots=True)
class Query:
    """One SELECT."""

    text: str
    selected: list["Path | Aggregate | Query"]
    source: str
    source_place: int
    where: Condition | None = None
    group: list[Path] = field(default_factory=list)
    order: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    is_all_rows: bool = False

    @property
    def is_count(self) -> bool:
        """It is `SELECT count()`."""
        only = self.selected[0]
        return isinstance(only, Aggregate) and only.path is None and only.alias == ""

    @property
    def is_aggregate(self) -> bool:
        """It answers with AggregateResult rows."""
        return not self.is_count and (bool(self.group) or any(isinstance(item, Aggregate) for item in self.selected))
