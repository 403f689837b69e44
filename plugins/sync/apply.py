"""Apply: carry out exactly the plan that a person approved, and leave out what has moved since it was made."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, text

from connectors.contract import Connector
from connectors.errors import PermanentError
from sync import approval
from sync.batch import Batch, find_batch_by_id
from sync.consent import require_confirmed
from sync.disconnect import disconnection
from sync.load import load
from sync.locks import integration_lock
from sync.moved import SecondLook, leave
from sync.settings import SIDES, Side
from sync.siblings import siblings_of

log = logging.getLogger(__name__)


def apply(engine: Engine, batch_id: int, by: str, connect: Any, is_rehearsal: bool = False) -> dict[str, Any]:
    """Carry out the plan of `batch_id`, approved by `by`; return the counts of load and how many records were left out.

    A record is read again on both sides first: one that differs from what the plan was made of is left to the next run. A plan that
    was broken off and overtaken by a later run does nothing more.
    Raises PermanentError when the plan is not open any more, the integration was disconnected or the connections lead elsewhere,
    and the errors of load.
    """
    batch = find_batch_by_id(engine, batch_id)
    require_confirmed(batch.integration.settings, is_rehearsal)
    with integration_lock(engine, batch.name):
        if ended := disconnection(engine, batch.name):
            raise PermanentError(f"{ended}. Nothing of plan {batch_id} was done.")
        if approval.read_approval(engine, batch_id).state == "overtaken":
            log.warning("%s: a later run has taken over what was left of plan %d; there is nothing to do", batch.name, batch_id)
            return {"overtaken": batch_id}
        approval.decide(engine, batch_id, "approved", by)
        connectors = connect(batch.integration.settings)
        _require_same_accounts(batch, connectors)
        batch = replace(batch, state="open", request=replace(batch.request, mode="sync"))
        with engine.begin() as connection:
            moved = _restore_links(connection, batch)
            reads = connection.scalar(text("select reads from sync.batch where id = :id"), {"id": batch_id})
        look = SecondLook(batch, connectors, reads)
        moved += sum(len(look.leave_all_moved(entity, side)) for entity in batch.entities() for side in SIDES)
        try:
            counts = load(batch, connectors, look)
        finally:
            approval.close(engine, batch_id)
    log.info("%s: plan %d, approved by %s, was carried out; %d records left out, for they moved", batch.name, batch_id, by, moved)
    return {**counts, "moved": moved}


def _require_same_accounts(batch: Batch, connectors: Mapping[Side, Connector]) -> None:
    present = (connectors["salesforce"].account_id(), connectors["app"].account_id())
    if present != batch.account_ids:
        raise PermanentError(
            f"{batch.name}: plan {batch.id} is for {' and '.join(batch.account_ids)}, but the connections lead to"
            f" {' and '.join(present)} by now; nothing was written."
        )


def _restore_links(connection: Connection, batch: Batch) -> int:
    """Bring back the pending links of the plan that later runs took out; return how many are linked otherwise by now (the app's record
    in a sibling as well), or were written since, and left out."""
    values = {"id": batch.id}
    lost = "a.batch_id = :id and a.state = 'planned' and not exists (select 1 from sync.link l where l.id = a.link_id)"
    for entity in batch.entities():
        siblings = list(siblings_of(batch.integration.settings, entity))
        connection.execute(
            text(
                "insert into sync.link (id, integration_id, entity, salesforce_id, app_id, batch_id) overriding system value"
                f" select distinct on (a.link_id) a.link_id, a.integration_id, a.entity, a.salesforce_id, a.app_id, a.batch_id"
                f" from sync.action a where {lost} and a.entity = :entity and not exists (select 1 from sync.link o"
                "  where o.integration_id = a.integration_id and o.entity = any(:siblings) and o.app_id = a.app_id)"
                " order by a.link_id, a.id on conflict do nothing"
            ),
            {**values, "entity": entity.name, "siblings": siblings},
        )
    gone = leave(connection, batch, text(f"select a.id from sync.action a where {lost}"), values)
    changed = text(
        "select a.id from sync.action a join sync.link l on l.id = a.link_id join sync.batch b on b.id = a.batch_id"
        " where a.batch_id = :id and a.state = 'planned'"
        " and (l.batch_id > :id or (l.batch_id <> :id and l.updated_at > b.started_at))"  # by an older plan, carried out since
    )
    return len(gone | leave(connection, batch, changed, values))
