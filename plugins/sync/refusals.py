"""Refusals: what a system would not take opens a rejection of the record that it came from; what it shows later, a note."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from connectors.contract import Result
from connectors.errors import shorten
from connectors.forms import label
from sync.batch import Batch
from sync.database import to_json
from sync.decisions import OTHER
from sync.outbox import Outgoing
from sync.ratchets import TICK_RULE, ticked
from sync.rejections import WAITS, Rejection, reason, reject, retry_soon
from sync.settings import EntitySettings


def reject_refused(connection: Connection, batch: Batch, failures: Sequence[tuple[Outgoing, Result]]) -> None:
    """Reject the records that could not be carried over; transient refusals and lost answers come back with the next run.

    That is the record the write came from; where it did not move and is not in the batch, the one that was to be written.
    """
    soon = []
    rejections = []
    staged = _staged(connection, batch, [action for action, _ in failures])
    for action, result in failures:
        records = [(action.entity, side, action.id_on(side)) for side in (OTHER[action.side], action.side)]
        entity, side, record_id = next((record for record in records if record in staged), (action.entity, action.side, None))
        if record_id is None:
            continue
        words = shorten(f"{action.operation} in {_system(batch, action)} failed: {result.message or result.code or result.state}")
        rejections.append(Rejection(entity, side, record_id, "load", [reason("", result.code or result.state, words)]))
        if result.is_transient or result.state == "unknown":
            soon.append(rejections[-1])
    reject(connection, batch, rejections)
    retry_soon(connection, batch, soon)


def send_ticks_alone(connection: Connection, batch: Batch, entity: EntitySettings, refused: Sequence[Outgoing]) -> None:
    """Plan the ticks of ratchets once more, alone: an opt-out waits for no other value that a system does not take."""
    ratchets = {row.name for row in batch.integration.mappings[entity.name].rows if row.on_conflict == "ratchet"}
    staged = _staged(connection, batch, refused)
    rows = []
    for action in refused:
        ticks = {name: values for name, values in action.fields.items() if name in ratchets and values[1] is True}
        if ticks and action.operation == "update" and (len(ticks) < len(action.fields) or action.extra):
            is_seen = (action.entity, action.side, action.id_on(action.side)) in staged
            settles = ticked(ticks, action.side, is_seen)
            rows.append({"id": action.id, "fields": to_json(ticks), "settles": to_json(settles), "rule": TICK_RULE})
    if rows:
        connection.execute(
            text(
                "insert into sync.action (batch_id, integration_id, entity, position, side, operation, link_id, salesforce_id, app_id,"
                " fields, settles, rule) select batch_id, integration_id, entity, position, side, operation, link_id, salesforce_id,"
                " app_id, cast(:fields as jsonb), cast(:settles as jsonb), :rule from sync.action where id = :id"
            ),
            rows,
        )


def note_accepted(connection: Connection, batch: Batch, actions: Sequence[Outgoing]) -> int:
    """Note at the records these creates came from that they wait; return how many."""
    sources = [(action, OTHER[action.side]) for action in actions]
    return reject(
        connection,
        batch,
        [
            Rejection(
                a.entity,
                source,
                str(a.id_on(source)),
                "load",
                [reason("", WAITS, f"{_system(batch, a)} has taken it and shows it later")],
            )
            for a, source in sources
        ],
    )


def _system(batch: Batch, action: Outgoing) -> str:
    return label(batch.integration.settings.app) if action.side == "app" else "Salesforce"


def _staged(connection: Connection, batch: Batch, actions: Sequence[Outgoing]) -> set[tuple[str, str, str | None]]:
    """The records of these actions that this batch has staged: entity, side, id."""
    ids = [record_id for action in actions for record_id in (action.salesforce_id, action.app_id) if record_id]
    query = text(
        "select entity, side, record_id from staging.raw where batch_id = :id and batch_day = :day and integration_id = :integration_id"
        " and entity = any(:entities) and side in ('salesforce', 'app') and record_id = any(:ids)"
    )
    entities = list({action.entity for action in actions})
    values = {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entities": entities, "ids": ids}
    rows = connection.execute(query, values) if ids else ()
    return {(row.entity, row.side, row.record_id) for row in rows}
