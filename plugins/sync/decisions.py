"""What the planner is given and what it answers: policy, pairs, links; actions, conflicts, decisions. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sync.marks import Marks
from sync.merge import MISSING, FieldPolicy, Side

Fields = Mapping[str, Any]
SIDES: tuple[Side, Side] = ("app", "salesforce")
OTHER: Mapping[Side, Side] = {"app": "salesforce", "salesforce": "app"}
BOTH: frozenset[Side] = frozenset(SIDES)
MERGED = "merged:"  # stands in a broken link in place of Salesforce's digest, before the id of the record that is left


@dataclass(frozen=True, slots=True)
class Policy:
    """How one entity travels. A direction that is off writes nothing to that side."""

    fields: tuple[FieldPolicy, ...]
    to_app: bool = True
    to_salesforce: bool = True
    master: str = "merge"
    prefer: Side = "salesforce"
    deletes: Mapping[str, str] = field(default_factory=dict)
    flag_fields: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[Side] = frozenset()  # sides that this run may not write: what they would get comes with a later run
    salesforce_reference: str | None = None
    app_references: tuple[str, ...] = ()
    creates: frozenset[Side] = BOTH  # sides on which new records are made
    updates: frozenset[Side] = BOTH  # sides on which records that are there are changed
    on_create: Mapping[Side, Fields] = field(default_factory=dict)  # raw fields sent along with a create
    marks: Marks | None = None
    lead_marks: Marks | None = None  # what this entity's app records carry from the time they were leads
    replaces: bool = False  # the initial load: what Salesforce does not have is deleted in the app
    has_heir: bool = False  # a lead that is converted goes on as the contact of another entity

    @property
    def salesforce_references(self) -> tuple[str, ...]:
        """The cross-reference field of Salesforce, none or one."""
        return (self.salesforce_reference,) if self.salesforce_reference else ()

    @property
    def ratchets(self) -> tuple[FieldPolicy, ...]:
        """The fields of consent, which only goes down."""
        return tuple(each for each in self.fields if each.on_conflict == "ratchet")

    def is_open(self, side: Side) -> bool:
        """Tell whether `side` may be written at all."""
        return self.to_app if side == "app" else self.to_salesforce

    def fields_there(self) -> tuple[FieldPolicy, ...]:
        """How the fields of records travel that are there on both sides."""
        if self.updates == BOTH:
            return self.fields
        return tuple(
            replace(
                each,
                to_app=each.to_app and "app" in self.updates,
                to_salesforce=each.to_salesforce and "salesforce" in self.updates,
            )
            for each in self.fields
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of one side in this batch."""

    id: str
    fields: Fields
    digest: str = ""
    modified_at: datetime | None = None
    is_deleted: bool = False
    reference: str | None = None  # the id of the other side, as this record carries it
    successor: str | None = None  # Salesforce: the record that this one was merged or converted into
    tags: frozenset[str] = frozenset()  # the app: what stands in the field of the marks


@dataclass(frozen=True, slots=True)
class Link:
    """Two ids that are one thing, and what each side was last settled on. `id` None: matched or new in this batch."""

    id: int | None
    salesforce_id: str | None = None
    app_id: str | None = None
    base: Fields = field(default_factory=dict)
    app_base: Fields = field(default_factory=dict)
    state: str = "pending"
    gone: frozenset[Side] = frozenset()  # sides whose record was deleted
    is_removed: bool = False  # … by us
    merged_into: str = ""  # broken: Salesforce went on with this record, which has an app record of its own

    due: Mapping[str, Fields] = field(default_factory=dict)  # side → raw fields that a write was to carry and that never went

    def settled(self, side: Side, name: str) -> Any:
        """Return the value that `side` was last settled on, or MISSING."""
        if side == "app" and name in self.app_base:
            return self.app_base[name]
        return self.base.get(name, MISSING)

    def id_on(self, side: Side) -> str | None:
        """Return the id of the thing on `side`."""
        return self.salesforce_id if side == "salesforce" else self.app_id


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing: its link and what this batch saw of it on each side."""

    link: Link
    salesforce: Seen | None = None
    app: Seen | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One planned write. `fields`: common field → (old, new); `extra`: raw field → value.

    `settles`: what the link stands on once this is done: by side (or "both") the values, the digests, the state.
    """

    link: Link
    side: Side
    operation: Literal["create", "update", "delete", "agree"]
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    settles: dict[str, Any] = field(default_factory=dict)
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides moved one field to different values; `decision` says whose value stands."""

    link: Link
    field: str
    base: Any
    salesforce: Any
    app: Any
    decision: str
    rule: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows for one pair: writes, conflicts, fields that wait for a reference, and a record left without its counterpart."""

    actions: list[Action]
    conflicts: list[Conflict] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    orphan: Side | None = None  # this side goes on, its counterpart is deleted
    merged_into: str = ""  # … or went up in this one
