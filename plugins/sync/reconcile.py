"""Reconcile: link what is new, plan what moved. Set-based where it is bulk; only records that moved reach the pure `plan`.

Everything happens in one transaction, and nothing is written to either system: the result is `sync.action`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from connectors.errors import GuardError
from sync.batch import Batch, close_batch, note_counts
from sync.database import NULL, copy_lines, driver, escape, stream, to_json
from sync.map import GONE
from sync.matching import MANY, SHOWN, link_new
from sync.merge import UNKNOWN, FieldPolicy
from sync.plan import OTHER, SIDES, Action, Conflict, Decision, Fields, Link, Pair, Policy, Seen, plan
from sync.rejections import GONE as GONE_THERE
from sync.rejections import WAITS, Rejection, reason, reject, withdraw
from sync.settings import EntitySettings

ACTION_COLUMNS = (
    "batch_id", "integration_id", "entity", "position", "side", "operation", "link_id", "salesforce_id", "app_id", "fields",
    "extra", "settles", "rule",
)  # fmt: skip
ORDER = {"agree": 0, "create": 1, "update": 2}
LAST_POSITION = 100_000

SEEN = """
select l.id, l.salesforce_id, l.app_id, l.state, r.digest, r.reference, r.verdict, r.is_deleted,
  r.verdict = 'valid' and (r.digest is distinct from l.{side}_digest or r.origin in ('retry', 'request')
    or (%({side}_refers)s and l.state = 'live' and not r.is_deleted and r.reference is distinct from l.{other}_id)) as is_moved
from staging.record r join sync.link l on l.integration_id = r.integration_id and l.entity = r.entity and l.{side}_id = r.record_id
where r.batch_id = %(id)s and r.batch_day = %(day)s and r.entity = %(entity)s and r.side = '{side}'
"""

# What moved, found once for all that follows. A cross-reference that is missing or wrong is written again whenever its record is
# looked at. Equal: both sides hold the same and, where cross-references are kept, carry them: nothing to write, nothing to look at.
MOVED = f"""
create temporary table moved on commit drop as
with s as ({SEEN.format(side="salesforce", other="app")}), a as ({SEEN.format(side="app", other="salesforce")})
select coalesce(s.id, a.id) as id, coalesce(s.salesforce_id, a.salesforce_id) as salesforce_id, coalesce(s.app_id, a.app_id) as app_id,
  s.digest, s.verdict as salesforce_verdict, coalesce('rejected' in (s.verdict, a.verdict), false) as is_held,
  coalesce(s.digest = a.digest and s.state = 'pending' and not s.is_deleted
    and (not %(has_references)s or (s.reference = s.app_id and a.reference = a.salesforce_id)), false) as is_equal
from s full join a on s.id = a.id where s.is_moved or a.is_moved
"""

RECORD = (
    "staging.record {0} on {0}.batch_id = %(id)s and {0}.batch_day = %(day)s and {0}.entity = %(entity)s and {0}.side = '{1}'"
)

PAIRS = f"""
select l.id, l.salesforce_id, l.app_id, l.base, l.app_base, l.state,
  s.fields, s.digest, s.modified_at, s.is_deleted, s.reference,
  a.fields, a.digest, a.modified_at, a.is_deleted, a.reference,
  l.salesforce_digest = %(gone)s, l.app_digest = %(gone)s, l.state = 'tombstone' and exists (
    select 1 from sync.action d where d.link_id = l.id and d.operation = 'delete' and d.state = 'done')
from moved m join sync.link l on l.id = m.id
left join {RECORD.format("s", "salesforce")} and s.record_id = l.salesforce_id
left join {RECORD.format("a", "app")} and a.record_id = l.app_id
where not m.is_equal and not m.is_held order by l.id
"""

WAITING = """
select case when salesforce_verdict = 'rejected' then 'app' else 'salesforce' end,
  case when salesforce_verdict = 'rejected' then app_id else salesforce_id end
from moved where is_held
"""

AGREE = f"""
insert into sync.action (batch_id, integration_id, entity, position, side, operation, link_id, salesforce_id, app_id, settles, rule)
select %(id)s, s.integration_id, s.entity, %(position)s, 'app', 'agree', m.id, m.salesforce_id, m.app_id,
  jsonb_build_object('both', s.fields, 'salesforce_digest', m.digest, 'app_digest', m.digest), 'no difference'
