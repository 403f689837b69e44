"""Records that cannot go on: kept with every reason and their last known form until they pass a batch.

A rejected record is never lost: it comes back with every batch that has work (or at `retry_at` when a system refused it), and
its rejection closes by itself once the record passes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.database import to_json
from sync.settings import EntitySettings

RETRY_HOURS = 24
WAITS = "waits"  # code of a reason that does not hold the record itself back
PENDING = "reference_pending"  # what it refers to was not made in time
# How an action counts. One that was put off until its counterpart is there comes back as another one: it waits, and nothing is left out.
COUNTED_STATE = f"case when state = 'skipped' and code = '{PENDING}' then 'waiting' else state end"
GONE = "gone"  # the counterpart was deleted there, by a person: nothing to mend
QUIET = (WAITS, GONE)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One record that cannot go on. `reasons`: [{"field", "code", "reason"}], every one found; an ambiguous one has "candidates"."""

    entity: str
    side: str
    record_id: str
    stage: str
    reasons: list[dict[str, Any]]


def reason(field: str, code: str, words: str) -> dict[str, Any]:
    """One reason, as stored and shown."""
    return {"field": field, "code": code, "reason": words}


def reject(connection: Connection, batch: Batch, rejections: Iterable[Rejection]) -> int:
    """Open (or renew) the rejections of records staged in this batch; return how many.

    A load rejection is tried again after RETRY_HOURS at the latest; a change of the record or the mapping brings it back sooner.
    """
    rows = [
        {
            "entity": each.entity, "side": each.side, "record_id": each.record_id, "stage": each.stage, "reasons": to_json(each.reasons),
            "batch_id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "digest": batch.integration.digest,
            "hours": RETRY_HOURS if each.stage == "load" else None,
        }
        for each in rejections
    ]  # fmt: skip
    if rows:
        connection.execute(
            text(
                "insert into sync.rejection as r (integration_id, entity, side, record_id, stage, reasons, raw, modified_at,"
                "  mapping_digest, retry_at, first_batch_id, last_batch_id, is_deleted)"
                " select integration_id, entity, side, record_id, :stage, cast(:reasons as jsonb), raw::jsonb, modified_at, :digest,"
                "  now() + make_interval(hours => :hours), :batch_id, :batch_id, is_deleted from staging.raw"
                " where batch_id = :batch_id and batch_day = :day and integration_id = :integration_id and entity = :entity"
                "  and side = :side and record_id = :record_id"
                " on conflict (integration_id, entity, side, record_id) where closed_at is null do update set"
                "  stage = case when r.last_batch_id = excluded.last_batch_id then r.stage else excluded.stage end,"
                "  reasons = case when r.last_batch_id = excluded.last_batch_id"
                "    then (select jsonb_agg(distinct x) from jsonb_array_elements(r.reasons || excluded.reasons) x) else excluded.reasons end,"
                "  raw = excluded.raw, modified_at = excluded.modified_at, mapping_digest = excluded.mapping_digest,"
                "  retry_at = excluded.retry_at, attempts = r.attempts + (r.last_batch_id <> excluded.last_batch_id)::int,"
                "  last_batch_id = excluded.last_batch_id, is_deleted = excluded.is_deleted"
            ),
            rows,
        )
    return len(rows)


def withdraw(connection: Connection, batch: Batch, stage: str, entity: str = "", record_ids: Sequence[str] = ()) -> None:
    """Take back what this batch's earlier try of `stage` rejected (only `record_ids` of `entity`), so that it can be tried again."""
    mine = (
        "last_batch_id = :id and stage = :stage and closed_at is null"
        " and (:entity = '' or (entity = :entity and record_id = any(:records)))"
    )
    values = {"id": batch.id, "stage": stage, "entity": entity, "records": list(record_ids)}
    connection.execute(text(f"delete from sync.rejection where {mine} and first_batch_id = :id"), values)
    connection.execute(
        text(f"update sync.rejection set last_batch_id = first_batch_id, attempts = greatest(attempts - 1, 1) where {mine}"),
        values,
    )


def restage(connection: Connection, batch: Batch, entity: EntitySettings, is_idle: bool) -> int:
    """Bring records with an open rejection back into the batch from our own copy; return how many.

    An idle batch brings back only those that are due or were rejected under another mapping. Whatever the batch, no record is
    looked at without its counterpart if that has an open rejection: its link does not tell how it stands.
    """
    is_due = "(r.retry_at <= now() or r.mapping_digest <> :digest)"
    count = 0
    if not batch.request.record_ids:
        count += _bring_back(connection, batch, entity, is_due if is_idle else f"(r.stage <> 'load' or {is_due})")
    return count + _bring_back(connection, batch, entity, PARTNER_IS_STAGED)


PARTNER_IS_STAGED = """
exists (select 1 from sync.link l join staging.raw p on p.integration_id = l.integration_id and p.entity = l.entity
  and p.side <> r.side and p.record_id = case r.side when 'salesforce' then l.app_id else l.salesforce_id end
  and p.batch_id = :id and p.batch_day = :day
  where l.integration_id = r.integration_id and l.entity = r.entity
  and ((r.side = 'salesforce' and l.salesforce_id = r.record_id) or (r.side = 'app' and l.app_id = r.record_id)))
"""


