"""Plans that wait for a person: held by the guard, or made to be looked at. What is parked meanwhile, and what was decided.

A held plan stops nobody: later runs go on with all other records, and leave the held ones as they are. The watermarks stand
still meanwhile, so that whatever a person turns down is planned anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from connectors.errors import GuardError, PermanentError
from sync.batch import FINISHED, Batch, close_batch, note_counts
from sync.database import to_json
from sync.guard import exceeded, measure
from sync.initial_load import NOTICE, notices
from sync.settings import EntitySettings

FIRST_RUN = "guard.first_run: the first plan of an integration waits for a person"
FIRST_OF_ENTITY = "guard.first_run: the first plan with {} waits for a person"

# Entities of the plan that nothing was written or linked of and no person has approved yet. One that simply had no records so far is
# no newcomer: its first few go like any others.
NEW_ENTITIES = """
select a.entity from sync.action a where a.batch_id = :id and a.state = 'planned' and a.operation <> 'agree'
  and not exists (select 1 from sync.link l where l.integration_id = :integration_id and l.entity = a.entity and l.state <> 'pending')
group by a.entity having (count(*) > :minimum
    or not exists (select 1 from sync.watermark w where w.integration_id = :integration_id and w.entity = a.entity))
  and not exists (select 1 from sync.action d where d.integration_id = :integration_id and d.entity = a.entity
    and d.operation <> 'agree' and (d.attempts > 0
      or exists (select 1 from sync.approval p where p.batch_id = d.batch_id and p.state in ('approved', 'applied'))))
order by min(a.position)
"""

# A held plan speaks of link `l`: whatever brings its records into a later batch, nothing is written of them meanwhile.
IN_HELD_PLAN = """
exists (select 1 from sync.action a join sync.approval p on p.batch_id = a.batch_id and p.state = 'waiting'
  where a.link_id = l.id and a.state = 'planned')
