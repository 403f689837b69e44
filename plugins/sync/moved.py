"""Moved: a record that somebody changed after the plan was made is not overwritten but left to the next run, on both sides.

Right before a chunk of updates or deletions goes out, its records are looked at a second time. Where the system reads many by id in a
call, that is done for every chunk; where it reads one a call, its list of changes since the last look tells of all of them at once,
asked again every AGAIN_SECONDS. What remains is an edit between that look and the write: seconds, at most AGAIN_SECONDS. No system
here has a conditional write for many records.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import UNREADABLE, Connector, Page, Record
from sync.batch import Batch
from sync.changes import STAMP_MARGIN
from sync.database import to_json
from sync.decisions import OTHER
from sync.map import GONE, compile_reader, digest
from sync.opt_out import has_ended
from sync.outbox import FEW_CALLS, Outgoing, mark
from sync.rejections import WAITS, Rejection, forget, reason, refresh, reject, renew, retry_soon
from sync.settings import EntitySettings, Side
from sync.staging import to_storable_json, wanted_fields

MOVED = "moved"  # code of an action left out
LEFT_OUT = "left out"  # stands for the digest of a record that does not pass the filter any more
CHANGED = "the record changed after the plan was made; the next run plans it anew"
AGAIN_SECONDS = 30.0  # until a list of changes is asked again
log = logging.getLogger(__name__)

# Records of the plan by what they looked like: as staged then, or as settled when they took no part. Those that this batch has
# written already, for another list that shares them, are ours.
PLANNED = """
select distinct on (a.{side}_id) a.{side}_id as id, coalesce(r.digest, l.{side}_digest) as digest from sync.action a
left join staging.record r on r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = '{side}'
  and r.record_id = a.{side}_id
left join sync.link l on l.id = a.link_id
where a.batch_id = :id and a.entity = :entity and a.state = 'planned' and a.{side}_id = any(:records)
  and coalesce(r.digest, l.{side}_digest) is not null
  and not exists (select 1 from sync.action d where d.batch_id = :id and d.side = '{side}' and d.{side}_id = a.{side}_id
    and d.state not in ('planned', 'skipped') and d.operation <> 'agree')
