"""Evidence: what the state of the engine says of records, gathered for the judge."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from sync.settings import load as load_settings
from tools.lab.findings import Evidence
from tools.lab.kinds import SIDES
from tools.lab.people import People

WAITING = """
select entity, side, record_id as id from sync.rejection where closed_at is null
union all select a.entity, v.side, v.id from sync.action a,
  lateral (values ('salesforce', a.salesforce_id), ('app', a.app_id)) v(side, id)
  where v.id is not null and (a.state in ('sending', 'unknown') or a.state = 'planned' and exists (
    select 1 from sync.approval p where p.batch_id = a.batch_id and p.state in ('waiting', 'approved')))
"""


STORY = {
    "link": "select * from sync.link where salesforce_id = any(:ids) or app_id = any(:ids)",
    "action": "select a.*, b.run_id from sync.action a join sync.batch b on b.id = a.batch_id"
    " where a.salesforce_id = any(:ids) or a.app_id = any(:ids) order by a.id",
    "conflict": "select * from sync.conflict where salesforce_id = any(:ids) or app_id = any(:ids) order by id",
    "rejection": "select * from sync.rejection where record_id = any(:ids) order by id",
    "raw": "select r.*, b.run_id, b.state from staging.raw r join sync.batch b on b.id = r.batch_id"
    " where r.record_id = any(:ids) order by r.batch_id",
}


def story(engine: Engine, people: People, tokens: Collection[str]) -> dict[str, Any]:
    """Return all that the state still knows of some things, and how their records look now, for whoever searches the cause."""
    records = [
        {"side": side, **row}
        for kind in people.app.kinds
        for side in SIDES
        for table in kind.tables(side)
        for row in people.clients[side].records(table, with_deleted=True)
        if kind.token(side, row) in tokens
    ]
    ids = [str(record.get("Id") or record.get("id")) for record in records]
    with engine.connect() as connection:
        told = {name: connection.execute(text(query), {"ids": ids}).mappings().all() for name, query in STORY.items()}
    return {"records": records} | {name: [dict(row) for row in rows] for name, rows in told.items()}


def mark_synced(engine: Engine, people: People, begun: int, ended: int) -> None:
    """Remember of which things a run has surely carried over everything: those of which nothing waits."""
    waiting = {(row.entity, row.side, row.id) for row in _rows(engine, WAITING)}
    snapshot = people.look()
    for thing in people.things():
        kind = thing.kind
        records = ((side, row) for side in SIDES for row in snapshot[kind.entity, side].get(thing.token, ()))
        ids = ((entity, side, kind.id_of(side, row)) for side, row in records for entity in kind.here.values())
        if waiting.isdisjoint(ids):
            thing.syncs.append((begun, ended))


def gather(engine: Engine, people: People, runs: Sequence[int], prefer: str, folder: Path) -> Evidence:
    """Return what both systems and the state show now."""
    links: dict[tuple[str, str], tuple[str | None, str | None, str]] = {}
    for row in _rows(engine, "select entity, salesforce_id, app_id, state from sync.link"):
        for each in filter(None, (row.salesforce_id, row.app_id)):
            links[row.entity, each] = (row.salesforce_id, row.app_id, row.state)
    told = _rows(engine, "select entity, side, record_id from sync.rejection where closed_at is null")
    entities = load_settings(folder).entities
    conflicts = _rows(engine, "select entity, salesforce_id, field, decision from sync.conflict")
    return Evidence(
        records=people.look(),
        links=links,
        told=frozenset((row.entity, row.side, row.record_id) for row in told),
        asked=frozenset((row.entity, row.salesforce_id, row.field) for row in conflicts if row.decision == "ask"),
        noted=frozenset((row.entity, row.salesforce_id) for row in conflicts),
        runs=runs,
        prefer=prefer,
        deletes={each.name: each.deletes for each in entities},
        marks={each.name: asdict(each.marks) for each in entities if each.marks},
        made_as=next((each.name for each in entities if each.marks and each.creates_on("salesforce")), ""),
        reference=people.app.reference,
    )


def _rows(engine: Engine, query: str) -> Sequence[Any]:
    with engine.connect() as connection:
        return connection.execute(text(query)).all()
