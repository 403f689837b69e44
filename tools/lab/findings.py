"""What the judge is shown, and what it can find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.lab.histories import Snapshot, Thing
from tools.lab.kinds import Field, Kind, Row

LOST, TWIN, UNEXPLAINED, WRONG_WINNER = "lost update", "twin", "unexplained difference", "wrong winner"


@dataclass(frozen=True)
class Finding:
    """One promise broken."""

    sort: str
    token: str
    words: str


@dataclass(frozen=True)
class Evidence:
    """What both systems and the state show in the end."""

    records: Snapshot
    links: Mapping[tuple[str, str], tuple[str | None, str | None, str]]  # entity, id of either side → both ids, state
    told: frozenset[tuple[str, str, str]]  # entity, side, id of records with an open rejection
    asked: frozenset[tuple[str, str, str]]  # entity, Salesforce id, field left to a person
    noted: frozenset[tuple[str, str]]  # entity, Salesforce id of every conflict
    runs: Sequence[int] = ()  # ticks at which some task worked
    prefer: str = "salesforce"
    deletes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # entity → to_app, to_salesforce
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # entity → the tags that tell where a record came from
    made_as: str = ""  # the entity that the app's new people become
    reference: str = ""  # the Salesforce field that holds the app's id, where there are marks

    def is_told(self, kind: Kind, side: str, row: Row) -> bool:
        """Tell whether a rejection of a record is open."""
        return any((entity, side, kind.id_of(side, row)) in self.told for entity in kind.here.values())

    def revives(self, kind: Kind) -> bool:
        """Tell whether deletions are carried nowhere, and a marked record comes back to Salesforce once it is edited in the app."""
        return any(entity in self.marks for entity in kind.here.values())

    def rows(self, thing: Thing, side: str) -> Sequence[Row]:
        """The live records of a thing."""
        return self.records[thing.kind.entity, side].get(thing.token, ())

    def value(self, kind: Kind, each: Field | None, side: str, row: Row) -> Any:
        """What a field shows; without a field, the word of the account that the record belongs to."""
        if each is not None:
            return each.value(side, row)
        key = row.get(kind.belongs[side])
        accounts = self.records["account", side]
        return next((token for token, rows in accounts.items() if key and rows[0].get("Id", rows[0].get("id")) == key), None)
