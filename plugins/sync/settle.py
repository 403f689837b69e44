"""Settle: what a system answered, the link and the new base, committed together.

The written side's digest comes from its own answer, so that our write, read back, is no change. Where the answer shows a value that
neither we wrote nor anybody knew before, somebody edited meanwhile: the digest is left open and the next run looks again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Result
from connectors.errors import shorten
from sync.answers import forget_seen, is_alike, mapped_fields, seen_fields, storable_result, store_answers
from sync.batch import Batch
from sync.database import to_json
from sync.decisions import OTHER
from sync.map import GONE, MISSED, compile_reader, digest
from sync.merge import is_empty
from sync.outbox import Outgoing, mark_each
from sync.refusals import note_accepted, reject_refused, send_ticks_alone
from sync.settings import USER, EntitySettings, Side
from sync.siblings import siblings_of

GONE_CODES = frozenset({"not_found", "NOT_FOUND", "ENTITY_IS_DELETED"})
OPEN = ""  # the digest of a side that the next run looks at again


@dataclass(slots=True)
class LinkState:
    """A link while its actions are settled; both sides' settled values in full."""

    id: int
    ids: dict[str, str | None]
    values: dict[str, dict[str, Any]]
    digests: dict[str, str | None]
    state: str
    was_pending: bool = False

    def unsettle(self, names: Iterable[str], side: Side) -> None:
        """Forget what these fields of `side` were settled on; of the app only together with Salesforce's, which say it for both."""
        for name in names:
            self.values["salesforce"].pop(name, None)
            if side == "app":
                self.values["app"].pop(name, None)

    def row(self, batch_id: int) -> dict[str, Any]:
        """The columns to store: the app's values only where they differ."""
        base, app = self.values["salesforce"], self.values["app"]
        different = {name: value for name, value in app.items() if name not in base or base[name] != value}
        return {
            "id": self.id, "salesforce_id": self.ids["salesforce"], "app_id": self.ids["app"], "base": to_json(base),
            "app_base": to_json(different), "salesforce_digest": self.digests["salesforce"], "app_digest": self.digests["app"],
            "state": self.state, "batch_id": batch_id,
        }  # fmt: skip


def settle(
    connection: Connection, batch: Batch, entity: EntitySettings, side: Side, outcomes: Sequence[tuple[Outgoing, Result]]
) -> None:
    """Store what came back for actions on one side of one entity; failed ones open a rejection of the record they came from."""
    links = _lock_links(connection, [action.link_id for action, _ in outcomes])
    owners = _owners(connection, batch, entity, side, [r.id for _, r in outcomes if r.id])
    read = compile_reader(batch.integration.mappings[entity.name].rows, side)
    seen = seen_fields(connection, batch, entity, side, [r.id for _, r in outcomes if r.id])
    rows, failures, answers, taken = [], [], [], []
    for action, result in ((action, storable_result(_final(action, result))) for action, result in outcomes):
        link = links.get(action.link_id)
        owner = owners.get(result.id or "")
        if result.state == "done" and link is not None and owner not in (None, action.link_id):
            words = f"{side} answered with record {result.id}, which is linked to another record already"
            result = Result("failed", result.id, code="already_linked", message=words)
        if result.state == "done" and link is not None:
            _apply(link, action, result)
            if action.operation != "delete":
                answer = mapped_fields(read, result.record)
                _compare(link, action, answer, seen.get(result.id or ""), batch, entity, result.is_read_back)
            if result.record is not None and action.operation != "delete":
                answers.append((link, result.record))
        elif result.state == "accepted":
            taken.append(action)
        else:
            failures.append((action, result))
            if link is not None and action.operation == "update" and result.code in GONE_CODES:
                link.state, link.digests[side] = "tombstone", MISSED
        rows.append(_outcome(action, result))
    _await_siblings(connection, batch, side, links)
    _leave_gaps_open(connection, side, (action for action, _ in outcomes), links)
    _store_links(connection, batch, list(links.values()))
    mark_each(connection, rows)
    store_answers(connection, batch, entity, side, [(r, link.digests[side] or "") for link, r in answers], read)
    unread = [r.id for a, r in outcomes if r.state == "done" and r.record is None and r.id and a.operation != "delete"]
    forget_seen(connection, batch, entity, side, unread)
    reject_refused(connection, batch, failures)
    refused = [a for a, r in failures if r.state == "failed" and not r.is_transient and r.code not in GONE_CODES]
    send_ticks_alone(connection, batch, entity, refused)
    note_accepted(connection, batch, taken)


