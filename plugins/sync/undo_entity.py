"""Undo, one entity at a time: what a run wrote is read again, and what can be taken back of it is found out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import UNREADABLE, Connector, Record
from sync.batch import Batch
from sync.database import NULL, copy_lines, escape, to_json
from sync.decisions import SIDES, Action, Link
from sync.fieldwise import references
from sync.inverse import Done, Left, Present, Reach, invert
from sync.map import ABSENT, COLUMNS, compile_reader, digest
from sync.policies import policy_of
from sync.settings import EntitySettings, Side
from sync.staging import copy_raw, wanted_fields

Rows = Sequence[Any]


@dataclass(slots=True)
class Looks:
    """Reads records for the plan of one batch; `reads` notes by whose clock, as extract does."""

    batch: Batch
    connectors: Mapping[Side, Connector]
    reads: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, connection: Connection, entity: EntitySettings, side: Side, ids: Sequence[str]) -> dict[str, Record]:
        """Return the records that are there, staged with the batch. They do not count as worked through."""
        found: dict[str, Record] = {}
        first: datetime | None = None
        pages = self.connectors[side].read(entity.reads_as(side), ids, wanted_fields(self.batch, entity, side)) if ids else ()
        for page in pages:
            first = first or page.server_time
            found |= {record.id: record for record in page.records if not record.is_deleted}
        copy_raw(connection, self.batch, entity, side, "match", found.values())
        values = {"id": self.batch.id, "day": self.batch.day, "entity": entity.name, "side": side}
        mine = "batch_id = :id and batch_day = :day and entity = :entity and side = :side"
        connection.execute(text(f"update staging.raw set digest = '' where {mine}"), values)
        self.reads.setdefault(entity.name, {})[side] = {
            "since": None, "server_time": (first or datetime.now(UTC)).isoformat(), "count": len(found), "is_full": False,
        }  # fmt: skip
        return found


def invert_writes(
    connection: Connection, looks: Looks, entity: EntitySettings, writes: Rows, rule: str
) -> Iterator[Action | Left]:
    """Yield the writes that take back those of one entity, and what stays, each with the reason."""
    known = {w.record_id for w in writes}
    for side in SIDES:
        mine = [w for w in writes if w.side == side]
        others = [w.salesforce_id if side == "salesforce" else w.app_id for w in writes[:1]]  # for that system's clock
        ids = [w.record_id for w in mine if w.record_id] or [each for each in others if each and known]
        records = looks.read(connection, entity, side, list(dict.fromkeys(ids)))
        yield from _invert(connection, looks.batch, entity, side, mine, records, looks, rule)


def _invert(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, writes: Rows, records: Mapping[str, Record],
    looks: Looks, rule: str,
) -> Iterator[Action | Left]:  # fmt: skip
    read = compile_reader(batch.integration.mappings[entity.name].rows, side)
    present: dict[str, tuple[dict[str, Any], str]] = {}
    unreadable: set[str] = set()
    for record in records.values():
        fields, problems = read(record.raw)
        present[record.id] = fields, digest(to_json(fields))
        unreadable |= {record.id} if problems or UNREADABLE in record.raw else set()
    _stage(connection, batch, entity, side, records, present)
    reach, ids = _reach(connection, batch, entity, side, writes, looks.connectors[side])
    for write in writes:
        if why := _why_left(write, unreadable):
            yield Left(link_of(write), side, write.operation, why)
            continue
        sent = {name: ids.get(new) if name in reach.references else new for name, (_, new) in write.fields.items()}
        shown = read(write.answer)[0] if write.answer else {}
        done = Done(link_of(write), side, write.operation, write.fields, write.extra, write.rule, sent, shown)
        now, mark = present.get(write.record_id, (None, ""))
        settled = write.salesforce_digest if side == "salesforce" else write.app_digest
        yield from invert(done, Present(now, mark == settled), reach, rule)


def _why_left(write: Any, unreadable: set[str]) -> str:
    if write.state != "done":
        return "nobody knows whether it was written"
    if write.link_state is None:
        return "its records are not linked any more"
    if write.record_id in unreadable:
        return "its values cannot be read"
    return "the record is held back; see the quarantine" if write.is_held else ""


def _stage(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, records: Mapping[str, Record],
    present: Mapping[str, tuple[dict[str, Any], str]],
) -> None:  # fmt: skip
    head = f"{batch.id}\t{batch.day}\t{batch.integration_id}\t{entity.name}\t{side}\t"
    lines = (
        f"{head}{escape(key)}\t{record.modified_at.isoformat()}\tf\tmatch\t{present[key][1]}\t{NULL}\tvalid\t"
        f"{escape(to_json(present[key][0]))}"
        for key, record in records.items()
    )
    copy_lines(connection, "staging.record", COLUMNS, lines)


def _reach(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, writes: Rows, connector: Connector
) -> tuple[Reach, dict[int, str]]:
    """Return what can be taken back on `side`, and the ids there of the links that the writes refer to."""
    policy = policy_of(batch, entity)
    rows = batch.integration.mappings[entity.name].rows
    names = frozenset(row.name for row in rows if row.transform.common_type == "reference")
    facts = connector.entities[entity.reads_as(side).partition("@")[0]]
    ids = _ids(connection, side, _referred(writes, names))
    reach = Reach(
        fields=frozenset(each.name for each in policy.fields if each.is_open(side)),
        ratchets=frozenset(each.name for each in policy.ratchets),
        references=names,
        dead=frozenset(_referred(writes, names) - set(ids)),
        can_delete=facts.can_delete,
        can_restore=facts.can_restore,
        may_restore=side == "salesforce" or batch.integration.settings.consent_confirmed is None,
        on_create=policy.on_create.get(side, {}),
        refers={each: references(policy, each) for each in SIDES},
    )
    return reach, ids


def _referred(writes: Rows, names: Iterable[str]) -> set[int]:
    """The links that these writes, and the links they belong to, name as references."""
    values = [v for w in writes for name in names for v in (*w.fields.get(name, ()), w.base.get(name), w.app_base.get(name))]
    return {value for value in values if isinstance(value, int)}


def _ids(connection: Connection, side: Side, links: set[int]) -> dict[int, str]:
    query = text(
        f"select id, {side}_id from sync.link where id = any(:ids) and {side}_id is not null"
        f" and not coalesce({side}_digest = any(:absent), false)"
    )
    return {row[0]: row[1] for row in connection.execute(query, {"ids": list(links), "absent": list(ABSENT)})}


def link_of(write: Any) -> Link:
    """Return the link of a write as it stands now."""
    gone = frozenset(s for s in SIDES if (write.salesforce_digest if s == "salesforce" else write.app_digest) in ABSENT)
    state = write.link_state or "broken"
    return Link(write.link_id, write.salesforce_id, write.app_id, write.base, write.app_base, state, gone)