"""
COPIED = (
    "select record_id from staging.raw where batch_id = :id and batch_day = :day and entity = :entity and side = :side"
    " and origin = 'retry' and record_id = any(:ids)"
)
OF_PLAN = (
    "select distinct {side}_id from sync.action where batch_id = :id and entity = :entity and state = 'planned'"
    " and operation <> 'agree' and {side}_id is not null"
)


@dataclass(slots=True)
class SecondLook:
    """Looks again at the records of one batch's plan. `reads` is what extract noted: when each side was read."""

    batch: Batch
    connectors: Mapping[Side, Connector]
    reads: Mapping[str, Any]
    clock: Callable[[], float] = time.monotonic
    _last: dict[tuple[str, Side], tuple[datetime, float]] = field(default_factory=dict)

    def leave_moved(self, entity: EntitySettings, side: Side, actions: Sequence[Outgoing]) -> set[int]:
        """Take what has moved out of the plan before `actions` go to `side`; return the links left out."""
        ids = [str(a.id_on(side)) for a in actions if a.id_on(side) and (a.operation == "delete" or a.fields)]
        each_call = self.connectors[side].entities[entity.reads_as(side).partition("@")[0]].ids_per_call
        calls = -(-len(ids) // each_call)
        if not ids or not self._was_read(entity, side) or (each_call == 1 and self._is_fresh(entity, side)):
            return set()
        if each_call == 1 and calls > FEW_CALLS:
            return self.leave_all_moved(entity, side)
        pages = self.connectors[side].read(entity.reads_as(side), ids, wanted_fields(self.batch, entity, side))
        return self._leave(entity, side, pages, {*ids})

    def leave_all_moved(self, entity: EntitySettings, side: Side) -> set[int]:
        """Take every action out of the plan whose record on `side`, written or only read, has moved; return the links left out.

        Costs one reading of what changed since the last look, however large the plan is.
        """
        with self.batch.engine.connect() as connection:
            planned = set(connection.execute(text(OF_PLAN.format(side=side)), self._values(entity)).scalars())
        if not planned or not self._was_read(entity, side):
            return set()
        since = self._since(entity, side)
        wanted = wanted_fields(self.batch, entity, side)
        pages = self.connectors[side].read_changes(
            entity.reads_as(side), since - STAMP_MARGIN, wanted, lambda record_id, _: record_id not in planned
        )
        return self._leave(entity, side, self._noting(entity, side, pages), planned)

    def leave_gone(self, entity: EntitySettings, side: Side, actions: Sequence[Outgoing]) -> set[int]:
        """Take creates out of the plan that stand on our own copy of a record that is not there any more; return the links left out.

        Costs a reading by id, only where no list of changes tells of deletions: elsewhere the copy has learned of it.
        """
        source = OTHER[side]
        kind = self.connectors[source].entities[entity.reads_as(source).partition("@")[0]]
        if actions[0].operation != "create" or kind.has_delete_feed or not kind.can_delete:
            return set()
        values = {**self._values(entity), "side": source, "ids": [action.id_on(source) for action in actions]}
        with self.batch.engine.connect() as connection:
            copied = set(connection.execute(text(COPIED), values).scalars())
        if not copied:
            return set()
        pages = self.connectors[source].read(entity.reads_as(source), sorted(copied), wanted_fields(self.batch, entity, source))
        gone = copied - {record.id for page in pages for record in page.records if not record.is_deleted}
        left = [action for action in actions if action.id_on(source) in gone]
        with self.batch.engine.begin() as connection:
            mark(
                connection, [action.id for action in left], "skipped", MOVED, "the record that this was to be made of is deleted"
            )
            forget(connection, self.batch, entity, source, sorted(gone))
        return {action.link_id for action in left}

    def _was_read(self, entity: EntitySettings, side: Side) -> bool:
        return side in self.reads.get(entity.name, {})

    def _is_fresh(self, entity: EntitySettings, side: Side) -> bool:
        last = self._last.get((entity.name, side))
        return last is not None and self.clock() - last[1] < AGAIN_SECONDS

    def _since(self, entity: EntitySettings, side: Side) -> datetime:
        if last := self._last.get((entity.name, side)):
            return last[0]
        return datetime.fromisoformat(self.reads[entity.name][side]["server_time"])

    def _noting(self, entity: EntitySettings, side: Side, pages: Iterable[Page]) -> Iterator[Page]:
        """Pass the pages on; once all have come, remember when this reading began, by the server's clock and by ours."""
        began, first = self.clock(), None
        for page in pages:
            first = first or page.server_time
            yield page
        if first:
            self._last[entity.name, side] = (first, began)

    def _leave(self, entity: EntitySettings, side: Side, pages: Iterable[Page], planned: set[str]) -> set[int]:
        read = compile_reader(self.batch.integration.mappings[entity.name].rows, side)
        since = datetime.fromisoformat(self.reads[entity.name][side]["server_time"]) - STAMP_MARGIN
        present: dict[str, str] = {}
        records: dict[str, Record] = {}
        for page in pages:
            for record in page.records:
                if record.modified_at >= since:
                    present[record.id] = _look_of(entity, side, record) or digest(to_json(read(record.raw)[0]))
                    records |= {record.id: record} if record.id in planned else {}
        values = {**self._values(entity), "records": list(present)}
        with self.batch.engine.begin() as connection:
            rows = connection.execute(text(PLANNED.format(side=side)), values) if present else ()
            moved = [row.id for row in rows if row.digest != present[row.id]]
            query = text(
                "select id from sync.action where batch_id = :id and entity = :entity and state = 'planned'"
                f" and {side}_id = any(:records)"
            )
            links = leave(connection, self.batch, query, {**values, "records": moved}) if moved else set()
            self._note(connection, entity, side, [records[each] for each in moved if each in records])
        if moved:
            log.info("%s %s: %d records moved in %s, left to the next run", self.batch.name, entity.name, len(moved), side)
        return links

    def _note(self, connection: Connection, entity: EntitySettings, side: Side, records: Sequence[Record]) -> None:
        """Let those that moved come back as they are now."""
        wanted = wanted_fields(self.batch, entity, side)
        rows = [
            {
                "entity": entity.name, "side": side, "record_id": each.id, "modified_at": each.modified_at, "is_deleted": each.is_deleted,
                "raw": to_storable_json({name: each.raw[name] for name in wanted if name in each.raw})[1],
            }
            for each in records if UNREADABLE not in each.raw
        ]  # fmt: skip
        if rows:
            refresh(connection, self.batch, rows)

    def _values(self, entity: EntitySettings) -> dict[str, Any]:
        return {"id": self.batch.id, "day": self.batch.day, "entity": entity.name}


def _look_of(entity: EntitySettings, side: Side, record: Record) -> str:
    """How a record looks whose values do not count: gone, also where it has opted out, or left out by the filter or as a lead that
    was converted; blank for others."""
    if has_ended(entity, side, record):
        return GONE
    return "" if entity.passes(side, record.raw) and record.raw.get("IsConverted") is not True else LEFT_OUT


def leave(connection: Connection, batch: Batch, query: Any, values: Mapping[str, Any], why: str = CHANGED) -> set[int]:
    """Take the actions that `query` finds out of the plan; the next run looks at their records again, on both sides.

    Returns the links they belong to.
    """
    ids = list(connection.execute(query, values).scalars())
    if not ids:
        return set()
    left = connection.execute(
        text(
            "update sync.action set state = 'skipped', code = :code, ended_at = now(),"
            " message = :why where id = any(:ids)"
            " returning link_id, entity, salesforce_id, app_id"
        ),
        {"ids": ids, "code": MOVED, "why": why},
    ).all()
    reasons = [reason("", WAITS, why.partition(";")[0])]
    again = [
        Rejection(row.entity, side, record_id, "load", reasons)
        for row in left
        for side, record_id in (("salesforce", row.salesforce_id), ("app", row.app_id))
        if record_id
    ]
    reject(connection, batch, again)
    renew(connection, batch, again)
    retry_soon(connection, batch, again)
    return {row.link_id for row in left}
