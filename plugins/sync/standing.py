"""Standing: how each record stands, shown to people in Salesforce in two fields of its own: its state, and when it was last synced.

What they hold is asked before anything is written, so that nothing is stored here and only what differs is sent. A record that the
filter leaves out is told of by `extract` (`outside`); it is in no other stage.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Record, Write
from connectors.errors import AuthError, PermanentError
from sync.batch import Batch
from sync.rejections import PENDING, WAITS
from sync.settings import EntitySettings, Side

SYNCED, WAITING, OUTSIDE, ERROR = "Synced", "Waiting for next sync", "Did not meet sync criteria", "Error"
LATER = frozenset({WAITS, PENDING})  # codes of reasons that pass by themselves
CRITERIA = frozenset({"required"})
log = logging.getLogger(__name__)

RECORDS = """
select r.record_id, l.state = 'live' and l.app_id is not null as is_linked,
  exists (select 1 from sync.action a where a.batch_id = :id and a.link_id = l.id and a.side = 'app' and a.state = 'done'
    and a.operation in ('create', 'update')) as is_sent,
  (select j.reasons from sync.rejection j where j.integration_id = r.integration_id and j.entity = r.entity
    and j.side = 'salesforce' and j.record_id = r.record_id and j.closed_at is null and j.last_batch_id = :id) as reasons
from staging.raw r left join sync.link l on l.integration_id = r.integration_id and l.entity = r.entity
  and l.salesforce_id = r.record_id
where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.side = 'salesforce' and not r.is_deleted
  and r.origin <> 'match'
"""


def shown_fields(entity: EntitySettings, side: Side) -> tuple[str, ...]:
    """Return the raw field that shows the state, read along with the records of `side` though it is not mapped."""
    return (entity.status_fields["state"],) if entity.status_fields and side == "salesforce" else ()


def outside(entity: EntitySettings, side: Side, records: Sequence[Record]) -> list[str]:
    """Return the ids of the records left out by the filter that do not say so yet."""
    return [each.id for each in records for name in shown_fields(entity, side) if each.raw.get(name) != OUTSIDE]


def show_standing(batch: Batch, salesforce: Connector) -> int:
    """Write how the batch's records stand; return how many were changed. What Salesforce refuses is told in the log.

    Raises TransientError and AuthError; may be repeated.
    """
    count = 0
    for entity in batch.entities():
        if entity.status_fields:
            try:
                count += _show(batch, entity, salesforce)
            except AuthError:
                raise
            except PermanentError as error:
                log.error("%s %s: how the records stand could not be shown in Salesforce: %s", batch.name, entity.name, error)
    return count


def _show(batch: Batch, entity: EntitySettings, salesforce: Connector) -> int:
    name, fields = entity.salesforce_entity, tuple(entity.status_fields.values())
    with batch.engine.connect() as connection:
        standing = _standing(connection, batch, entity)
    pages = salesforce.read(name, sorted(standing), fields)
    live = {record.id: record.raw for page in pages for record in page.records if not record.is_deleted}
    now = datetime.now(UTC).replace(microsecond=0)
    writes = [
        Write("update", record_id, news)
        for record_id, raw in live.items()
        if (news := _news(entity, raw, *standing[record_id], now))
    ]
    results = list(salesforce.write(name, writes))
    for result in results:
        if result.state != "done":
            log.warning("%s %s: the state of %s was not shown: %s", batch.name, entity.name, result.id, result.code)
    return sum(result.state == "done" for result in results)


def _standing(connection: Connection, batch: Batch, entity: EntitySettings) -> dict[str, tuple[str, bool]]:
    """Return state and whether something was sent just now, by Salesforce id."""
    values = {"id": batch.id, "day": batch.day, "entity": entity.name}
    left_out = text("select coalesce(reads->:entity->'salesforce'->'outside', '[]') from sync.batch where id = :id")
    standing = dict.fromkeys(connection.scalar(left_out, values) or (), (OUTSIDE, False))
    for row in connection.execute(text(RECORDS), values):
        standing[row.record_id] = (_state(bool(row.is_linked), row.reasons), bool(row.is_sent))
    return standing


def _state(is_linked: bool, reasons: Sequence[Mapping[str, Any]] | None) -> str:
    codes = {reason["code"] for reason in reasons or ()}
    if codes <= LATER:
        return WAITING if codes or not is_linked else SYNCED
    return OUTSIDE if codes <= CRITERIA | LATER else ERROR


def _news(entity: EntitySettings, raw: Mapping[str, Any], state: str, is_sent: bool, now: datetime) -> dict[str, Any]:
    """Return what to write: the state where another is shown, the time with every sync."""
    shown, at = entity.status_fields["state"], entity.status_fields["time"]
    is_new = raw.get(shown) != state
    has_synced = state == SYNCED and (is_sent or is_new)
    return ({shown: state} if is_new else {}) | ({at: now} if has_synced else {})
