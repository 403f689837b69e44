"""What was there before an integration was enabled: it takes part only when it is asked for."""

from datetime import datetime

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.settings import SIDES, EntitySettings, Side


def enabled_at(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> datetime | None:
    """Return when this entity was first read, by the system's own clock; None in its first run."""
    query = text(
        "select (reads->:entity->:side->>'server_time')::timestamptz from sync.batch where integration_id = :id"
        " and reads->:entity->:side is not null order by id limit 1"
    )
    found = connection.scalar(query, {"id": batch.integration_id, "entity": entity.name, "side": side})
    return found if isinstance(found, datetime) else None


def began_at(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> datetime | None:
    """Return when an earlier run first tried to read this entity, None if none has: a first run that failed is not forgotten."""
    query = text(
        "select coalesce((reads->:entity->:side->>'server_time')::timestamptz, started_at) from sync.batch"
        " where integration_id = :id and id < :batch and jsonb_exists(reads, :entity) order by id limit 1"
    )
    found = connection.scalar(query, {"id": batch.integration_id, "batch": batch.id, "entity": entity.name, "side": side})
    return found if isinstance(found, datetime) else None


def drop_history(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Drop changed records that came to be before the enabling (`new_since`), unless they are linked or were asked for once.

    A run that only plans shows them; that does not count as asking.
    """
    request = batch.request
    if request.mode == "backfill" or request.record_ids or request.since or batch.integration.settings.history == "all":
        return
    for side in SIDES:
        since = enabled_at(connection, batch, entity, side)
        if since is None or side not in entity.new_since:
            continue
        connection.execute(
            text(
                "delete from staging.raw r where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = :side"
                " and sync.is_valid_input(r.raw->>:born, 'timestamptz') and (r.raw->>:born)::timestamptz < :since"
                " and not exists (select 1 from sync.link l where l.integration_id = r.integration_id and l.entity = r.entity"
                f"  and l.{side}_id = r.record_id and (l.state <> 'pending' or exists (select 1 from sync.action a"
                "   where a.link_id = l.id and a.state not in ('planned', 'skipped'))))"
                " and not exists (select 1 from sync.rejection q join sync.batch f on f.id = q.first_batch_id"
                "  join sync.batch t on t.id = q.last_batch_id where q.integration_id = r.integration_id and q.entity = r.entity"
                "  and q.side = r.side and q.record_id = r.record_id and q.closed_at is null"
                "  and (f.mode <> 'plan' or jsonb_array_length(t.params->'record_ids') > 0))"
            ),
            {
                "id": batch.id,
                "day": batch.day,
                "entity": entity.name,
                "side": side,
                "born": entity.new_since[side],
                "since": since,
            },
        )
