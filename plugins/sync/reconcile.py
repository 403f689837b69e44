"""Reconcile: link what is new, plan what moved. Set-based where it is bulk; only records that moved reach the pure `plan`.

Everything happens in one transaction, and nothing is written to either system: the result is `sync.action`.
"""

from collections import Counter
from typing import Any

from sqlalchemy import Connection, text

from connectors.errors import GuardError
from sync.accepted import awaited
from sync.approval import is_waiting
from sync.batch import IS_READ_AGAIN, Batch, close_batch, note_counts
from sync.database import driver, stream
from sync.flipflop import hold_flips
from sync.initial_load import replaces
from sync.map import ABSENT
from sync.matching import MANY, link_new
from sync.notes import held, orphans, unlinked, waiting, withdraw_left_alone
from sync.outbox import look_again_at_unsent
from sync.owners import load_owners
from sync.pairs import HELD_PAIRS, PAIRS, RECORD, UNDER_WAY, note_moved, pairs_of
from sync.plan import plan
from sync.planned import write_plan
from sync.policies import policy_of
from sync.ratchets import plan_ticks
from sync.rejections import reject, withdraw
from sync.remapped import forget_remapped
from sync.replacing import replacing
from sync.settings import USER, EntitySettings

AGREE = f"""
insert into sync.action (batch_id, integration_id, entity, position, side, operation, link_id, salesforce_id, app_id, settles, rule)
select %(id)s, s.integration_id, s.entity, %(position)s, 'app', 'agree', m.id, m.salesforce_id, m.app_id,
  jsonb_build_object('both', s.fields, 'salesforce_digest', m.digest, 'app_digest', m.digest), 'no difference'
from moved m join {RECORD.format("s", "salesforce")} and s.record_id = m.salesforce_id
where m.is_equal and not m.is_held
"""
HAS_SENT = "select exists (select 1 from sync.action where batch_id = :id and state in ('sending', 'unknown'))"


def reconcile(batch: Batch) -> dict[str, Any]:
    """Plan the batch; return per entity how many actions by side and operation, conflicts and rejections.

    Raises GuardError when the plan holds more writes than `max_changes` allows; the plan stays for inspection.
    """
    counts: dict[str, Any] = {}
    writes = 0
    with batch.engine.begin() as connection:
        connection.execute(text("set local work_mem = '64MB'"))
        _clear(connection, batch)
        rejected = {
            entity.name: reject(connection, batch, unlinked(connection, entity)) for entity in link_new(connection, batch)
        }
        for rank, entity in enumerate(batch.entities()):
            withdraw_left_alone(connection, batch, entity)
            counts[entity.name] = {"rejected": rejected[entity.name], **_plan_entity(connection, batch, entity, rank)}
            writes += sum(n for key, n in counts[entity.name].items() if key.startswith(("to_app", "to_salesforce")))
        note_counts(connection, batch, "reconcile", counts)
        if writes > MANY:
            connection.execute(text("analyze sync.action"))
    limit = batch.request.max_changes
    if limit is not None and writes > limit:
        with batch.engine.begin() as connection:
            close_batch(connection, batch, "failed")
        raise GuardError(
            f"{batch.name}: the plan holds {writes} writes and max_changes allows {limit}; nothing was written. The plan is in"
            f" sync.action, batch {batch.id}. Trigger again with a higher max_changes if it is right."
        )
    return counts