def _final(action: Outgoing, result: Result) -> Result:
    """Only a create has to be looked for: of any other record the id is known, and the next read shows how it stands."""
    return Result("done", action.id_on(action.side)) if result.state == "accepted" and action.operation != "create" else result


def settle_parts(connection: Connection, batch: Batch, parts: Mapping[int, Sequence[str]], actions: Iterable[Outgoing]) -> None:
    """Settle those fields of updates with a lost answer that did arrive: what is not sent again after all is ours, not an edit.

    `parts`: names of fields by action.
    """
    partly = [action for action in actions if parts.get(action.id)]
    links = _lock_links(connection, [action.link_id for action in partly])
    for action in partly:
        for side, values in links[action.link_id].values.items() if action.link_id in links else ():
            agreed = action.settles.get(side, {})
            values |= {name: agreed[name] for name in parts[action.id] if name in agreed}
    _store_links(connection, batch, list(links.values()))


def settle_agreed(connection: Connection, batch: Batch) -> int:
    """Settle every action that needs no call; return how many."""
    query = text(
        "with done as (update sync.action set state = 'done', ended_at = now() where batch_id = :id and operation = 'agree'"
        "  and state in ('planned', 'approved') returning link_id, settles)"
        " update sync.link l set base = l.base || coalesce(d.settles->'both', '{}') || coalesce(d.settles->'salesforce', '{}'),"
        " app_base = case when l.app_base = '{}' and coalesce(d.settles->'app', '{}') = '{}' then '{}' else"
        "   coalesce((select jsonb_object_agg(a.key, a.value) from jsonb_each(l.base || l.app_base || coalesce(d.settles->'both', '{}')"
        "   || coalesce(d.settles->'app', '{}')) a where a.value is distinct from (l.base || coalesce(d.settles->'both', '{}')"
        "   || coalesce(d.settles->'salesforce', '{}'))->a.key), '{}') end,"
        " salesforce_digest = coalesce(d.settles->>'salesforce_digest', l.salesforce_digest),"
        " app_digest = coalesce(d.settles->>'app_digest', l.app_digest),"
        " state = coalesce(d.settles->>'state', case when l.state = 'pending' then 'live' else l.state end),"
        " batch_id = :id, updated_at = now() from done d where l.id = d.link_id"
    )
    return connection.execute(query, {"id": batch.id}).rowcount


def _apply(link: LinkState, action: Outgoing, result: Result) -> None:
    side, other = action.side, OTHER[action.side]
    settles = action.settles
    link.ids[side] = result.id or link.ids[side]
    for name in ("salesforce", "app"):
        link.values[name] |= settles.get("both", {}) | settles.get(name, {})
    if f"{other}_digest" in settles:
        link.digests[other] = settles[f"{other}_digest"]
    link.state = settles.get("state", "live" if all(link.ids.values()) and link.state == "pending" else link.state)
    link.digests[side] = GONE if action.operation == "delete" else OPEN


def _compare(
    link: LinkState,
    action: Outgoing,
    answer: dict[str, Any] | None,
    seen: dict[str, Any] | None,
    batch: Batch,
    entity: EntitySettings,
    is_read_back: bool,
) -> None:
    """Take the digest from the answer if it shows what we wrote and, for the rest, what was `seen` in this batch.

    A value that we wrote and that reads differently is the system's way of writing it, but in what was only read back later: there
    it is an edit, unless the two look alike.

    Not where an edit of this side was held back: it must be looked at again. References are link ids with us and raw ids in
    the answer, so that only their presence can be compared unless the record was seen.
    """
    side = action.side
    if answer is None or action.settles.get(f"{side}_digest") == OPEN:
        return
    expected = link.values[side] if seen is None else seen
    rows = [r for r in batch.integration.mappings[entity.name].rows if r.transform.common_type == "reference"]
    references, owners = {r.name for r in rows}, {r.name for r in rows if r.transform.argument == USER}
    if owners and entity.assignment_rules and side == "salesforce":
        return  # whom the rules have chosen is looked at by the next run
    is_expected = True
    for name, value in answer.items():
        if is_read_back and name in action.fields and name not in references and not is_alike(action.fields[name][1], value):
            is_expected = False
        elif name in action.fields:
            link.values[side] |= {} if name in references else {name: value}
        elif name in owners and name not in expected:
            continue  # left to the system
        elif name in references and seen is None:
            is_expected &= is_empty(value) == is_empty(expected.get(name))
        elif value != expected.get(name) and not (is_empty(value) and is_empty(expected.get(name))):
            is_expected = False
    if is_expected:
        link.digests[side] = digest(to_json(answer))


