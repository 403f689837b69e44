"""What waits for a person: quarantine, conflicts, ambiguous matches; and the two things a person may do about them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from health.queries import Row, rows

REJECTIONS = """
select r.id, r.entity, r.side, r.record_id, r.stage, r.reasons, r.attempts, r.retry_at, r.opened_at, r.is_deleted,
  r.modified_at, b.run_id, b.started_at as last_tried_at, r.retry_at <= now() as is_due
from sync.rejection r join sync.batch b on b.id = r.last_batch_id
where r.integration_id = :id and r.closed_at is null and (:before = 0 or r.id < :before)
  and (:entity = '' or r.entity = :entity) and (:side = '' or r.side = :side) and (:stage = '' or r.stage = :stage)
  and (:code = '' or r.reasons @> jsonb_build_array(jsonb_build_object('code', cast(:code as text))))
  and (:batch = 0 or r.last_batch_id = :batch)
order by r.id desc limit :limit
"""

REASONS = """
select r.entity, r.side, x->>'code' as code, count(*) as records, min(x->>'reason') as example
from sync.rejection r, jsonb_array_elements(r.reasons) x where r.integration_id = :id and r.closed_at is null
group by 1, 2, 3 order by records desc, 1, 2, 3 limit 50
"""

CONFLICTS = """
select c.id, c.entity, c.link_id, c.salesforce_id, c.app_id, c.field, c.base, c.salesforce_value, c.app_value, c.decision, c.rule,
  c.noted_at, b.run_id from sync.conflict c join sync.batch b on b.id = c.batch_id
where c.integration_id = :id and (:before = 0 or c.id < :before) and (:entity = '' or c.entity = :entity)
  and (:decision = '' or c.decision = :decision) order by c.id desc limit :limit
"""

AMBIGUOUS = """
select r.id, r.entity, r.side, r.record_id, r.reasons, r.opened_at, r.last_batch_id, b.run_id, d.other_id, d.decided_by,
  d.decided_at, d.id is not null as is_decided
from sync.rejection r join sync.batch b on b.id = r.last_batch_id
left join sync.decision d on d.integration_id = r.integration_id and d.entity = r.entity and d.side = r.side
  and d.record_id = r.record_id
where r.integration_id = :id and r.closed_at is null and r.reasons @> '[{"code": "ambiguous"}]' and (:before = 0 or r.id < :before)
  and (:only = 0 or r.id = :only) order by r.id desc limit :limit
"""

SEEN = """
select r.batch_id, r.entity, r.side, r.record_id, r.fields
from unnest(cast(:batches as bigint[]), cast(:entities as text[]), cast(:ids as text[])) x(batch_id, entity, record_id)
join staging.record r on r.batch_id = x.batch_id and r.entity = x.entity and r.record_id = x.record_id
  and r.side in ('salesforce', 'app')
