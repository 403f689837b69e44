"""The outbox: planned actions in the order of sending, and their states as they go out.

An action is `sending` and committed before its request leaves; what came back is settled by `sync.settle`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Operation, Write
from sync.batch import Batch
from sync.map import ABSENT
from sync.mapping import Row
from sync.settings import SIDES, EntitySettings, Side

RESTORES = "restores"  # in what a create settles: the deleted record that it brings back
CHUNK = {
    "salesforce": 10_000,
    "app": 100,
}  # actions between two commits; Salesforce: up to two calls of 1,000, above one bulk job
FEW_CALLS = 3  # as many as a list of changes costs at least, and reading so many records one by one
COLUMNS = "id, batch_id, entity, side, operation, link_id, salesforce_id, app_id, fields, extra, settles, attempts"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row of `sync.action` on its way."""

    id: int
    batch_id: int
    entity: str
    side: Side
    operation: Operation
    link_id: int
    salesforce_id: str | None
    app_id: str | None
    fields: Mapping[str, Sequence[Any]]
    extra: Mapping[str, Any]
    settles: Mapping[str, Any]
    attempts: int

    def id_on(self, side: str) -> str | None:
        """The id on `side` when the action was planned."""
        return self.salesforce_id if side == "salesforce" else self.app_id


def planned(
    connection: Connection,
    batch: Batch,
    size: Mapping[str, int],
    without: Iterable[tuple[str, str]] = (),
    waiting: Iterable[int] = (),
) -> list[Outgoing]:
    """Return the next actions that go out in one call: same entity, side and operation, at most `size[side]`.

    `without` (entities with sides) and `waiting` (actions) are left out.
    """
    open_ones = (
        "batch_id = :id and state in ('planned', 'approved') and operation <> 'agree'"
        " and entity || ' ' || side <> all(:without) and id <> all(:waiting)"
    )
    left_out = [f"{entity} {side}" for entity, side in without]
    values = {"id": batch.id, "without": left_out, "waiting": list(waiting)}
    first = text(
        f"select position, entity, side, operation from sync.action where {open_ones} order by position, side, id limit 1"
    )
    group = connection.execute(first, values).one_or_none()
    if group is None:
        return []
    query = text(
        f"select {COLUMNS} from sync.action where {open_ones} and position = :position and entity = :entity and side = :side"
        " and operation = :operation order by id limit :limit"
    )
    rows = connection.execute(query, {**values, **group._mapping, "limit": size[group.side]})
    return [Outgoing(*row) for row in rows]


def unsettled(connection: Connection, batch: Batch) -> list[Outgoing]:
    """Return the actions of this integration whose outcome nobody knows, of any batch."""
    query = text(
        f"select {COLUMNS} from sync.action where integration_id = :id and state in ('sending', 'unknown')"
        " order by position, entity, side, operation, id"
    )
    return [Outgoing(*row) for row in connection.execute(query, {"id": batch.integration_id})]


def accepted(connection: Connection, batch: Batch, entity: str, hours: int = 0) -> list[Outgoing]:
    """Return the creates of `entity` that were taken at least `hours` ago and not shown yet, of any batch."""
    query = text(
        f"select {COLUMNS} from sync.action where integration_id = :id and state = 'accepted' and entity = :entity"
        " and sent_at <= now() - make_interval(hours => :hours) order by side, id"
    )
    rows = connection.execute(query, {"id": batch.integration_id, "entity": entity, "hours": hours})
    return [Outgoing(*row) for row in rows]


def mark(connection: Connection, ids: Sequence[int], state: str, code: str = "", message: str = "") -> None:
    """Set the state of actions; `sending` counts an attempt."""
    connection.execute(
        text(
            "update sync.action set state = :state, code = :code, message = :message,"
            " attempts = attempts + (:state = 'sending')::int, sent_at = case when :state = 'sending' then now() else sent_at end,"
            " ended_at = case when :state in ('done', 'failed', 'skipped') then now() end where id = any(:ids)"
        ),
        {"ids": list(ids), "state": state, "code": code, "message": message},
    )


def mark_each(connection: Connection, outcomes: Sequence[Mapping[str, Any]]) -> None:
    """Set state, code, message and ids of many actions: rows of id, state, code, message, salesforce_id, app_id."""
    if outcomes:
        connection.execute(
            text(
                "update sync.action set state = :state, code = :code, message = :message,"
                " ended_at = case when :state <> 'accepted' then now() end,"
                " salesforce_id = coalesce(:salesforce_id, salesforce_id), app_id = coalesce(:app_id, app_id) where id = :id"
            ),
            list(outcomes),
        )


