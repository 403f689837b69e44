"""Pairs: the links whose records moved, found set-based, and read with what the batch saw of both sides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from sync.approval import IN_HELD_PLAN
from sync.batch import Batch
from sync.database import driver
from sync.decisions import MERGED, SIDES, Fields, Link, Pair, Seen
from sync.map import MISSED
from sync.marks import as_tags
from sync.merge import UNKNOWN
from sync.owners import Owners
from sync.settings import USER

# An earlier try of this batch has sent something for the link, and what came of it is not known yet: nothing of it is planned anew.
UNDER_WAY = (
    "exists (select 1 from sync.action w where w.link_id = {} and w.batch_id = %(id)s and w.state in ('sending', 'unknown'))"
)
SEEN = f"""
select l.id, l.salesforce_id, l.app_id, l.state, r.digest, r.reference, r.verdict, r.is_deleted,
  coalesce(l.salesforce_digest = any(%(gone)s), false) or coalesce(l.app_digest = any(%(gone)s), false) as was_gone,
  r.verdict = 'valid' and (r.digest is distinct from l.{{side}}_digest or l.{{other}}_digest = '' or r.origin in ('retry', 'request')
    or (%({{side}}_refers)s and l.state = 'live' and not r.is_deleted and r.reference is distinct from l.{{other}}_id))
    and not (l.state = 'pending' and exists (select 1 from sync.action w where w.link_id = l.id and w.state = 'accepted'))
    and not (%(has_sent)s and {UNDER_WAY.format("l.id")})
    and not (%(plan_waits)s and {IN_HELD_PLAN}) as is_moved
from staging.record r join sync.link l on l.integration_id = r.integration_id and l.entity = r.entity and l.{{side}}_id = r.record_id
where r.batch_id = %(id)s and r.batch_day = %(day)s and r.entity = %(entity)s and r.side = '{{side}}'
"""

# What moved, found once for all that follows, with what is to be looked at again (an empty digest) though only its counterpart was
# read. A cross-reference that is missing or wrong is written again whenever its record is looked at. Equal: both sides hold the same
# and, where cross-references are kept, carry them: nothing to write, nothing to look at.
MOVED = f"""
create temporary table moved on commit drop as
with s as ({SEEN.format(side="salesforce", other="app")}), a as ({SEEN.format(side="app", other="salesforce")})
select coalesce(s.id, a.id) as id, coalesce(s.salesforce_id, a.salesforce_id) as salesforce_id, coalesce(s.app_id, a.app_id) as app_id,
  s.digest, s.verdict as salesforce_verdict, coalesce('rejected' in (s.verdict, a.verdict), false) as is_held,
  coalesce(s.digest = a.digest and s.state = 'pending' and not s.is_deleted and not s.was_gone and not %(was_lead)s
    and (not %(has_references)s or (s.reference = s.app_id and a.reference = a.salesforce_id)), false) as is_equal
from s full join a on s.id = a.id where s.is_moved or a.is_moved
"""

RECORD = (
    "staging.record {0} on {0}.batch_id = %(id)s and {0}.batch_day = %(day)s and {0}.entity = %(entity)s and {0}.side = '{1}'"
)

RAW = (
    "select {2} from staging.raw x where x.integration_id = l.integration_id and x.entity = l.entity and x.side = '{1}'"
    " and x.record_id = {0} and x.batch_id = %(id)s and x.batch_day = %(day)s limit 1"
)
SUCCESSOR = (
    "case when x.is_deleted then nullif(x.raw->>'MasterRecordId', '')"
    " when x.raw->>'IsConverted' = 'true' then coalesce(x.raw->>'ConvertedContactId', 'a contact') end"
)

# A deletion that a write found out is carried over like any other once a read shows it.
MISSED_STATE = (
    f"case when s.is_deleted and l.salesforce_digest = '{MISSED}' or a.is_deleted and l.app_digest = '{MISSED}'"
    " then 'live' else l.state end"
)

# What the last write that carried marks or a cross-reference did not bring, as it failed or never went.
DUE = (
    "select jsonb_object_agg(side, extra) from (select distinct on (d.side) d.side, d.extra, d.state from sync.action d"
    " where d.link_id = l.id and d.operation = 'update' and d.extra <> '{}' order by d.side, d.id desc) w"
    " where w.state in ('failed', 'skipped')"
)


def _pairs(links: str) -> str:
    return f"""
