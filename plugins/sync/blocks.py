"""Blocks: what the app sends as new and Salesforce has already, under `on_match: block`. Such a record is reported, not linked.

`stage_blocks` asks Salesforce (extract), `mark_blocked` holds the records back (reconcile).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector
from connectors.errors import shorten
from sync.batch import Batch
from sync.counterparts import key_fields, new_rows
from sync.database import to_json
from sync.rejections import reason
from sync.settings import EntitySettings

Rows = Sequence[tuple[str, Mapping[str, Any]]]


def stage_blocks(batch: Batch, entity: EntitySettings, salesforce: Connector) -> int:
    """Look up every new record of the app in each entity that blocks it; keep what was found. Return how many are blocked."""
    if not entity.blocked_by or not batch.is_open(entity, "salesforce"):
        return 0
    with batch.engine.begin() as connection:
        rows = new_rows(connection, batch, entity, "app")
        found: dict[str, dict[str, str]] = {}
        for other in entity.blocked_by:
            found = {**_find(batch, entity, other, salesforce, rows), **found}
        _store(connection, batch, entity, found)
    return len(found)


def _find(batch: Batch, entity: EntitySettings, other: str, salesforce: Connector, rows: Rows) -> dict[str, dict[str, str]]:
    """What Salesforce has of entity `other` under the keys of `rows`, by the app's id."""
    found: dict[str, dict[str, str]] = {}
    by_name = batch.integration.mappings[entity.name].by_name
    for key in entity.match:
        mine, theirs = key_fields(by_name[key], "app")
        wanted: dict[str, list[str]] = defaultdict(list)
        for record_id, raw in rows:
            if raw.get(mine) and record_id not in found:
                wanted[str(raw[mine]).strip().casefold()].append(record_id)
        for page in salesforce.find(other, theirs, sorted(wanted), (theirs, "Name")) if wanted else ():
            for record in page.records:
                held = {"entity": other, "id": record.id, "name": str(record.raw.get("Name") or ""), "key": key}
                found |= dict.fromkeys(wanted[str(record.raw.get(theirs) or "").strip().casefold()], held)
    return found


def _store(connection: Connection, batch: Batch, entity: EntitySettings, found: Mapping[str, Mapping[str, str]]) -> None:
    """Keep the answers with the batch's raw rows, under a name of their own that no stage takes for an entity."""
    rows = [
        {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": _answers(entity), "record_id": key,
         "raw": to_json(held)}
        for key, held in found.items()
    ]  # fmt: skip
    if rows:
        connection.execute(
            text(
                "insert into staging.raw (batch_id, batch_day, integration_id, entity, side, record_id, modified_at, is_deleted,"
                " origin, digest, raw) values (:id, :day, :integration_id, :entity, 'app', :record_id, now(), false, 'match', '',"
                " cast(:raw as json))"
            ),
            rows,
        )


def mark_blocked(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Mark the newcomers that Salesforce has already, unless a cross-reference says that they are one."""
    query = text(
        "update newcomer n set blocked_by = b.raw from staging.raw b where b.batch_id = :id and b.batch_day = :day"
        " and b.integration_id = :integration_id and b.entity = :entity and b.side = 'app' and b.record_id = n.record_id"
        " and n.side = 'app' and n.matched_id is null and n.half_of is null"
    )
    values = {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": _answers(entity)}
    connection.execute(query, values)


def duplicate(held: Mapping[str, str]) -> dict[str, str]:
    """The reason of a blocked record: which one Salesforce has."""
    named = shorten(" ".join(filter(None, (held["entity"], held["name"], f"({held['id']})"))))
    words = f"Salesforce has the {named} with the same {held['key']} already, so this one does not go there"
    return reason(held["key"], "duplicate", words)


def _answers(entity: EntitySettings) -> str:
    return f"{entity.name}:blocks"
