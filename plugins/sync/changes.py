"""Changes: read one entity of one side, since the watermark or as the run was asked, into `staging.raw`.

Reads are inclusive and overlap the watermark. Records whose present form was surely read before cost no call for their details.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Connector, Known, Page
from connectors.errors import BudgetError
from connectors.salesforce_soql import long_id
from sync.batch import FINISHED, Batch
from sync.budget import left_by_budget
from sync.history import began_at, enabled_at
from sync.initial_load import replaces
from sync.opt_out import end_opted_out
from sync.rejections import forget
from sync.settings import EntitySettings, Side
from sync.staging import copy_raw, wanted_fields
from sync.standing import outside, shown_fields

STAMP_MARGIN = timedelta(seconds=5)
log = logging.getLogger(__name__)


def stage_changes(batch: Batch, entity: EntitySettings, side: Side, connector: Connector, reads: dict[str, Any]) -> None:
    """Stage one entity of one side; note in `reads` what was read, with the server's clock at the start.

    Raises BudgetError where the calls of the day end; what was read until then stays staged.
    """
    stopped: BudgetError | None = None
    wanted = (*wanted_fields(batch, entity, side), *shown_fields(entity, side))
    name = entity.reads_as(side)
    with batch.engine.begin() as connection:
        since, is_full = _since(connection, batch, entity, side)
        is_asked = bool(batch.request.since or batch.request.record_ids)
        is_beginning = since is not None and not is_asked and _watermark(connection, batch, entity, side) is None
        if batch.request.record_ids:
            ids = [each.partition(":")[2] or each for each in batch.request.record_ids if _is_of(each, side)]
            ids = [long_id(each) for each in ids] if side == "salesforce" else ids
            pages = connector.read(name, ids, wanted)
        else:
            pages = connector.read_changes(name, since, wanted, _known(connection, batch, entity, side, since))
        began = began_at(connection, batch, entity, side)
        first: datetime | None = None
        count = 0
        left_out: list[str] = []
        while page := _next(pages):
            if isinstance(page, BudgetError):
                stopped = page
                break
            first = first or page.server_time
            touched = [
                r for r in page.records if not is_beginning or r.modified_at >= (began or first)
            ]  # by the server's clock, not ours
            touched = end_opted_out(connection, batch, entity, side, touched)
            records = [r for r in touched if r.is_deleted or entity.passes(side, r.raw) or r.raw.get("IsConverted") is True]
            if len(records) < len(touched):
                forgotten = {r.id for r in touched} - {r.id for r in records}
                forget(connection, batch, entity, side, sorted(forgotten))
                left_out += outside(entity, side, [r for r in touched if r.id in forgotten])
            count += copy_raw(connection, batch, entity, side, "request" if batch.request.record_ids else "change", records)
    server_time = first or datetime.now(UTC)
    log.info("%s %s: %d records read in %s since %s", batch.name, entity.name, count, side, since or "the beginning")
    read = {"since": since and since.isoformat(), "server_time": server_time.isoformat(), "count": count, "is_full": is_full}
    reads[side] = read | ({"outside": left_out} if left_out else {})
    if stopped:
        raise stopped


def _next(pages: Iterator[Page]) -> Page | BudgetError | None:
    """The next page, None after the last one; the end of the budget is told, not raised, so that what came before it is kept."""
    try:
        return next(pages, None)
    except BudgetError as error:
        return error


def _known(connection: Connection, batch: Batch, entity: EntitySettings, side: Side, since: datetime | None) -> Known:
    """Tell which records have surely been read in their present form: by the last finished run, or by one whose budget ended.

    Stamps have whole seconds: a record counts only when it was modified well before that run began to read.
    """
    kept = left_by_budget(connection, batch, entity, side, STAMP_MARGIN)
    watermark = _watermark(connection, batch, entity, side)
    if since is None or watermark is None or batch.request.mode != "sync" or batch.request.since:
        return lambda record_id, modified_at: kept.get(record_id) == modified_at
    final = watermark - STAMP_MARGIN
    query = text(
        "select distinct on (r.record_id) r.record_id, r.modified_at, r.digest from staging.raw r join sync.batch b on b.id = r.batch_id"
        " where r.integration_id = :id and r.entity = :entity and r.side = :side and r.modified_at >= :since"
        " and b.state = any(:finished) and b.mapping_digest = :digest order by r.record_id, r.batch_id desc"
    )
    values = {
        "id": batch.integration_id, "entity": entity.name, "side": side, "since": since, "finished": list(FINISHED),
        "digest": batch.integration.digest,
    }  # fmt: skip
    stamps = {row.record_id: row.modified_at for row in connection.execute(query, values) if row.digest}
    return lambda record_id, modified_at: (
        (modified_at < final and stamps.get(record_id) == modified_at) or kept.get(record_id) == modified_at
    )


def _since(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> tuple[datetime | None, bool]:
    request, settings = batch.request, batch.integration.settings
    if request.since or request.mode == "backfill":
        return request.since, request.since is None and not request.record_ids
    watermark = _watermark(connection, batch, entity, side)
    if watermark is None:
        is_load = settings.history == "all" or replaces(connection, batch, entity)
        return (None, True) if is_load else (began_at(connection, batch, entity, side) or datetime.now(UTC), False)
    since = watermark - timedelta(minutes=settings.overlap_minutes)
    return max(since, enabled_at(connection, batch, entity, side) or since), False


def _watermark(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> datetime | None:
    query = text("select value from sync.watermark where integration_id = :id and entity = :entity and side = :side")
    found = connection.scalar(query, {"id": batch.integration_id, "entity": entity.name, "side": side})
    return found if isinstance(found, datetime) else None


def _is_of(record_id: str, side: Side) -> bool:
    """Salesforce ids are `salesforce:` or 15/18 letters and digits with a key prefix such as 003; all others are the app's."""
    prefix, _, rest = record_id.partition(":")
    if rest:
        return (prefix == "salesforce") == (side == "salesforce")
    is_salesforce = len(record_id) in (15, 18) and record_id.isalnum() and record_id.startswith("0")
    return is_salesforce == (side == "salesforce")