"""


@dataclass(frozen=True, slots=True)
class Approval:
    """A plan and where its approval stands: waiting (held), offered (asked for), approved, rejected, expired, applied, overtaken."""

    batch_id: int
    integration: str
    state: str
    reasons: tuple[str, ...]
    expires_at: datetime
    counts: Mapping[str, int]  # "contact to_app create" → number of writes
    decided_by: str = ""
    is_held: bool = False  # held by the guard, not made to be looked at


def guard_plan(batch: Batch, is_rehearsal: bool = False) -> list[str]:
    """Hold the batch's plan where it needs a person; return why. Raises GuardError where the settings want that instead.

    A plan that was asked for (`mode=plan`) is offered for approval with the limits it passes.
    """
    guard = batch.integration.settings.guard
    with batch.engine.begin() as connection:
        measures = measure(connection, batch)
        writes = sum(each.count for each in measures if each.operation != "empty")
        reasons = [str(excess) for excess in exceeded(measures, guard)]
        reasons = [*(notices(connection, batch) if writes else []), *reasons]
        firsts = _firsts(connection, batch) if writes and guard.first_run == "hold" and not is_rehearsal else []
        reasons = [*firsts, *reasons]
        if batch.request.mode == "plan":
            _offer(connection, batch, "offered", reasons, guard.approval_hours)
            return []
        if not reasons:
            return []
        fails = guard.when_exceeded == "fail" and not {*reasons} <= {*firsts, NOTICE}
        close_batch(connection, batch, "failed" if fails else "held")
        note_counts(connection, batch, "guard", {"held": writes, "reasons": reasons})
        if not fails:
            _offer(connection, batch, "waiting", reasons, guard.approval_hours)
    if fails:
        raise GuardError(
            f"{batch.name}: the plan was stopped before anything was written:\n  "
            + "\n  ".join(reasons)
            + f"\nIt is in sync.action,"
            f" batch {batch.id}. If it is right, raise the limit in settings.yaml or set guard.when_exceeded: hold, and run again."
        )
    return reasons


def _firsts(connection: Connection, batch: Batch) -> list[str]:
    """Say why a plan waits as a first one: that of the integration, else that of entities which have joined it since."""
    if _is_first(connection, batch):
        return [FIRST_RUN]
    values = {"id": batch.id, "integration_id": batch.integration_id, "minimum": batch.integration.settings.guard.minimum}
    return [FIRST_OF_ENTITY.format(entity) for entity in connection.execute(text(NEW_ENTITIES), values).scalars()]


def _is_first(connection: Connection, batch: Batch) -> bool:
    query = text(
        "select not exists (select 1 from sync.action where integration_id = :id and operation <> 'agree' and attempts > 0)"
        " and not exists (select 1 from sync.approval a join sync.batch b on b.id = a.batch_id"
        "  where b.integration_id = :id and a.state in ('approved', 'applied'))"
    )
    return bool(connection.scalar(query, {"id": batch.integration_id}))


def _offer(connection: Connection, batch: Batch, state: str, reasons: Sequence[str], hours: int) -> None:
    connection.execute(
        text(
            "insert into sync.approval (batch_id, state, reasons, expires_at)"
            " values (:id, :state, cast(:reasons as jsonb), now() + make_interval(hours => :hours))"
            " on conflict (batch_id) do update set state = excluded.state, reasons = excluded.reasons, expires_at = excluded.expires_at"
        ),
        {"id": batch.id, "state": state, "reasons": to_json(list(reasons)), "hours": hours},
    )


def expire(connection: Connection, integration_id: int) -> None:
    """Turn down what nobody has decided in time, or was approved and could not be carried out by then."""
    connection.execute(
        text(
            "update sync.approval a set state = 'expired', decided_at = now() from sync.batch b where b.id = a.batch_id"
            " and b.integration_id = :id and a.state in ('waiting', 'offered', 'approved') and a.expires_at <= now()"
        ),
        {"id": integration_id},
    )


def is_waiting(connection: Connection, integration_id: int) -> bool:
    """Tell whether a held plan of the integration still waits."""
    return _is_any(connection, integration_id, ["waiting"])


def holds_watermarks(connection: Connection, batch: Batch) -> bool:
    """Tell whether another plan waits, or was approved and is not carried out to its end: its records must be read again."""
    return _is_any(connection, batch.integration_id, ["waiting", "approved"], batch.id)


def _is_any(connection: Connection, integration_id: int, states: Sequence[str], but: int = 0) -> bool:
    query = text(
        "select exists (select 1 from sync.approval a join sync.batch b on b.id = a.batch_id"
        " where b.integration_id = :id and a.state = any(:states) and b.id <> :but and b.mode <> 'plan')"
    )
    return bool(connection.scalar(query, {"id": integration_id, "states": list(states), "but": but}))


def drop_parked(connection: Connection, batch: Batch, entity: EntitySettings) -> int:
    """Leave out of the batch the records that a held plan speaks of; return how many. They come again after the decision."""
    if not is_waiting(connection, batch.integration_id):
        return 0
    return connection.execute(
        text(
            "with parked as materialized (select h.salesforce_id, h.app_id from sync.action h"
            "  join sync.approval p on p.batch_id = h.batch_id and p.state = 'waiting'"
            "  where h.integration_id = :integration_id and h.entity = :entity and h.state = 'planned')"
            " delete from staging.raw r where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.origin <> 'match'"
            " and (r.side = 'salesforce' and r.record_id in (select salesforce_id from parked)"
            "  or r.side = 'app' and r.record_id in (select app_id from parked))"
        ),
        {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name},
    ).rowcount


def read_approval(engine: Engine, batch_id: int) -> Approval:
    """Return the plan of a batch. Raises PermanentError where there is none to decide."""
    query = text(
        "select i.name, a.state, a.reasons, a.expires_at, a.decided_by, b.mode <> 'plan' as is_held"
        " from sync.approval a join sync.batch b on b.id = a.batch_id"
        " join sync.integration i on i.id = b.integration_id where a.batch_id = :id"
    )
    writes = text(
        "select entity || ' to_' || side || ' ' || operation as what, count(*) as n from sync.action"
        " where batch_id = :id and state = 'planned' and operation <> 'agree' group by 1, position order by position"
    )
    with engine.connect() as connection:
        row: Any = connection.execute(query, {"id": batch_id}).one_or_none()
        counts: dict[str, int] = {}
        for what, n in connection.execute(writes, {"id": batch_id}):
            counts[what] = counts.get(what, 0) + n
    if row is None:
        raise PermanentError(f"Batch {batch_id} has no plan that waits for a decision; the waiting ones are in sync.approval.")
    return Approval(batch_id, row.name, row.state, tuple(row.reasons), row.expires_at, counts, row.decided_by, row.is_held)


def decide(engine: Engine, batch_id: int, state: str, by: str) -> None:
    """Note the decision on a plan that is still open. Raises PermanentError when it is not."""
    with engine.begin() as connection:
        changed = connection.execute(
            text(
                "update sync.approval set state = :state, decided_by = :by, decided_at = now() where batch_id = :id"
                " and state in ('waiting', 'offered') and (:state <> 'approved' or expires_at > now())"
            ),
            {"id": batch_id, "state": state, "by": by},
        )
    if not changed.rowcount:
        present = read_approval(engine, batch_id)
        if present.state != state:
            stands = "expired" if present.state in ("waiting", "offered") else present.state  # that is noted by the next run
            raise PermanentError(
                f"{present.integration}: plan {batch_id} is {stands}; nothing was done. Look at the newest plan."
            )


def close(engine: Engine, batch_id: int) -> None:
    """Note that an approved plan was carried out to its end, refused records and all; one that was broken off stays approved."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "update sync.approval a set state = 'applied' from sync.batch b where b.id = a.batch_id and a.batch_id = :id"
                " and a.state = 'approved' and b.state = any(:finished)"
            ),
            {"id": batch_id, "finished": list(FINISHED)},
        )


def render(approval: Approval) -> str:
    """Return the plan's summary as Markdown, for the page on which a person decides."""
    lines = [
        f"**{approval.integration}**, plan {approval.batch_id}: nothing of it is written yet.",
        "",
        "| writes | number |",
        "|---|---:|",
    ]
    lines += [f"| {what} | {n} |" for what, n in approval.counts.items()]
    lines += ["", *(f"* {reason}" for reason in approval.reasons)] if approval.reasons else []
    lines += ["", "Every record, field and value of it is on the Sync health page, and there as CSV."]
    return "\n".join(lines)
