"""Owners: what a reference to a user comes to while a plan is made.

An owner without a counterpart falls to the default user of the other side where there is one and somebody must own the record:
when it is made, and when its owner changes. Having fallen, it does not travel back. Else the owner is left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.decisions import OTHER, Fields
from sync.merge import MISSING, UNKNOWN, Side
from sync.settings import USER
from sync.users import DEFAULT_USER


@dataclass(slots=True)
class Owners:
    """The linked users, by side and id, and the link that stands for all others; `unlinked` counts the records of those."""

    links: dict[tuple[Side, str], int] = field(default_factory=dict)
    inactive: set[tuple[Side, int]] = field(default_factory=set)
    default_id: int | None = None
    defaults: Mapping[Side, str | None] = field(default_factory=dict)
    fallen: Mapping[Side, frozenset[str]] = field(default_factory=dict)  # who is or was the default user
    unlinked: int = 0

    def resolve(self, fields: dict[str, Any], names: list[str], side: Side, settled: Fields, is_new: bool) -> None:
        """Put links in the place of the user ids in `fields`, UNKNOWN where an owner is left alone.

        `settled`: what `side` was last settled on; `is_new`: the record has no counterpart yet.
        """
        for name in names:
            if fields.get(name):
                fields[name] = self._resolve(str(fields[name]), side, settled.get(name, MISSING), is_new)

    def _resolve(self, user_id: str, side: Side, settled: Any, is_new: bool) -> Any:
        if settled == self.default_id and user_id in self.fallen.get(side, ()):
            return self.default_id
        link = self.links.get((side, user_id), self.links.get((side, user_id.casefold())))
        if link is not None and (link == settled or (OTHER[side], link) not in self.inactive):
            return link
        self.unlinked += 1
        has_default = self.default_id is not None and self.defaults.get(OTHER[side]) is not None
        return self.default_id if has_default and (is_new or settled is not MISSING) else UNKNOWN


def load_owners(connection: Connection, batch: Batch) -> Owners:
    """Return the users of this integration as last linked."""
    query = text(
        "select id, entity, salesforce_id, app_id, base from sync.link where integration_id = :id and entity = any(:entities)"
    )
    owners = Owners()
    for row in connection.execute(query, {"id": batch.integration_id, "entities": [USER, DEFAULT_USER]}):
        ids: dict[Side, str | None] = {"salesforce": row.salesforce_id, "app": row.app_id}
        if row.entity == DEFAULT_USER:
            owners.default_id, owners.defaults = row.id, ids
            owners.fallen = {side: frozenset(row.base.get(side, ())) for side in ids}
            continue
        owners.links |= {(side, user_id): row.id for side, user_id in ids.items() if user_id}
        owners.inactive |= {(side, row.id) for side in row.base.get("inactive", ())}
    return owners