def look_again(connection: Connection, side: Side, links: Sequence[int]) -> None:
    """Let the planner look at records that an update did not reach, or only in part: their values may be as they were settled, but
    not the marks and the cross-reference that it carried."""
    query = text(
        f"update sync.link set {side}_digest = '' where id = any(:links) and state = 'live' and {side}_digest <> all(:absent)"
    )
    connection.execute(query, {"links": list(links), "absent": list(ABSENT)})


def look_again_at_unsent(connection: Connection, which: str, values: Mapping[str, Any]) -> None:
    """The same for what goes no more of a plan: updates that carry such things and meet the condition `which`."""
    for side in SIDES:
        query = text(
            f"select link_id from sync.action where {which} and side = :side and operation = 'update' and extra <> '{{}}'"
        )
        look_again(connection, side, connection.execute(query, {**values, "side": side}).scalars().all())


class Binder:
    """Turns common values into raw ones, with the ids that references and cross-references have by now."""

    def __init__(self, connection: Connection, batch: Batch, entity: EntitySettings, actions: Sequence[Outgoing]) -> None:
        self._rows: dict[str, Row] = batch.integration.mappings[entity.name].by_name
        wanted = {action.link_id for action in actions}
        for action in actions:
            wanted |= {new for name, (_, new) in action.fields.items() if self._is_reference(name) and new is not None}
        query = text("select id, salesforce_id, app_id from sync.link where id = any(:ids)")
        rows = connection.execute(query, {"ids": list(wanted)})
        self._ids = {row.id: {"salesforce": row.salesforce_id, "app": row.app_id} for row in rows}
        unmade = text(  # where a deleted record is made anew, the link still has the id of old
            "select link_id, side from sync.action where batch_id = any(:batches) and link_id = any(:ids) and operation = 'create'"
            " and state <> 'done'"
        )
        for link_id, side in connection.execute(unmade, {"ids": list(wanted), "batches": [*{a.batch_id for a in actions}]}):
            if link_id in self._ids:
                self._ids[link_id][side] = None

    def _is_reference(self, name: str) -> bool:
        return name in self._rows and self._rows[name].transform.common_type == "reference"

    def id_on(self, link_id: int, side: str) -> str | None:
        """The id that link `link_id` has on `side` now; None while the record is still to be made."""
        return self._ids.get(link_id, {}).get(side)

    def write(self, action: Outgoing) -> Write | str:
        """Return what to send, or the words that say why it cannot be sent now."""
        side = action.side
        fields: dict[str, Any] = {}
        for name, (_, new) in action.fields.items():
            row = self._rows[name]
            value = new
            if self._is_reference(name) and new is not None:
                value = self.id_on(new, side)
                if value is None:
                    return f"{name}: its {row.transform.argument} has no id in {side} yet"
            fields |= dict(zip(row.fields(side), row.transform.write(side)(value), strict=True))
        for name, value in action.extra.items():
            is_bound = isinstance(value, Mapping)
            fields[name] = self.id_on(action.link_id, value["id_of"]) if is_bound else value
            if is_bound and fields[name] is None:
                return f"the counterpart has no id in {value['id_of']} yet"
        is_new = action.operation == "create"
        target = action.settles.get(RESTORES) if is_new else self.id_on(action.link_id, side)
        if not is_new and target is None:
            return f"the record has no id in {side} yet"
        return Write(action.operation, target, fields)

    def is_held(self, action: Outgoing, raw: Mapping[str, Any]) -> bool:
        """Tell whether a record that reads as `raw` holds every value that `action` sends."""
        sent = self.write(action) if set(action.fields) <= set(self._rows) else "its mapping is gone"
        return not isinstance(sent, str) and all(
            _as_read(raw.get(name)) == _as_read(value) for name, value in sent.fields.items()
        )

    def held_fields(self, action: Outgoing, raw: Mapping[str, Any]) -> list[str]:
        """The common fields of which a record that reads as `raw` holds what `action` sends."""
        return [
            name for name, values in action.fields.items() if self.is_held(replace(action, fields={name: values}, extra={}), raw)
        ]

    def missing(self, action: Outgoing, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the raw fields that `action` sends and that a record which reads as `raw` has not got at all."""
        sent = self.write(action) if set(action.fields) <= set(self._rows) else "its mapping is gone"
        fields = {} if isinstance(sent, str) else sent.fields
        return {name: value for name, value in fields.items() if value and not raw.get(name)}


def _as_read(value: Any) -> Any:
    """Empty values read alike, and ids as text whatever they were sent as."""
    if value is None or value == "" or value == []:
        return None
    return sorted(map(str, value)) if isinstance(value, list) else str(value)