def _await_siblings(connection: Connection, batch: Batch, side: Side, links: Mapping[int, LinkState]) -> None:
    """Let what this batch still has to send to the other side settle on the digest that `side` has now, not on the one that was read.

    While it still has to carry over edits of `side`, that digest is left open: the sibling sets it when done.
    """
    query = text(
        "update sync.action a set settles = a.settles || jsonb_build_object(cast(:name as text), v.digest)"
        " from unnest(cast(:links as bigint[]), cast(:digests as text[])) v(link_id, digest)"
        " where a.link_id = v.link_id and a.batch_id = :id and a.side <> :side and a.state in ('planned', 'approved')"
        " and a.operation = 'update' and (a.fields <> '{}' or a.settles ? :name) returning a.link_id, a.fields <> '{}' as has_edits"
    )
    digests = [link.digests[side] or OPEN for link in links.values()]
    values = {"links": list(links), "digests": digests, "name": f"{side}_digest", "id": batch.id, "side": side}
    for row in connection.execute(query, values):
        if row.has_edits:
            links[row.link_id].digests[side] = OPEN


def _leave_gaps_open(connection: Connection, side: Side, actions: Iterable[Outgoing], links: Mapping[int, LinkState]) -> None:
    """Settle nothing on what the other half of a plan has to fill and has not: in a link that moved, its old base would let the gap
    look like an edit, should that half never go. What the app held is kept: it is no edit there should Salesforce's gap be filled by
    somebody."""
    fresh = {
        action.link_id: action.batch_id for action in actions if action.link_id in links and links[action.link_id].was_pending
    }
    query = text(
        "select a.link_id, a.fields from sync.action a join unnest(cast(:links as bigint[]), cast(:batches as bigint[])) v(link_id, batch_id)"
        " on a.link_id = v.link_id and a.batch_id = v.batch_id where a.side <> :side and a.operation = 'update' and a.state <> 'done'"
    )
    values = {"links": list(fresh), "batches": list(fresh.values()), "side": side}
    for row in connection.execute(query, values) if fresh else ():
        links[row.link_id].unsettle((name for name, (old, _) in row.fields.items() if is_empty(old)), OTHER[side])


def _lock_links(connection: Connection, ids: Sequence[int]) -> dict[int, LinkState]:
    query = text(
        "select id, salesforce_id, app_id, base, app_base, salesforce_digest, app_digest, state from sync.link"
        " where id = any(:ids) order by id for update"
    )
    return {
        row.id: LinkState(
            row.id,
            {"salesforce": row.salesforce_id, "app": row.app_id},
            {"salesforce": dict(row.base), "app": {**row.base, **row.app_base}},
            {"salesforce": row.salesforce_digest, "app": row.app_digest},
            row.state,
            row.state == "pending",
        )
        for row in connection.execute(query, {"ids": list(ids)})
    }


def _owners(connection: Connection, batch: Batch, entity: EntitySettings, side: Side, ids: Sequence[str]) -> dict[str, int]:
    """The links that have these records already, in this entity or, for the app's, in a sibling."""
    query = text(
        f"select {side}_id, id from sync.link where integration_id = :id and entity = any(:family) and {side}_id = any(:ids)"
    )
    family = [entity.name, *(siblings_of(batch.integration.settings, entity) if side == "app" else ())]
    rows = connection.execute(query, {"id": batch.integration_id, "family": family, "ids": list(ids)})
    return {row[0]: row[1] for row in rows}


def _store_links(connection: Connection, batch: Batch, links: Sequence[LinkState]) -> None:
    if links:
        connection.execute(
            text(
                "update sync.link set salesforce_id = :salesforce_id, app_id = :app_id, base = cast(:base as jsonb),"
                " app_base = cast(:app_base as jsonb), salesforce_digest = :salesforce_digest, app_digest = :app_digest,"
                " state = :state, batch_id = :batch_id, updated_at = now() where id = :id"
            ),
            [link.row(batch.id) for link in links],
        )


def _outcome(action: Outgoing, result: Result) -> dict[str, Any]:
    ids = {"salesforce_id": None, "app_id": None, f"{action.side}_id": result.id if result.state == "done" else None}
    message = shorten(result.message)
    return {"id": action.id, "state": result.state, "code": result.code, "message": message, **ids}