select l.id, l.salesforce_id, l.app_id, l.base, l.app_base, {MISSED_STATE},
  s.fields, s.digest, s.modified_at, s.is_deleted, s.reference,
  a.fields, a.digest, a.modified_at, a.is_deleted, a.reference,
  l.salesforce_digest = any(%(gone)s), l.app_digest = any(%(gone)s), l.state = 'tombstone' and exists (
    select 1 from sync.action d where d.link_id = l.id and d.operation = 'delete' and d.state = 'done'),
  case when s.is_deleted or %(is_lead)s then ({RAW.format("l.salesforce_id", "salesforce", SUCCESSOR)}) end,
  case when %(tag_field)s <> '' then ({RAW.format("l.app_id", "app", "x.raw->%(tag_field)s")}) end, l.salesforce_digest, ({DUE})
from ({links}) m join sync.link l on l.id = m.id
left join {RECORD.format("s", "salesforce")} and s.record_id = l.salesforce_id
left join {RECORD.format("a", "app")} and a.record_id = l.app_id
order by l.id
"""


PAIRS = _pairs("select id from moved where not is_equal and not is_held")
HELD_PAIRS = _pairs(  # one of whose records was rejected
    " union ".join(
        f"select l.id from sync.link l join {RECORD.format('r', side)} and r.verdict = 'rejected' and r.record_id = l.{side}_id"
        " and r.integration_id = l.integration_id and r.entity = l.entity where l.state = 'live'"
        for side in SIDES
    )
)


def note_moved(connection: Connection, values: Mapping[str, Any]) -> None:
    """Fill the temporary table `moved`: the links whose records differ from what they were settled on, and how."""
    execute = driver(connection).execute
    execute(b"drop table if exists moved")
    execute(MOVED.encode(), values)
    execute(b"analyze moved")


def pairs_of(
    connection: Connection,
    batch: Batch,
    entity: str,
    references: Mapping[str, str],
    rows: Iterable[Any],
    owners: Owners | None = None,
) -> list[Pair]:
    """Return a pair for each row of PAIRS. `references`: common field → the entity it refers to; such values become links.

    One that stands alone and is not made on the other side either, as it waits itself, is no link to refer to.
    """
    rows = list(rows)
    if owners is not None:
        names = [name for name, entity in references.items() if entity == USER]
        references = {name: entity for name, entity in references.items() if entity != USER}
        for row in rows:
            _resolve_owners(row, owners, names)
    known = _linked_ids(connection, batch, entity, references, rows)
    dead = _dead_links(connection, references, rows)
    return [_pair(row, references, known, dead) for row in rows]


def _resolve_owners(row: Any, owners: Owners, names: list[str]) -> None:
    """Put links in the place of the user ids in both sides' fields of a row of PAIRS."""
    is_new = None in row[1:3]
    for side, fields, settled in (("salesforce", row[6], row[3]), ("app", row[11], {**row[3], **row[4]})):
        if fields is not None:
            owners.resolve(fields, names, side, settled, is_new)  # type: ignore[arg-type]


def _linked_ids(
    connection: Connection, batch: Batch, planned: str, references: Mapping[str, str], rows: Iterable[Any]
) -> dict[tuple[str, str, str], int]:
    """Link ids by (entity, side, id) for every reference in `rows`. Of the entity `planned` nobody knows yet who is made."""
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        for side, fields in (("salesforce", row[6]), ("app", row[11])):
            for name, entity in references.items():
                if fields and fields.get(name):
                    wanted[entity, side].add(fields[name])
    known = {}
    for (entity, side), ids in wanted.items():
        other = "app" if side == "salesforce" else "salesforce"
        query = text(
            f"select {side}_id, id from sync.link where integration_id = :integration_id and entity = :entity"
            f" and {side}_id = any(:ids) and state <> 'tombstone' and ({other}_id is not null or entity = :planned"
            "  or exists (select 1 from sync.action a where a.link_id = link.id and a.operation = 'create'"
            f" and a.side = '{other}' and a.state not in ('failed', 'skipped')))"
        )
        values = {"integration_id": batch.integration_id, "entity": entity, "ids": list(ids), "planned": planned}
        for key, link_id in connection.execute(query, values):
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
    stands = row[21].removeprefix(MERGED) if row[5] == "broken" and (row[21] or "").startswith(MERGED) else ""
    link = Link(row[0], row[1], row[2], base, app_base, row[5], gone, row[18], stands, row[22] or {})
    salesforce = _seen("salesforce", row[1], row[6:11], references, known)
    app = _seen("app", row[2], row[11:16], references, known)
    return Pair(
        link,
        replace(salesforce, successor=row[19]) if salesforce and row[19] else salesforce,
        replace(app, tags=as_tags(row[20])) if app and row[20] else app,
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