def _clear(connection: Connection, batch: Batch) -> None:
    """Undo an earlier try of this stage and what older batches planned but never sent; what was sent stays, and what was to follow
    it where its outcome is not known yet.

    An approved plan that broke off is planned anew if this run has read it again; an undo, say, is not, and stays approved.
    """
    values = {"id": batch.id, "integration_id": batch.integration_id}
    withdraw(connection, batch, "reconcile")
    sent = "exists (select 1 from sync.action a where a.link_id = {} and {})"
    ended = "a.state not in ('planned', 'skipped')"
    taken = sent.format("l.id", f"{ended} and a.state <> 'failed'")
    # A write whose answer is lost may have done its work in part.
    tried = sent.format("c.link_id", f"a.batch_id = c.batch_id and ({ended} or a.attempts > 0)")
    superseded = (
        "integration_id = :integration_id and batch_id < :id and state in ('planned', 'approved')"
        " and not exists (select 1 from sync.approval p join sync.batch b on b.id = p.batch_id where p.batch_id = action.batch_id"
        f"  and (p.state in ('waiting', 'offered') or p.state = 'approved' and not {IS_READ_AGAIN}))"
    )
    look_again_at_unsent(connection, superseded, values)
    for statement in (
        f"delete from sync.action a where batch_id = :id and state = 'planned' and not {UNDER_WAY.format('a.link_id') % {'id': ':id'}}",
        f"update sync.action set state = 'skipped', message = 'superseded by batch ' || :id, ended_at = now() where {superseded}",
        "update sync.approval p set state = 'overtaken' from sync.batch b where b.id = p.batch_id and p.state = 'approved'"
        f" and b.integration_id = :integration_id and b.id < :id and {IS_READ_AGAIN}",
        "delete from sync.conflict c using sync.batch b where b.id = c.batch_id and b.integration_id = :integration_id"
        " and (b.id = :id or (b.id < :id and b.state = 'failed'))"
        f" and not {tried}",
        "delete from sync.link l where integration_id = :integration_id and state = 'pending'"
        " and not (salesforce_id is not null and app_id is not null and salesforce_digest = '')"  # moved from another record
        f" and not {taken}",
    ):
        connection.execute(text(statement), values)


def _plan_entity(connection: Connection, batch: Batch, entity: EntitySettings, rank: int) -> dict[str, int]:
    counts: Counter[str] = Counter()
    policy = policy_of(batch, entity)
    policy = replacing(policy) if replaces(connection, batch, entity) else policy
    references = {r.name: r.transform.argument for r in batch.integration.mappings[entity.name].rows if _is_reference(r)}
    has_references = bool(policy.salesforce_reference or policy.app_references)
    values = {
        "id": batch.id, "day": batch.day, "entity": entity.name, "has_references": has_references, "gone": list(ABSENT),
        "is_lead": entity.salesforce_entity == "lead", "tag_field": policy.marks.field if policy.marks else "",
        "was_lead": policy.lead_marks is not None,
        "salesforce_refers": bool(policy.salesforce_reference) and policy.to_salesforce,
        "app_refers": bool(policy.app_references) and policy.to_app, "plan_waits": is_waiting(connection, batch.integration_id),
        "has_sent": bool(connection.scalar(text(HAS_SENT), {"id": batch.id})),
    }  # fmt: skip
    note_moved(connection, values)
    forget_remapped(connection, batch, entity)
    counts["agree"] += driver(connection).execute(AGREE.encode(), {**values, "position": rank * 10}).rowcount
    owners = load_owners(connection, batch) if USER in references.values() else None
    for rows in stream(connection, PAIRS, values):
        pairs = pairs_of(connection, batch, entity.name, references, rows, owners)
        decisions, flips = hold_flips(connection, batch, entity, policy, pairs, list(plan(pairs, policy)))
        counts["held"] += reject(connection, batch, flips)
        write_plan(connection, batch, entity, rank, decisions, counts)
        counts["waiting"] += reject(connection, batch, waiting(entity, references, pairs, decisions))
        counts["orphans"] += reject(connection, batch, orphans(batch, entity, decisions))
    for rows in stream(connection, HELD_PAIRS, values) if policy.ratchets else ():
        write_plan(
            connection, batch, entity, rank, list(plan_ticks(pairs_of(connection, batch, entity.name, {}, rows), policy)), counts
        )
    counts["waiting"] += reject(connection, batch, [*held(connection, entity), *awaited(connection, batch, entity)])
    if owners is not None and owners.unlinked:
        counts["unlinked_users"] = owners.unlinked
    return dict(counts)


def _is_reference(row: Any) -> bool:
    return bool(row.transform.common_type == "reference")
