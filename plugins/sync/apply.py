"""Apply: carry out exactly the plan that a person approved, and leave out what has moved since it was made."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from connectors.contract import Connector
from connectors.errors import PermanentError
from sync import approval
from sync.batch import Batch, find_batch_by_id
from sync.consent import require_confirmed
from sync.database import integration_lock, to_json
from sync.load import load
from sync.map import GONE, compile_reader, digest
from sync.rejections import WAITS, Rejection, reason, reject, retry_soon
from sync.settings import SIDES, EntitySettings, Side
from sync.staging import wanted_fields

MOVED = "moved"  # code of an action left out
log = logging.getLogger(__name__)


def apply(engine: Engine, batch_id: int, by: str, connect: Any, is_rehearsal: bool = False) -> dict[str, Any]:
    """Carry out the plan of `batch_id`, approved by `by`; return the counts of load and how many actions were left out.

    A record is read again on both sides first: one that differs from what the plan was made of is left to the next run.
    Raises PermanentError when the plan is not open any more or the connections lead elsewhere, and the errors of load.
    """
    batch = find_batch_by_id(engine, batch_id)
    require_confirmed(batch.integration.settings, is_rehearsal)
    with integration_lock(engine, batch.name):
        approval.decide(engine, batch_id, "approved", by)
        connectors = connect(batch.integration.settings)
        _require_same_accounts(batch, connectors)
        batch = replace(batch, state="open", request=replace(batch.request, mode="sync"))
        with engine.begin() as connection:
            moved = _restore_links(connection, batch)
            reads = connection.scalar(text("select reads from sync.batch where id = :id"), {"id": batch_id})
        moved += sum(_leave_moved(batch, entity, connectors, reads) for entity in batch.entities())
        counts = load(batch, connectors)
        approval.close(engine, batch_id)
    log.info("%s: plan %d, approved by %s, was carried out; %d actions left out, for they moved", batch.name, batch_id, by, moved)
    return {**counts, "moved": moved}


def _require_same_accounts(batch: Batch, connectors: Mapping[Side, Connector]) -> None:
    present = (connectors["salesforce"].account_id(), connectors["app"].account_id())
    if present != batch.account_ids:
        raise PermanentError(
            f"{batch.name}: plan {batch.id} is for {' and '.join(batch.account_ids)}, but the connections lead to"
            f" {' and '.join(present)} by now; nothing was written."
        )


def _restore_links(connection: Connection, batch: Batch) -> int:
    """Bring back the pending links of the plan that later runs took out; return how many are linked otherwise by now and left out."""
    values = {"id": batch.id}
    lost = "a.batch_id = :id and a.state = 'planned' and not exists (select 1 from sync.link l where l.id = a.link_id)"
    connection.execute(
        text(
            "insert into sync.link (id, integration_id, entity, salesforce_id, app_id, batch_id) overriding system value"
            f" select distinct on (a.link_id) a.link_id, a.integration_id, a.entity, a.salesforce_id, a.app_id, a.batch_id from sync.action a"
            f" where {lost} order by a.link_id, a.id on conflict do nothing"
        ),
        values,
    )
    count = _leave(connection, batch, text(f"select a.id from sync.action a where {lost}"), values)
    changed = text(
        "select a.id from sync.action a join sync.link l on l.id = a.link_id"
        " where a.batch_id = :id and a.state = 'planned' and l.batch_id > :id"
    )
    return count + _leave(connection, batch, changed, values)


def _leave(connection: Connection, batch: Batch, query: Any, values: Mapping[str, Any]) -> int:
    """Take the actions that `query` finds out of the plan; the next run looks at their records again, on both sides."""
    ids = list(connection.execute(query, values).scalars())
    if not ids:
        return 0
    connection.execute(
        text(
            "update sync.action set state = 'skipped', code = :code, ended_at = now(),"
            " message = 'the record changed after the plan was made; the next run plans it anew' where id = any(:ids)"
        ),
        {"ids": ids, "code": MOVED},
    )
    rows = connection.execute(text("select entity, salesforce_id, app_id from sync.action where id = any(:ids)"), {"ids": ids})
    why = [reason("", WAITS, "the record changed after the plan was made")]
    again = [
        Rejection(row.entity, side, record_id, "load", why)
        for row in rows
        for side, record_id in (("salesforce", row.salesforce_id), ("app", row.app_id))
        if record_id
    ]
    reject(connection, batch, again)
    retry_soon(connection, batch, again)
    return len(ids)


def _leave_moved(batch: Batch, entity: EntitySettings, connectors: Mapping[Side, Connector], reads: Mapping[str, Any]) -> int:
    """Leave out the actions of which a record is not any more what the plan was made of; return how many.

    Costs one reading of what changed since the plan, however large the plan is.
    """
    moved: dict[str, list[str]] = {side: [] for side in SIDES}
    for side in SIDES:
        with batch.engine.connect() as connection:
            rows = connection.execute(text(PLANNED.format(side=side)), _values(batch, entity))
            planned: dict[str, str] = {row.id: row.digest for row in rows}
        if not planned:
            continue
        read = compile_reader(batch.integration.mappings[entity.name].rows, side)
        since = datetime.fromisoformat(reads[entity.name][side]["server_time"])
        for page in connectors[side].read_changes(entity.reads_as(side), since, wanted_fields(batch, entity, side)):
            present = {r.id: GONE if r.is_deleted else digest(to_json(read(r.raw)[0])) for r in page.records}
            moved[side] += [each for each, found in present.items() if planned.get(each, found) != found]
    with batch.engine.begin() as connection:
        query = text(
            "select id from sync.action where batch_id = :id and entity = :entity and state = 'planned'"
            " and (salesforce_id = any(:salesforce) or app_id = any(:app))"
        )
        return _leave(connection, batch, query, {**_values(batch, entity), **moved})


# What each record of the plan looked like: as staged then, or as it was settled when it took no part.
PLANNED = """
select distinct on (a.{side}_id) a.{side}_id as id, coalesce(r.digest, l.{side}_digest) as digest from sync.action a
left join staging.record r on r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = '{side}'
  and r.record_id = a.{side}_id
left join sync.link l on l.id = a.link_id
where a.batch_id = :id and a.entity = :entity and a.state = 'planned' and a.{side}_id is not null
  and coalesce(r.digest, l.{side}_digest) is not null
"""


def _values(batch: Batch, entity: EntitySettings) -> dict[str, Any]:
    return {"id": batch.id, "day": batch.day, "entity": entity.name}
