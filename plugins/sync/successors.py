"""Successors: Salesforce records that went up in another one, by a merge or as a converted lead. Their link follows them.

A link that has moved is `pending` again, with what it was settled on: the planner looks at it as a whole. One whose app record a
person deleted stays a tombstone, so that the contact is not made there anew for the lead. Where the successor has a link of its own,
or there is no entity for it, the link stays and the planner ends it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector
from sync.batch import Batch
from sync.rejections import forget
from sync.settings import SIDES, EntitySettings, Side
from sync.siblings import heir_of
from sync.staging import copy_raw, drop_repeats, wanted_fields


@dataclass(frozen=True, slots=True)
class _Follower:
    """A linked record that went up in `successor`, a record of entity `target`."""

    link_id: int
    app_id: str
    target: EntitySettings
    successor: str


def follow_successors(batch: Batch, entity: EntitySettings) -> None:
    """Move the links of `entity` whose records went up in others, where these are free; take new converted leads out."""
    if not entity.facts("salesforce"):
        return
    with batch.engine.begin() as connection:
        drop_converted(connection, batch, entity)
        converted = [row for row in _gone_up(connection, batch, entity, ("tombstone",)) if not row.is_deleted]
        for follower in _followers(batch, entity, [*_gone_up(connection, batch, entity), *converted]):
            _move(connection, batch, follower)
        ended = [row.id for row in _gone_up(connection, batch, entity)]
        connection.execute(text("update sync.link set salesforce_digest = '' where id = any(:ids)"), {"ids": ended})


def stage_moved(batch: Batch, entity: EntitySettings, connectors: Mapping[Side, Connector]) -> int:
    """Stage both records of links that have moved, by now or in a run that broke off, and the app's of those that end.

    Return how many were fetched.
    """
    with batch.engine.begin() as connection:
        moved = _unsettled(connection, batch, entity)
        ended = _gone_up(connection, batch, entity) if entity.facts("salesforce") else ()
        wanted = {"salesforce": [row.salesforce_id for row in moved], "app": [row.app_id for row in (*moved, *ended)]}
        return sum(_stage(connection, batch, entity, side, connectors[side], wanted[side]) for side in SIDES)


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


def _values(batch: Batch, entity: EntitySettings) -> dict[str, Any]:
    return {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name}


def _gone_up(
    connection: Connection, batch: Batch, entity: EntitySettings, states: Sequence[str] = ("live", "pending")
) -> Sequence[Any]:
    """The linked records of the batch that were merged or converted, with their links."""
    query = text(
        "select l.id, r.record_id, l.app_id, r.is_deleted, case when r.is_deleted then r.raw->>'MasterRecordId'"
        "  else r.raw->>'ConvertedContactId' end as successor from staging.raw r join sync.link l on l.integration_id = r.integration_id"
        "  and l.entity = r.entity and l.salesforce_id = r.record_id and l.state = any(:states) and l.app_id is not null"
        " where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = 'salesforce'"
        " and (r.is_deleted and r.raw->>'MasterRecordId' <> '' or r.raw->>'IsConverted' = 'true') order by l.id"
    )
    return connection.execute(query, {**_values(batch, entity), "states": list(states)}).all()


def _followers(batch: Batch, entity: EntitySettings, rows: Sequence[Any]) -> list[_Follower]:
    merged = {row.record_id: row.successor for row in rows if row.is_deleted}
    heir = heir_of(batch.integration.settings, entity)
    found = []
    for row in rows:
        target, successor = entity if row.is_deleted else heir, row.successor
        for _ in merged if row.is_deleted else ():
            successor = merged.get(successor, successor)
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
            "update sync.link l set entity = :entity, salesforce_id = :successor, salesforce_digest = '', updated_at = now(),"
            " app_digest = case when l.state = 'tombstone' then l.app_digest else '' end,"
            " state = case when l.state = 'tombstone' then l.state else 'pending' end,"
            " base = (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(l.base) where key = any(:names)),"
            " app_base = (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(l.app_base) where key = any(:names))"
            " where l.id = :link and not exists (select 1 from sync.link o where o.integration_id = :integration_id and o.id <> l.id"
            "  and o.entity = :entity and (o.salesforce_id = :successor or o.app_id = :app_id))"
        ),
        {**values, "names": list(batch.integration.mappings[each.target.name].by_name)},
    )


def _unsettled(connection: Connection, batch: Batch, entity: EntitySettings) -> Sequence[Any]:
    """Links that have moved and were not settled since, because their run broke off or only planned."""
    query = text(
        "select salesforce_id, app_id from sync.link l where integration_id = :integration_id and entity = :entity and state = 'pending'"
        " and salesforce_digest = '' and salesforce_id is not null and app_id is not null"
        " and not exists (select 1 from sync.action a join sync.approval p on p.batch_id = a.batch_id and p.state = 'waiting'"
        "  where a.link_id = l.id and a.state = 'planned')"
    )
    return connection.execute(query, _values(batch, entity)).all()


def _stage(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, connector: Connector, ids: Sequence[str]
) -> int:
    """Fetch the records that the batch has not staged yet."""
    query = text(
        "select record_id from staging.raw where batch_id = :id and batch_day = :day and integration_id = :integration_id"
        " and entity = :entity and side = :side and record_id = any(:ids)"
    )
    values = {**_values(batch, entity), "side": side, "ids": list(ids)}
    missing = sorted(set(ids) - set(connection.execute(query, values).scalars())) if ids else []
    pages = connector.read(entity.reads_as(side), missing, wanted_fields(batch, entity, side)) if missing else ()
    count = sum(copy_raw(connection, batch, entity, side, "match", page.records) for page in pages)
    if count:
        drop_repeats(connection, batch, entity)
    return count
