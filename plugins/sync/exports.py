"""Exports: what became of each record of an app on its way to Salesforce, and how a push of chosen records went."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from sync.settings import USER
from sync.users import DEFAULT_USER

State = Literal["done", "deleted", "waiting", "failed"]
SHOWN = 200
PEOPLE = (USER, DEFAULT_USER)  # links that stand for owners

# A record that is linked is exported; a rejection that is open says why it is not, or why its later changes are not.
# The first write of a link tells when it was made, as long as the journal holds it.
EXPORTS = """
with linked as (
  select l.app_id as record_id, l.entity, l.salesforce_id, l.state, coalesce(first.ended_at, l.updated_at) as at, l.base as fields
  from (select * from sync.link where integration_id = :id and app_id is not null and entity <> all(:people)
      and (cast(:ids as text[]) is null or app_id = any(:ids)) order by updated_at desc limit :limit) l
    left join lateral (
      select a.ended_at from sync.action a where a.link_id = l.id and a.state = 'done' order by a.id limit 1) first on true
), refused as (
  select r.record_id, r.entity, r.reasons, coalesce(b.ended_at, b.started_at) as at, r.attempts, s.fields
  from (select * from sync.rejection where integration_id = :id and side = 'app' and closed_at is null
      and (cast(:ids as text[]) is null or record_id = any(:ids)) order by last_batch_id desc limit :limit) r
    join sync.batch b on b.id = r.last_batch_id left join lateral (
      select s.fields from staging.record s where s.batch_id = r.last_batch_id and s.batch_day = b.started_at::date
        and s.entity = r.entity and s.side = 'app' and s.record_id = r.record_id limit 1) s on true
)
select coalesce(f.record_id, k.record_id) as record_id, coalesce(f.entity, k.entity) as entity, k.salesforce_id, k.state,
  f.reasons, coalesce(f.at, k.at) as at, coalesce(f.attempts, 0) as attempts, coalesce(f.fields, k.fields, '{}') as fields
from refused f full join linked k on k.record_id = f.record_id and k.entity = f.entity
order by coalesce(f.at, k.at) desc nulls last, 1 limit :limit
"""


@dataclass(frozen=True, slots=True)
class Export:
    """How one record of the app stands. `at`: when it came into Salesforce, or when that last failed; `fields`: common fields."""

    record_id: str
    entity: str
    state: State
    at: datetime | None
    salesforce_id: str | None
    reasons: tuple[str, ...]
    codes: tuple[str, ...]
    attempts: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Push:
    """How a run with `record_ids` went, record by record; `missing`: ids that the app does not know."""

    worked: int = 0
    failed: int = 0
    duplicates: int = 0
    missing: tuple[str, ...] = ()
    refused: tuple[Export, ...] = ()


def exports(
    connection: Connection, integration_id: int, record_ids: Sequence[str] | None = None, limit: int = SHOWN
) -> list[Export]:
    """Return how the app's records stand, the latest first: these ids, or all that were ever exported or refused."""
    ids = None if record_ids is None else list(record_ids)
    rows = connection.execute(
        text(EXPORTS), {"id": integration_id, "ids": ids, "limit": limit, "people": list(PEOPLE)}
    ).mappings()
    return [_export(row) for row in rows]


def push_of(connection: Connection, batch_id: int) -> Push | None:
    """Return how the batch went with the app's records that it was asked for; None where it was asked for none."""
    query = text("select integration_id, params->'record_ids' as ids from sync.batch where id = :id")
    batch = connection.execute(query, {"id": batch_id}).one()
    if not batch.ids:
        return None
    staged = _staged(connection, batch_id)
    found = exports(connection, batch.integration_id, staged, max(SHOWN, len(staged) * 2))
    by_id = {each.record_id: each for each in sorted(found, key=lambda each: each.state != "failed", reverse=True)}
    kinds = Counter(_kind(by_id.get(record_id)) for record_id in staged)
    asked = [each.partition(":")[2] or each for each in batch.ids if not each.startswith("salesforce:")]
    return Push(
        kinds["worked"],
        kinds["failed"],
        kinds["duplicate"],
        tuple(each for each in asked if each not in staged),
        tuple(each for each in by_id.values() if each.state == "failed"),
    )


def is_duplicate(code: str) -> bool:
    """Tell whether a reason's code, ours or Salesforce's, says that the record is there already."""
    return code in ("not_unique", "ambiguous") or "duplicate" in code.casefold()


def _staged(connection: Connection, batch_id: int) -> list[str]:
    query = text(
        "select distinct s.record_id from staging.raw s join sync.batch b on b.id = s.batch_id and b.started_at::date = s.batch_day"
        " where s.batch_id = :id and s.side = 'app' and s.origin in ('request', 'retry') order by 1"
    )
    return list(connection.execute(query, {"id": batch_id}).scalars())


def _kind(export: Export | None) -> str:
    if export is None or export.state != "failed":
        return "worked" if export and export.state in ("done", "deleted") else "failed"
    return "duplicate" if any(is_duplicate(code) for code in export.codes) else "failed"


def _export(row: Any) -> Export:
    reasons = list(row["reasons"] or ())
    return Export(
        record_id=row["record_id"],
        entity=row["entity"],
        state=_state(row),
        at=row["at"],
        salesforce_id=row["salesforce_id"],
        reasons=tuple(str(reason["reason"]) for reason in reasons),
        codes=tuple(str(reason["code"]) for reason in reasons),
        attempts=row["attempts"],
        fields=row["fields"],
    )


def _state(row: Any) -> State:
    if row["reasons"]:
        return "failed"
    if row["state"] == "tombstone":
        return "deleted"
    return "done" if row["salesforce_id"] else "waiting"