"""

_LINKED = "from sync.link where integration_id = :id and entity = :entity and state <> 'pending'"
LINKED_TO = {
    "salesforce": f"select coalesce(app_id, '') {_LINKED} and salesforce_id = :record_id",
    "app": f"select coalesce(salesforce_id, '') {_LINKED} and app_id = :record_id",
}
OTHER = {"salesforce": "app", "app": "salesforce"}


def rejections(
    connection: Connection,
    integration_id: int,
    entity: str = "",
    side: str = "",
    stage: str = "",
    code: str = "",
    batch: int = 0,
    before: int = 0,
    limit: int = 100,
) -> list[Row]:
    """The records that wait, newest first, each with every reason; `batch`: those that this one held back last."""
    values = {"entity": entity, "side": side, "stage": stage, "code": code, "batch": batch, "before": before, "limit": limit}
    return rows(connection, REJECTIONS, id=integration_id, **values)


def reasons(connection: Connection, integration_id: int) -> list[Row]:
    """How many records wait, by entity, side and kind of reason."""
    return rows(connection, REASONS, id=integration_id)


def conflicts(
    connection: Connection, integration_id: int, entity: str = "", decision: str = "", before: int = 0, limit: int = 100
) -> list[Row]:
    """Fields that both sides changed, newest first, with both values and who won."""
    return rows(connection, CONFLICTS, id=integration_id, entity=entity, decision=decision, before=before, limit=limit)


def ambiguous(connection: Connection, integration_id: int, before: int = 0, limit: int = 50, only: int = 0) -> list[Row]:
    """Records that match more than one, each with its own fields and those of its candidates, and what a person decided."""
    found = rows(connection, AMBIGUOUS, id=integration_id, before=before, limit=limit, only=only)
    asked = sorted(
        {(row["last_batch_id"], row["entity"], each) for row in found for each in (row["record_id"], *_candidates(row))}
    )
    batches, entities, ids = (list(column) for column in zip(*asked, strict=True)) if asked else ([], [], [])
    read = rows(connection, SEEN, batches=batches, entities=entities, ids=ids)
    seen = {(each["batch_id"], each["entity"], each["side"], each["record_id"]): each["fields"] for each in read}
    return [_with_fields(row, seen) for row in found]


def _candidates(row: Row) -> list[str]:
    return list(dict.fromkeys(each for reason in row["reasons"] for each in reason.get("candidates", ())))


def _with_fields(row: Row, seen: Mapping[tuple[Any, ...], Row]) -> Row:
    def fields(side: str, record_id: str) -> Row:
        return seen.get((row["last_batch_id"], row["entity"], side, record_id), {})

    candidates = [{"record_id": each, "fields": fields(OTHER[row["side"]], each)} for each in _candidates(row)]
    return {**row, "fields": fields(row["side"], row["record_id"]), "candidates": candidates}


def retry(connection: Connection, integration_id: int, ids: Sequence[int]) -> int:
    """Let these rejections come back with the next run, whatever they wait for; return how many are still open."""
    query = "update sync.rejection set retry_at = now() where integration_id = :id and closed_at is null and id = any(:ids)"
    return connection.execute(text(query), {"id": integration_id, "ids": list(ids)}).rowcount


def retry_all(
    connection: Connection, integration_id: int, entity: str = "", side: str = "", stage: str = "", code: str = "", batch: int = 0
) -> int:
    """Let every rejection that the filter names come back with the next run; return how many."""
    query = (
        "update sync.rejection r set retry_at = now() where integration_id = :id and closed_at is null"
        " and (:entity = '' or r.entity = :entity) and (:side = '' or r.side = :side) and (:stage = '' or r.stage = :stage)"
        " and (:code = '' or r.reasons @> jsonb_build_array(jsonb_build_object('code', cast(:code as text))))"
        " and (:batch = 0 or r.last_batch_id = :batch)"
    )
    values = {"id": integration_id, "entity": entity, "side": side, "stage": stage, "code": code, "batch": batch}
    return connection.execute(text(query), values).rowcount


def linked_to(connection: Connection, integration_id: int, entity: str, side: str, record_id: str) -> str | None:
    """The id on the other side that this record is linked to by now, None when it is free."""
    values = {"id": integration_id, "entity": entity, "record_id": record_id}
    value: Any = connection.scalar(text(LINKED_TO[side]), values)
    return None if value is None else str(value)


def decide(connection: Connection, integration_id: int, rejection: Row, other_id: str | None, person: str) -> None:
    """Note that the record belongs to `other_id`, or to none (None: a new one is made); the next run does it."""
    values = {name: rejection[name] for name in ("entity", "side", "record_id")}
    connection.execute(
        text(
            "insert into sync.decision (integration_id, entity, side, record_id, other_id, decided_by)"
            " values (:id, :entity, :side, :record_id, :other_id, :person)"
            " on conflict (integration_id, entity, side, record_id) do update"
            " set other_id = excluded.other_id, decided_by = excluded.decided_by, decided_at = now()"
        ),
        {**values, "id": integration_id, "other_id": other_id, "person": person},
    )
    retry(connection, integration_id, [rejection["id"]])


def withdraw_decision(connection: Connection, integration_id: int, rejection: Row) -> int:
    """Take the decision for this record back; return how many there were."""
    query = (
        "delete from sync.decision where integration_id = :id and entity = :entity and side = :side and record_id = :record_id"
    )
    values = {name: rejection[name] for name in ("entity", "side", "record_id")}
    return connection.execute(text(query), {**values, "id": integration_id}).rowcount