def _bring_back(connection: Connection, batch: Batch, entity: EntitySettings, condition: str) -> int:
    result = connection.execute(
        text(
            "insert into staging.raw (batch_id, batch_day, integration_id, entity, side, record_id, modified_at, is_deleted, origin,"
            " digest, raw) select :id, :day, r.integration_id, r.entity, r.side, r.record_id, r.modified_at, r.is_deleted, 'retry',"
            " coalesce((select o.digest from staging.raw o where o.integration_id = r.integration_id and o.entity = r.entity"
            "  and o.side = r.side and o.record_id = r.record_id order by o.batch_id desc limit 1), ''), r.raw"
            " from sync.rejection r where r.integration_id = :integration_id and r.entity = :entity and r.closed_at is null"
            f" and {condition} and not exists (select 1 from staging.raw s where s.batch_id = :id and s.batch_day = :day"
            " and s.integration_id = r.integration_id and s.entity = r.entity and s.side = r.side and s.record_id = r.record_id)"
        ),
        {
            "id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name,
            "digest": batch.integration.digest,
        },
    )  # fmt: skip
    connection.execute(
        text(
            "update staging.raw s set origin = 'retry' where s.batch_id = :id and s.batch_day = :day and s.entity = :entity"
            " and s.origin = 'change' and exists (select 1 from sync.rejection r where r.integration_id = s.integration_id"
            " and r.entity = s.entity and r.side = s.side and r.record_id = s.record_id and r.closed_at is null)"
        ),
        {"id": batch.id, "day": batch.day, "entity": entity.name},
    )
    return result.rowcount


IS_LINKED_NOW = """
exists (select 1 from sync.link l where l.integration_id = r.integration_id and l.entity = r.entity and l.state = 'live' and l.batch_id = :id
  and ((r.side = 'salesforce' and l.salesforce_id = r.record_id) or (r.side = 'app' and l.app_id = r.record_id)))
"""


def close_mended(connection: Connection, batch: Batch) -> int:
    """Close the rejections of records that passed this batch (one that carried everything over); return how many.

    One that was only looked up or written has passed if that linked it.
    """
    result = connection.execute(
        text(
            "update sync.rejection r set closed_at = now() where r.integration_id = :integration_id and r.closed_at is null"
            " and r.last_batch_id < :id and exists (select 1 from staging.raw s where s.batch_id = :id and s.batch_day = :day"
            f" and (s.origin not in ('answer', 'match') or {IS_LINKED_NOW})"
            " and s.integration_id = r.integration_id and s.entity = r.entity and s.side = r.side and s.record_id = r.record_id)"
        ),
        {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id},
    )
    return result.rowcount


def forget(connection: Connection, batch: Batch, entity: EntitySettings, side: str, record_ids: Sequence[str]) -> None:
    """Close the rejections of records that take no part any more: our copy of them must not come in again."""
    query = text(
        "update sync.rejection set closed_at = now() where integration_id = :id and entity = :entity and side = :side"
        " and record_id = any(:records) and closed_at is null"
    )
    if record_ids:
        connection.execute(query, {"id": batch.integration_id, "entity": entity.name, "side": side, "records": list(record_ids)})


def refresh(connection: Connection, batch: Batch, rows: list[dict[str, Any]]) -> None:
    """Renew our copy of records that we have just written, or seen: rows of entity, side, record_id, raw, modified_at, is_deleted."""
    connection.execute(
        text(
            "update sync.rejection set raw = raw || cast(:raw as jsonb), modified_at = :modified_at, is_deleted = :is_deleted"
            " where integration_id = :integration_id and entity = :entity and side = :side and record_id = :record_id"
            " and closed_at is null"
        ),
        [{**row, "integration_id": batch.integration_id} for row in rows],
    )


def renew(connection: Connection, batch: Batch, rejections: Sequence[Rejection]) -> None:
    """Put the newest form that a later batch has read in the place of our copy: a plan that is carried out late has an old one."""
    query = text(
        "update sync.rejection r set raw = n.raw::jsonb, modified_at = n.modified_at, is_deleted = n.is_deleted"
        " from (select distinct on (s.record_id) s.record_id, s.raw, s.modified_at, s.is_deleted from staging.raw s"
        "  where s.integration_id = :integration_id and s.entity = :entity and s.side = :side and s.record_id = any(:records)"
        "  and s.batch_id > :id order by s.record_id, s.modified_at desc, s.batch_id desc) n"
        " where r.integration_id = :integration_id and r.entity = :entity and r.side = :side and r.record_id = n.record_id"
        " and r.closed_at is null and n.modified_at >= r.modified_at"
    )
    for entity, side in sorted({(each.entity, each.side) for each in rejections}):
        records = [each.record_id for each in rejections if (each.entity, each.side) == (entity, side)]
        values = {"integration_id": batch.integration_id, "id": batch.id, "entity": entity, "side": side, "records": records}
        connection.execute(query, values)


def retry_soon(connection: Connection, batch: Batch, rejections: Iterable[Rejection]) -> None:
    """Let these rejections come back with the next run: what refused them may be over."""
    rows = [{"id": batch.integration_id, "entity": r.entity, "side": r.side, "record_id": r.record_id} for r in rejections]
    if rows:
        connection.execute(
            text(
                "update sync.rejection set retry_at = now() where integration_id = :id and entity = :entity and side = :side"
                " and record_id = :record_id and closed_at is null"
            ),
            rows,
        )