from moved m join {RECORD.format("s", "salesforce")} and s.record_id = m.salesforce_id
where m.is_equal and not m.is_held
"""


def reconcile(batch: Batch) -> dict[str, Any]:
    """Plan the batch; return per entity how many actions by side and operation, conflicts and rejections.

    Raises GuardError when the plan holds more writes than `max_changes` allows; the plan stays for inspection.
    """
    counts: dict[str, Any] = {}
    writes = 0
    with batch.engine.begin() as connection:
        connection.execute(text("set local work_mem = '64MB'"))
        _clear(connection, batch)
        for rank, entity in enumerate(batch.entities()):
            counts[entity.name] = _plan_entity(connection, batch, entity, rank)
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


def policy_of(batch: Batch, entity: EntitySettings) -> Policy:
    """The policy of one entity in this run: settings, mapping rows and the run's direction."""
    rows = batch.integration.mappings[entity.name].rows
    fields = tuple(
        FieldPolicy(
            name=row.name,
            to_app=entity.writes_to("app") and row.writes_to("app"),
            to_salesforce=entity.writes_to("salesforce") and row.writes_to("salesforce"),
            on_conflict=row.on_conflict,
            on_empty=row.on_empty,
            overwrite=row.overwrite,
            default=row.default_value,
        )
        for row in rows
    )
    return Policy(
        fields=fields,
        to_app=entity.writes_to("app"),
        to_salesforce=entity.writes_to("salesforce"),
        held=frozenset(side for side in SIDES if entity.writes_to(side) and not batch.is_open(entity, side)),
        master=entity.master,
        prefer="app" if entity.prefer == "app" else "salesforce",
        deletes=entity.deletes,
        flag_fields=entity.flag_fields,
        salesforce_reference=entity.salesforce_reference,
        app_references=entity.app_references,
    )


def _clear(connection: Connection, batch: Batch) -> None:
    """Undo an earlier try of this stage and what older batches planned but never sent; what was sent stays."""
    values = {"id": batch.id, "integration_id": batch.integration_id}
    withdraw(connection, batch, "reconcile")
    sent = "exists (select 1 from sync.action a where a.link_id = {0} and a.state not in ('planned', 'skipped'){1})"
    for statement in (
        "delete from sync.action where batch_id = :id and state = 'planned'",
        "update sync.action set state = 'skipped', message = 'superseded by batch ' || :id, ended_at = now()"
        " where integration_id = :integration_id and batch_id < :id and state in ('planned', 'approved')",
        "delete from sync.conflict c using sync.batch b where b.id = c.batch_id and b.integration_id = :integration_id"
        " and (b.id = :id or (b.id < :id and b.state = 'failed'))"
        f" and not {sent.format('c.link_id', ' and a.batch_id = c.batch_id')}",
        "delete from sync.link l where integration_id = :integration_id and state = 'pending'"
        f" and not {sent.format('l.id', ' and a.state <> ' + chr(39) + 'failed' + chr(39))}",
    ):
        connection.execute(text(statement), values)


def _plan_entity(connection: Connection, batch: Batch, entity: EntitySettings, rank: int) -> dict[str, int]:
    link_new(connection, batch, entity)
    counts: Counter[str] = Counter(rejected=reject(connection, batch, _unlinked(connection, entity)))
    policy = policy_of(batch, entity)
    references = {r.name: r.transform.argument for r in batch.integration.mappings[entity.name].rows if _is_reference(r)}
    has_references = bool(policy.salesforce_reference or policy.app_references)
    values = {
        "id": batch.id, "day": batch.day, "entity": entity.name, "has_references": has_references, "gone": GONE,
        "salesforce_refers": bool(policy.salesforce_reference) and policy.to_salesforce,
        "app_refers": bool(policy.app_references) and policy.to_app,
    }  # fmt: skip
    _note_moved(connection, values)
    counts["agree"] += driver(connection).execute(AGREE.encode(), {**values, "position": rank * 10}).rowcount
    for rows in stream(connection, PAIRS, values):
        known = _linked_ids(connection, batch, references, rows)
        dead = _dead_links(connection, references, rows)
        pairs = [_pair(row, references, known, dead) for row in rows]
        decisions = list(plan(pairs, policy))
        _write(connection, batch, entity, rank, decisions, counts)
        counts["waiting"] += reject(connection, batch, _waiting(entity, references, pairs, decisions))
        counts["orphans"] += reject(connection, batch, _orphans(batch, entity, decisions))
    counts["waiting"] += reject(connection, batch, _held(connection, entity))
    return dict(counts)


