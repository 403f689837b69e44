"""The audit's facts: where the records seen differ from what the links were settled on, and what else is known of each.

`class_of` is pure; the queries compare `audit_seen` with the state, set-based: only what differs reaches Python.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.decisions import OTHER
from sync.settings import SIDES, EntitySettings, Side
from sync.siblings import siblings_of

Class = Literal["in flight", "quarantined", "filtered", "conflict", "unexplained"]
CLASSES: tuple[Class, ...] = ("in flight", "quarantined", "filtered", "conflict", "unexplained")


@dataclass(slots=True)
class Difference:
    """One record of `side` that is not as it was settled: changed, missing, unlinked; or, linked, settled on differing values."""

    entity: str
    side: Side
    record_id: str
    other_id: str | None
    kind: str
    is_waiting: bool = False  # in the quarantine, itself or its counterpart
    is_left_out: bool = False  # by a filter, a direction, or because it is older than the integration
    is_moving: bool = False  # changed since the last run, or a write of it is under way
    raw: Mapping[str, Any] | None = None
    modified_at: datetime | None = None
    settled: Mapping[str, Any] | None = None  # what the link holds of this side
    fields: tuple[str, ...] = ()
    is_requeued: bool = False


def class_of(difference: Difference) -> Class:
    """Return the class: why the difference is there, as far as it is known."""
    if difference.kind == "differs":
        return "conflict"
    if difference.is_waiting:
        return "quarantined"
    if difference.is_left_out:
        return "filtered"
    return "in flight" if difference.is_moving else "unexplained"


WAITING = """
exists (select 1 from sync.rejection j where j.integration_id = :id and j.entity = :entity and j.closed_at is null
  and ((j.side = '{side}' and j.record_id = {record}) or (j.side = '{other}' and j.record_id = {partner})))
"""
UNDER_WAY = """
exists (select 1 from sync.action a join sync.batch b on b.id = a.batch_id where a.integration_id = :id and a.entity = :entity
  and a.{side}_id = {record} and (a.state in ('sending', 'unknown', 'accepted')
    or (a.state in ('planned', 'approved') and b.state in ('open', 'held'))))
"""
LINKED = """
select l.{side}_id as record_id, l.{other}_id as other_id, case when x.record_id is null then 'missing' else 'changed' end as kind,
  {waiting} as is_waiting, not coalesce(x.passes, true) as is_left_out,
  l.updated_at >= :began or coalesce(x.modified_at >= :read_to, false) or l.{side}_digest = '' or {under_way} as is_moving,
  x.raw, x.modified_at, {settled} as settled
from sync.link l left join audit_seen x on x.side = '{side}' and x.record_id = l.{side}_id
where l.integration_id = :id and l.entity = :entity and l.state = 'live' and l.{side}_id is not null
  and (x.record_id is null or (x.digest is not null and x.digest is distinct from l.{side}_digest)) order by l.id
"""
UNLINKED = """
select x.record_id, null as other_id, 'unlinked' as kind, {waiting} as is_waiting,
  not x.passes or not cast(:makes as boolean) or x.modified_at < coalesce(cast(:enabled as timestamptz), '-infinity') as is_left_out,
  x.modified_at >= :read_to or {under_way} as is_moving, x.raw, x.modified_at, null as settled
from audit_seen x where x.side = '{side}' and not exists (select 1 from sync.link l where l.integration_id = :id
  and l.entity = any(:family) and l.{side}_id = x.record_id and l.state <> 'pending') order by x.record_id
"""
# What a person has yet to decide (`ask`) and both sides still hold.
ASKED = """
select distinct on (l.id) l.salesforce_id as record_id, l.app_id as other_id,
  array_agg(c.field) over (partition by l.id) as fields
from sync.conflict c join sync.link l on l.id = c.link_id and l.state = 'live'
where c.integration_id = :id and c.entity = :entity and c.decision = 'ask'
  and l.base->c.field is not distinct from c.salesforce_value and (l.base || l.app_base)->c.field is not distinct from c.app_value
"""
PAIRS = "select count(*) from sync.link l where l.integration_id = :id and l.entity = :entity and l.state = 'live'"
ALONE = """
select count(*) from audit_seen x where x.side = '{side}' and x.passes and not exists (select 1 from sync.link l
  where l.integration_id = :id and l.entity = any(:family) and l.{side}_id = x.record_id and l.state <> 'pending')
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """One entity as it is compared. `read_to`: up to when the runs have read each side; `enabled`: what is older takes no part."""

    batch: Batch
    entity: EntitySettings
    began: datetime
    read_to: Mapping[Side, datetime]
    enabled: Mapping[Side, datetime | None]

    def values(self, side: Side) -> dict[str, Any]:
        """Return what the queries are asked with."""
        siblings = siblings_of(self.batch.integration.settings, self.entity) if side == "app" else ()
        return {
            "id": self.batch.integration_id, "entity": self.entity.name, "family": [self.entity.name, *siblings],
            "began": self.began, "read_to": self.read_to[side], "enabled": self.enabled[side],
            "makes": self.entity.creates_on(OTHER[side]),
        }  # fmt: skip


def differences(connection: Connection, scope: Scope) -> Iterator[Difference]:
    """Yield every difference of the entity."""
    for side in SIDES:
        for query, record, partner in (
            (LINKED, f"l.{side}_id", f"l.{OTHER[side]}_id"),
            (UNLINKED, "x.record_id", "null"),
        ):
            names = {"side": side, "other": OTHER[side], "record": record, "partner": partner}
            settled = "l.base" if side == "salesforce" else "l.base || l.app_base"
            statement = query.format(
                **names, waiting=WAITING.format(**names), under_way=UNDER_WAY.format(**names), settled=settled
            )
            for row in connection.execute(text(statement), scope.values(side)).mappings():
                yield Difference(scope.entity.name, side, **row)
    for asked, other_id, fields in connection.execute(text(ASKED), scope.values("salesforce")):
        yield Difference(scope.entity.name, "salesforce", asked, other_id, "differs", fields=tuple(sorted(set(fields))))


def compared(connection: Connection, scope: Scope) -> int:
    """Return how many things were compared: the linked pairs, and the records without a counterpart."""
    alone = (connection.scalar(text(ALONE.format(side=side)), scope.values(side)) or 0 for side in SIDES)
    return int(connection.scalar(text(PAIRS), scope.values("app")) or 0) + sum(alone)
