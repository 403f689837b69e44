"""Captured contacts of an app that is only read, and how the export of each stands: what a person chooses from for a push."""

from functools import lru_cache
from typing import Any

import yaml
from sqlalchemy import Connection, text

from health.queries import Row, rows
from sync.exports import Export, exports

SHOWN = 200

# Linked or held back: what there is to say of their export.
KNOWN = """
select record_id from (
  select app_id as record_id, updated_at as at, base as fields,
    case when state = 'tombstone' then 'deleted' when salesforce_id is null then 'waiting' else 'done' end as state
  from sync.link where integration_id = :id and app_id is not null
  union all
  select record_id, opened_at, raw, 'failed' from sync.rejection where integration_id = :id and side = 'app' and closed_at is null) k
where (:state = '' or state = :state) and (:words = '' or record_id = :words or position(lower(:words) in lower(fields::text)) > 0)
order by at desc limit :limit
"""

# Read by some run and left where they are, as those captured before the integration was enabled.
UNTOUCHED = """
with read as materialized (
  select w.entity, w.record_id, max(w.batch_id) as batch_id from staging.raw w
  where w.integration_id = :id and w.side = 'app' group by w.entity, w.record_id),
untouched as materialized (
  select s.* from read s
  where not exists (select 1 from sync.link l where l.integration_id = :id and l.entity = s.entity and l.app_id = s.record_id)
    and not exists (select 1 from sync.rejection j where j.integration_id = :id and j.entity = s.entity and j.side = 'app'
      and j.record_id = s.record_id and j.closed_at is null))
select s.entity, s.record_id, w.modified_at, coalesce(r.fields, '{}') as fields
from untouched s cross join lateral (
    select * from staging.raw w where w.integration_id = :id and w.entity = s.entity and w.side = 'app' and w.record_id = s.record_id
      and w.batch_id = s.batch_id limit 1) w
  left join lateral (
    select * from staging.record r where r.batch_id = w.batch_id and r.batch_day = w.batch_day and r.entity = w.entity
      and r.side = 'app' and r.record_id = w.record_id limit 1) r on true
where not w.is_deleted and (:words = '' or s.record_id = :words or position(lower(:words) in lower(r.fields::text)) > 0)
order by w.modified_at desc limit :limit
"""

SETTINGS = """
select m.files->>'settings.yaml' from sync.batch b join sync.mapping m on m.digest = b.mapping_digest
where b.integration_id = :id order by b.id desc limit 1
"""


def contacts(connection: Connection, integration_id: int, state: str = "", words: str = "") -> list[Row]:
    """The app's records, the latest first, each with the state of its export; `words`: an id, or part of any of its values."""
    values = {"id": integration_id, "words": words.strip(), "limit": SHOWN}
    ids = [row["record_id"] for row in rows(connection, KNOWN, **values, state=state)]
    found = [_row(each) for each in exports(connection, integration_id, ids, SHOWN) if state in ("", each.state)] if ids else []
    if state in ("", "waiting") and len(found) < SHOWN:
        found += [_untouched(row) for row in rows(connection, UNTOUCHED, **values)]
    return found[:SHOWN]


def is_only_read(connection: Connection, integration_id: int) -> bool:
    """Tell whether the integration only goes to Salesforce, so that its records are pushed by choice."""
    stored: Any = connection.scalar(text(SETTINGS), {"id": integration_id})
    return stored is not None and _direction(stored) == "to_salesforce"


@lru_cache(maxsize=64)
def _direction(stored: str) -> str:
    settings = yaml.safe_load(bytes.fromhex(stored)) or {}
    return str(settings.get("direction", "both"))


def _row(export: Export) -> Row:
    return {
        "record_id": export.record_id, "entity": export.entity, "state": export.state, "at": export.at, "label": _label(export.fields),
        "salesforce_id": export.salesforce_id, "reasons": export.reasons, "fields": export.fields,
    }  # fmt: skip


def _untouched(row: Row) -> Row:
    return {
        "record_id": row["record_id"], "entity": row["entity"], "state": "waiting", "at": None, "label": _label(row["fields"]),
        "salesforce_id": None, "reasons": (), "fields": row["fields"],
    }  # fmt: skip


def _label(fields: Row) -> str:
    parts = (fields.get("first_name"), fields.get("last_name"))
    return str(fields.get("name") or " ".join(str(part) for part in parts if part) or "")
