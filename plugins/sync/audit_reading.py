"""The audit's reading: every live record of one entity on both sides into a temporary table, by id and digest."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import UNREADABLE, Connector, Known, Record
from sync.batch import FINISHED, Batch
from sync.database import NULL, copy_lines, escape, to_json
from sync.erase_block import without_erased
from sync.map import compile_reader, digest
from sync.opt_out import has_ended
from sync.settings import EntitySettings, Side
from sync.staging import to_storable_json, wanted_fields

TABLE = """
drop table if exists audit_seen;
create temporary table audit_seen (side text, record_id text, modified_at timestamptz, digest text, passes boolean, raw json)
"""
COLUMNS = ("side", "record_id", "modified_at", "digest", "passes", "raw")
INDEX = """
delete from audit_seen a using audit_seen b where a.side = b.side and a.record_id = b.record_id and a.ctid < b.ctid;
create index on audit_seen (side, record_id);
analyze audit_seen
"""
STAMPS = """
select distinct on (r.record_id) r.record_id, r.modified_at, r.digest from staging.raw r join sync.batch b on b.id = r.batch_id
where r.integration_id = :id and r.entity = :entity and r.side = :side and b.state = any(:finished) and b.mapping_digest = :mapping
order by r.record_id, r.batch_id desc
"""


class Reader:
    """Reads one entity of one batch's mapping into `audit_seen`. A digest is null where the record was vouched for, not shown."""

    def __init__(self, connection: Connection, batch: Batch, entity: EntitySettings) -> None:
        self._connection, self._batch, self._entity = connection, batch, entity
        connection.execute(text(TABLE))
        connection.commit()

    def read(self, side: Side, connector: Connector) -> datetime | None:
        """Read `side` whole; return when that began, by the system's clock. Raises BudgetError half-way when the calls end."""
        wanted = wanted_fields(self._batch, self._entity, side)
        began: datetime | None = None
        vouched: dict[str, datetime] = {}
        for page in connector.read_changes(self._entity.reads_as(side), None, wanted, self._known(side, vouched)):
            began = began or page.server_time
            records = without_erased(self._connection, self._batch, self._entity, side, page.records)
            copy_lines(self._connection, "audit_seen", COLUMNS, self._lines(side, records, wanted))
            self._connection.commit()
        lines = (f"{side}\t{escape(key)}\t{at.isoformat()}\t{NULL}\tt\t{NULL}" for key, at in vouched.items())
        copy_lines(self._connection, "audit_seen", COLUMNS, lines)
        self._connection.commit()
        return began

    def finish(self) -> None:
        """Keep the last sight of each record, and make the table quick to compare."""
        self._connection.execute(text(INDEX))
        self._connection.commit()

    def _known(self, side: Side, vouched: dict[str, datetime]) -> Known:
        """Vouch, where a record's details would cost a call, for what a finished run has read in its present form; note its id."""
        values = {
            "id": self._batch.integration_id, "entity": self._entity.name, "side": side, "finished": list(FINISHED),
            "mapping": self._batch.integration.digest,
        }  # fmt: skip
        rows = self._connection.execute(text(STAMPS), values)
        stamps = {row.record_id: row.modified_at for row in rows if row.digest}
        self._connection.commit()

        def known(record_id: str, modified_at: datetime) -> bool:
            if stamps.get(record_id) != modified_at:
                return False
            vouched[record_id] = modified_at
            return True

        return known

    def _lines(self, side: Side, records: Iterable[Record], wanted: tuple[str, ...]) -> Iterator[str]:
        read = compile_reader(self._batch.integration.mappings[self._entity.name].rows, side)
        for record in records:
            if has_ended(self._entity, side, record):
                continue
            raw: Any = {name: record.raw.get(name) for name in wanted}
            kept, document = to_storable_json(raw)
            mark = "" if UNREADABLE in record.raw else digest(to_json(read(kept)[0]))
            passes = "t" if self._entity.passes(side, record.raw) else "f"
            yield f"{side}\t{escape(record.id)}\t{record.modified_at.isoformat()}\t{mark}\t{passes}\t{escape(document)}"
