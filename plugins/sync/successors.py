"""Successors: Salesforce records that went up in another one, by a merge or as a converted lead. Their link follows them.

A link that has moved is `pending` again, with what it was settled on: the planner looks at it as a whole. One whose app record a
person deleted stays a tombstone, so that the contact is not made there anew for the lead. Where the successor has a link of its own,
or there is no entity for it, the link stays and the planner ends it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.rejections import forget
from sync.settings import EntitySettings
from sync.siblings import heir_of

GONE_UP = "(r.is_deleted and r.raw->>'MasterRecordId' <> '' or r.raw->>'IsConverted' = 'true')"
SUCCESSOR = "case when r.is_deleted then r.raw->>'MasterRecordId' else r.raw->>'ConvertedContactId' end"


@dataclass(frozen=True, slots=True)
class _Follower:
    """A linked record that went up in `successor`, a record of entity `target`."""

    link_id: int
    app_id: str
    target: EntitySettings
    successor: str


def converts_first(entities: Sequence[EntitySettings]) -> list[EntitySettings]:
    """Return the entities with leads in front: a contact keeps the link of the lead that it was, whoever goes up in it besides."""
    return sorted(entities, key=lambda entity: entity.salesforce_entity != "lead")


def follow_successors(batch: Batch, entity: EntitySettings) -> None:
    """Move the links of `entity` whose records went up in others, where these are free; take new converted leads out."""
    if not entity.facts("salesforce"):
        return
    with batch.engine.begin() as connection:
        steps = _steps(connection, batch, entity)
        drop_converted(connection, batch, entity)
        converted = [row for row in gone_up(connection, batch, entity, ("tombstone",)) if not row.is_deleted]
        for follower in _followers(batch, entity, [*gone_up(connection, batch, entity), *converted], steps):
            _move(connection, batch, follower)
        ended = [row.id for row in gone_up(connection, batch, entity)]
        connection.execute(text("update sync.link set salesforce_digest = '' where id = any(:ids)"), {"ids": ended})


def drop_converted(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Take converted leads that have no link out of the batch: they are nobody new."""
    if entity.salesforce_entity != "lead":
        return
    query = text(
        "delete from staging.raw r where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = 'salesforce'"
        " and r.raw->>'IsConverted' = 'true' and not exists (select 1 from sync.link l where l.integration_id = :integration_id"
        "  and l.entity = r.entity and l.salesforce_id = r.record_id and (l.state <> 'pending' or l.app_id is not null)) returning r.record_id"
    )
    forget(connection, batch, entity, "salesforce", connection.execute(query, _values(batch, entity)).scalars().all())


def drop_gone_up(connection: Connection, batch: Batch, entity: EntitySettings, read: Mapping[str, Any]) -> None:
    """Take linked records out that were only looked up and went up in others since the changes were read (`read`: when): the next run
    reads that and moves their link, which would end here."""
    query = text(
        "delete from staging.raw r using sync.link l where r.batch_id = :id and r.batch_day = :day and r.entity = :entity"
        " and r.side = 'salesforce' and r.origin = 'match' and l.integration_id = :integration_id and l.entity = r.entity"
        f" and l.salesforce_id = r.record_id and {GONE_UP} and r.modified_at >= cast(:since as timestamptz)"
    )
    connection.execute(query, {**_values(batch, entity), "since": read["server_time"]})


def _values(batch: Batch, entity: EntitySettings) -> dict[str, Any]:
    return {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name}


def gone_up(
    connection: Connection, batch: Batch, entity: EntitySettings, states: Sequence[str] = ("live", "pending")
) -> Sequence[Any]:
    """The linked records of the batch that were merged or converted, with their links."""
    query = text(
        "select l.id, r.record_id, l.app_id, r.is_deleted from staging.raw r join sync.link l on l.integration_id = r.integration_id"
        "  and l.entity = r.entity and l.salesforce_id = r.record_id and l.state = any(:states) and l.app_id is not null"
        " where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = 'salesforce'"
        f" and {GONE_UP} order by l.id"
    )
    return connection.execute(query, {**_values(batch, entity), "states": list(states)}).all()


def _steps(connection: Connection, batch: Batch, entity: EntitySettings) -> dict[str, Any]:
    """What the batch's records of Salesforce went up in, by id, linked or not."""
    query = text(
        f"select r.record_id, r.is_deleted, {SUCCESSOR} as successor from staging.raw r where r.batch_id = :id and r.batch_day = :day"
        f" and r.entity = :entity and r.side = 'salesforce' and {GONE_UP}"
    )
    return {row.record_id: row for row in connection.execute(query, _values(batch, entity))}


def _followers(batch: Batch, entity: EntitySettings, rows: Sequence[Any], steps: Mapping[str, Any]) -> list[_Follower]:
    """Follow each record step by step, through merges and a conversion; those converted themselves come first."""
    heir = heir_of(batch.integration.settings, entity)
    found = []
    for row in sorted(rows, key=lambda row: row.is_deleted):
        target: EntitySettings | None = entity
        successor = row.record_id
        for _ in steps:
            if target is entity and (step := steps.get(successor)):
                target, successor = entity if step.is_deleted else heir, step.successor
        if target is not None and successor:
            found.append(_Follower(row.id, row.app_id, target, successor))
    return found


def _move(connection: Connection, batch: Batch, each: _Follower) -> None:
    """Move one link to the successor, unless that or the app's record has a link there already."""
    values = {**_values(batch, each.target), "link": each.link_id, "successor": each.successor, "app_id": each.app_id}
    connection.execute(
        text(
            "delete from sync.link l where l.integration_id = :integration_id and l.entity = :entity and l.salesforce_id = :successor"
            " and l.state = 'pending' and l.app_id is null and not exists (select 1 from sync.action a where a.link_id = l.id"
            "  and a.state not in ('planned', 'skipped', 'failed'))"
        ),
        values,
    )
    connection.execute(
        text(
            "update sync.link l set entity = :entity, salesforce_id = :successor, salesforce_digest = '', batch_id = :id,"
            " updated_at = now(), app_digest = case when l.state = 'tombstone' then l.app_digest else '' end,"
            " state = case when l.state = 'tombstone' then l.state else 'pending' end,"
            " base = (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(l.base) where key = any(:names)),"
            " app_base = (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(l.app_base) where key = any(:names))"
            " where l.id = :link and not exists (select 1 from sync.link o where o.integration_id = :integration_id and o.id <> l.id"
            "  and o.entity = :entity and (o.salesforce_id = :successor or o.app_id = :app_id))"
        ),
        {**values, "names": list(batch.integration.mappings[each.target.name].by_name)},
    )