def _note_moved(connection: Connection, values: Mapping[str, Any]) -> None:
    """Fill the temporary table `moved`: the links whose records differ from what they were settled on, and how."""
    execute = driver(connection).execute
    execute(b"drop table if exists moved")
    execute(MOVED.encode(), values)
    execute(b"analyze moved")


def _is_reference(row: Any) -> bool:
    return bool(row.transform.common_type == "reference")


def _linked_ids(
    connection: Connection, batch: Batch, references: Mapping[str, str], rows: Iterable[Any]
) -> dict[tuple[str, str, str], int]:
    """Link ids by (entity, side, id) for every reference in `rows`."""
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        for side, fields in (("salesforce", row[6]), ("app", row[11])):
            for name, entity in references.items():
                if fields and fields.get(name):
                    wanted[entity, side].add(fields[name])
    known = {}
    for (entity, side), ids in wanted.items():
        query = text(
            f"select {side}_id, id from sync.link where integration_id = :integration_id and entity = :entity"
            f" and {side}_id = any(:ids) and state <> 'tombstone'"
        )
        for key, link_id in connection.execute(
            query, {"integration_id": batch.integration_id, "entity": entity, "ids": list(ids)}
        ):
            known[entity, side, key] = link_id
    return known


def _dead_links(connection: Connection, references: Mapping[str, str], rows: Iterable[Any]) -> frozenset[int]:
    """Those links that `rows` were settled on as references, and that are tombstones by now."""
    wanted = {base[name] for row in rows for base in (row[3], row[4]) for name in references if base.get(name)}
    if not wanted:
        return frozenset()
    query = text("select id from sync.link where id = any(:ids) and state = 'tombstone'")
    return frozenset(connection.execute(query, {"ids": list(wanted)}).scalars())


def _pair(row: Any, references: Mapping[str, str], known: Mapping[tuple[str, str, str], int], dead: frozenset[int]) -> Pair:
    base, app_base = (_without_dead(base, references, dead) if dead else base for base in row[3:5])
    gone = frozenset(side for side, is_gone in zip(SIDES, (row[17], row[16]), strict=True) if is_gone)
    link = Link(row[0], row[1], row[2], base, app_base, row[5], gone, row[18])
    return Pair(
        link, _seen("salesforce", row[1], row[6:11], references, known), _seen("app", row[2], row[11:16], references, known)
    )


def _without_dead(base: Fields, references: Iterable[str], dead: frozenset[int]) -> Fields:
    return {**base, **{name: UNKNOWN for name in references if base.get(name) in dead}}


def _seen(
    side: str, record_id: str, values: Any, references: Mapping[str, str], known: Mapping[tuple[str, str, str], int]
) -> Seen | None:
    fields, digest, modified_at, is_deleted, reference = values
    if fields is None:
        return None
    for name, entity in references.items():
        if fields.get(name):
            fields[name] = known.get((entity, side, fields[name]), UNKNOWN)
    return Seen(record_id, fields, digest, modified_at, is_deleted, reference)


def _write(
    connection: Connection, batch: Batch, entity: EntitySettings, rank: int, decisions: list[Decision], counts: Counter[str]
) -> None:
    for decision in decisions:
        for action in decision.actions:
            counts["agree" if action.operation == "agree" else f"to_{action.side} {action.operation}"] += 1
    actions = (action for decision in decisions for action in decision.actions)
    copy_lines(connection, "sync.action", ACTION_COLUMNS, _action_lines(batch, entity, rank, actions))
    conflicts = [_conflict_row(batch, entity, each) for decision in decisions for each in decision.conflicts]
    counts["conflicts"] += len(conflicts)
    if conflicts:
        connection.execute(
            text(
                "insert into sync.conflict (batch_id, integration_id, entity, link_id, salesforce_id, app_id, field, base,"
                " salesforce_value, app_value, decision, rule) select :batch_id, :integration_id, :entity, :link_id, :salesforce_id,"
                " :app_id, :field, cast(:base as jsonb), cast(:salesforce as jsonb), cast(:app as jsonb), :decision, :rule"
                " where not exists (select 1 from sync.conflict c join sync.batch b on b.id = c.batch_id where c.link_id = :link_id"
                "  and c.field = :field and c.salesforce_value = cast(:salesforce as jsonb) and c.app_value = cast(:app as jsonb)"
                "  and c.base is not distinct from cast(:base as jsonb) and c.decision = :decision"
                "  and b.state <> 'planned')"
            ),
            conflicts,
        )


