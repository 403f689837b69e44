"""Undo: the inverse plan of a run. It is made, guarded and decided on like any other; `sync.apply` carries it out.

What cannot go back stands in the plan as skipped, with the reason. Both sides may differ afterwards and are settled so: the sync
writes a field again only when somebody changes it again.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from connectors.contract import Connector
from connectors.errors import PermanentError
from sync import settings as settings_file
from sync.approval import guard_plan
from sync.batch import Batch, Request, note_counts, open_plan
from sync.consent import require_confirmed
from sync.database import migrate, to_json
from sync.decisions import Action, Decision
from sync.disconnect import disconnection
from sync.inverse import Left
from sync.locks import integration_lock
from sync.partitions import ensure_partitions
from sync.planned import write_plan
from sync.settings import Side
from sync.undo_entity import Looks, invert_writes, link_of

NOT_UNDONE = "not_undone"  # code of what stays
log = logging.getLogger(__name__)

FORMER = """
select b.id, b.run_id, b.started_at::date as day, b.integration_id, b.state from sync.batch b
join sync.integration i on i.id = b.integration_id
where i.name = :name and (b.run_id = :wanted or b.id::text = :wanted)
order by exists (select 1 from sync.action a where a.batch_id = b.id and a.operation <> 'agree' and a.attempts > 0) desc, b.id desc limit 1
"""
RECORD = "case a.side when 'salesforce' then a.salesforce_id else a.app_id end"
WRITES = f"""
select a.entity, a.side, a.operation, a.state, a.link_id, coalesce(l.salesforce_id, a.salesforce_id) as salesforce_id,
  coalesce(l.app_id, a.app_id) as app_id, a.fields, a.extra, a.rule, l.state as link_state, coalesce(l.base, '{{}}') as base,
  coalesce(l.app_base, '{{}}') as app_base, l.salesforce_digest, l.app_digest, {RECORD} as record_id, w.raw as answer,
  exists (select 1 from sync.rejection j where j.integration_id = a.integration_id and j.entity = a.entity and j.side = a.side
    and j.closed_at is null and j.record_id = {RECORD}) as is_held
from sync.action a left join sync.link l on l.id = a.link_id
left join lateral (select raw from staging.raw w where w.integration_id = a.integration_id and w.entity = a.entity and w.side = a.side
  and w.record_id = {RECORD} and w.batch_id = a.batch_id and w.batch_day = :day order by w.origin = 'answer' desc limit 1) w on true
where a.batch_id = :id and a.operation <> 'agree' and a.state in ('done', 'sending', 'unknown', 'accepted')
  and a.code <> 'forgotten' order by a.id
"""


@dataclass(frozen=True, slots=True)
class Former:
    """The batch that is undone."""

    id: int
    run_id: str
    day: date
    integration_id: int
    state: str


def undo(engine: Engine, folder: Path, wanted: str, run_id: str, connect: Any, is_rehearsal: bool = False) -> dict[str, Any]:
    """Plan to take back what run `wanted` (or the plan of that number) has written; return the plan's number and its counts.

    Nothing is written. Raises PermanentError where there is no such run, and the errors of reading.
    """
    settings = settings_file.load(folder)
    require_confirmed(settings, is_rehearsal)
    migrate(engine)
    with integration_lock(engine, settings.integration):
        if ended := disconnection(engine, settings.integration):
            raise PermanentError(f"{ended}. Nothing was done.")
        former = _find(engine, settings.integration, wanted)
        with engine.connect() as connection:
            writes = connection.execute(text(WRITES), {"id": former.id, "day": former.day}).all()
        connectors = connect(settings)
        request = Request(mode="plan", record_ids=tuple(sorted({f"{w.side}:{w.record_id}" for w in writes if w.record_id})))
        batch = open_plan(engine, folder, connectors, run_id, request)
        if batch.integration_id != former.integration_id:
            raise PermanentError(f"{batch.name}: run {former.run_id} was with another org or account; nothing was done.")
        return _plan(batch, former, writes, connectors)


def _find(engine: Engine, name: str, wanted: str) -> Former:
    with engine.connect() as connection:
        row = connection.execute(text(FORMER), {"name": name, "wanted": wanted.strip()}).one_or_none()
    if row is None:
        raise PermanentError(f"{name} has no run {wanted!r}; write its run id as Airflow shows it, or the number of a plan.")
    if row.state == "open":
        raise PermanentError(f"{name}: run {row.run_id} is still going on or was broken off; let it end, or a later one.")
    return Former(*row)


def _plan(batch: Batch, former: Former, writes: Sequence[Any], connectors: Mapping[Side, Connector]) -> dict[str, Any]:
    by_entity: dict[str, list[Any]] = defaultdict(list)
    for write in writes:
        by_entity[write.entity].append(write)
    looks = Looks(batch, connectors)
    counts: Counter[str] = Counter()
    left: list[Left] = []
    ensure_partitions(batch.engine, batch.day)
    with batch.engine.begin() as connection:
        for rank, entity in enumerate(batch.entities()):
            if mine := by_entity.pop(entity.name, []):
                found = list(invert_writes(connection, looks, entity, mine, f"undo of run {former.run_id}"))
                left += [each for each in found if isinstance(each, Left)]
                write_plan(connection, batch, entity, rank, [Decision([a]) for a in found if isinstance(a, Action)], counts)
                _list_left(connection, batch, entity.name, [each for each in found if isinstance(each, Left)])
        for name, others in by_entity.items():
            off = [Left(link_of(w), w.side, w.operation, "its entity is switched off") for w in others]
            _list_left(connection, batch, name, off)
            left += off
        why, planned = Counter(each.why for each in left), +counts
        connection.execute(
            text("update sync.batch set reads = cast(:reads as jsonb), ended_at = now() where id = :id"),
            {"reads": to_json(looks.reads), "id": batch.id},
        )
        note_counts(connection, batch, "undo", {"of": former.id, "run_id": former.run_id, "left": why})
    if planned:
        guard_plan(batch)
    log.info(
        "%s: undo of run %s is plan %d: %s; left as it is: %s", batch.name, former.run_id, batch.id, dict(planned), dict(why)
    )
    return {"plan": batch.id, "undoes": former.id, "planned": dict(planned), "left": dict(why)}


def _list_left(connection: Connection, batch: Batch, entity: str, left: Sequence[Left]) -> None:
    """Put into the plan, as skipped, what stays as it is."""
    rows = [
        {
            "batch_id": batch.id, "integration_id": batch.integration_id, "entity": entity, "side": each.side,
            "operation": each.operation, "link_id": each.link.id, "salesforce_id": each.link.salesforce_id, "app_id": each.link.app_id,
            "code": NOT_UNDONE, "message": f"{', '.join(each.fields)}: {each.why}" if each.fields else each.why,
        }
        for each in left
    ]  # fmt: skip
    if rows:
        connection.execute(
            text(
                "insert into sync.action (batch_id, integration_id, entity, position, side, operation, link_id, salesforce_id, app_id,"
                " rule, state, code, message, ended_at) values (:batch_id, :integration_id, :entity, 0, :side, :operation, :link_id,"
                " :salesforce_id, :app_id, 'undo', 'skipped', :code, :message, now())"
            ),
            rows,
        )