def _action_lines(batch: Batch, entity: EntitySettings, rank: int, actions: Iterable[Action]) -> Iterator[str]:
    for action in actions:
        position = LAST_POSITION - rank if action.operation == "delete" else rank * 10 + ORDER[action.operation]
        link = action.link
        ids = "\t".join(NULL if each is None else escape(each) for each in (link.salesforce_id, link.app_id))
        documents = "\t".join(escape(to_json(each)) for each in (action.fields, action.extra, action.settles))
        yield (
            f"{batch.id}\t{batch.integration_id}\t{entity.name}\t{position}\t{action.side}\t{action.operation}\t{link.id}\t{ids}\t"
            f"{documents}\t{escape(action.rule)}"
        )


def _conflict_row(batch: Batch, entity: EntitySettings, conflict: Conflict) -> dict[str, Any]:
    return {
        "batch_id": batch.id, "integration_id": batch.integration_id, "entity": entity.name, "link_id": conflict.link.id,
        "salesforce_id": conflict.link.salesforce_id, "app_id": conflict.link.app_id, "field": conflict.field,
        "base": to_json(conflict.base), "salesforce": to_json(conflict.salesforce), "app": to_json(conflict.app),
        "decision": conflict.decision, "rule": conflict.rule,
    }  # fmt: skip


def _unlinked(connection: Connection, entity: EntitySettings) -> list[Rejection]:
    """Rejections of the newcomers that could not be linked: ambiguous ones and twins of a unique value."""
    connection.execute(text("analyze newcomer, candidate"))
    query = text(
        "with listed as materialized (select 'salesforce' as side, salesforce_id as record_id, array_agg(distinct app_id) as others,"
        "  min(key) as key from candidate group by salesforce_id"
        "  union all select 'app', app_id, array_agg(distinct salesforce_id), min(key) from candidate group by app_id)"
        " select n.side, n.record_id, n.twin_of, n.twin_by, c.others, c.key from newcomer n left join listed c using (side, record_id)"
        " where n.origin <> 'match' and (n.is_ambiguous or n.twin_of is not null)"
    )
    rejections = []
    for side, record_id, twin_of, twin_by, others, key in connection.execute(query):
        if twin_of:
            why = reason(twin_by, "not_unique", f"{twin_by} is already taken by {entity.name} {twin_of}; the app allows it once")
        else:
            listed = ", ".join((others or [])[:SHOWN])
            why = reason(
                key or "", "ambiguous", f"matches by {key} are not one to one (candidates: {listed}); a person must settle it"
            )
        rejections.append(Rejection(entity.name, side, record_id, "reconcile", [why]))
    return rejections


def _held(connection: Connection, entity: EntitySettings) -> list[Rejection]:
    """Notes for records whose counterpart is rejected: what it holds by now is not agreed, so that neither is written."""
    words = "its counterpart is rejected and must be mended first"
    rows = driver(connection).execute(WAITING.encode())
    return [Rejection(entity.name, side, record_id, "reconcile", [reason("", WAITS, words)]) for side, record_id in rows]


def _orphans(batch: Batch, entity: EntitySettings, decisions: Iterable[Decision]) -> Iterator[Rejection]:
    """Notes for records whose counterpart was deleted. Where we deleted it ourselves a person has to say how to go on."""
    for decision in decisions:
        if (side := decision.orphan) is None:
            continue
        link = decision.actions[0].link
        other = OTHER[side]
        system = batch.integration.settings.app.capitalize() if other == "app" else "Salesforce"
        what = f"its counterpart {link.id_on(other)} in {system} was deleted"
        goes_on = "The two go on together once it is restored there, or once a new one is made there that matches"
        if link.is_removed:
            why = reason("", "undeleted", f"{what} with it, and is not created again by itself. {goes_on}")
        else:
            why = reason("", GONE_THERE, f"{what} there, so changes no longer go there. {goes_on}")
        yield Rejection(entity.name, side, str(link.id_on(side)), "reconcile", [why])


def _waiting(
    entity: EntitySettings, references: Mapping[str, str], pairs: list[Pair], decisions: list[Decision]
) -> Iterator[Rejection]:
    """Notes for records that went on without a reference, because its target has no counterpart yet."""
    for pair, decision in zip(pairs, decisions, strict=True):
        for side in SIDES if decision.waiting else ():
            seen = pair.app if side == "app" else pair.salesforce
            names = [name for name in decision.waiting if seen and seen.fields.get(name) is UNKNOWN]
            if seen and names:
                reasons = [reason(n, WAITS, f"its {references[n]} has no counterpart yet; it went on without") for n in names]
                yield Rejection(entity.name, side, seen.id, "reconcile", reasons)
