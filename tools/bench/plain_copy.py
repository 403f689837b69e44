"""The yardstick: the same raw rows, made and encoded the same way, one COPY per side into a plain table without indexes."""

import time
from typing import Any

from sqlalchemy import Connection, text

from connectors.contract import Record
from sync.batch import Batch, Request, open_batch
from sync.database import connect, copy_lines
from sync.settings import Side
from sync.staging import RAW_COLUMNS, raw_lines, wanted_fields
from tools.bench.data import STAMP, GeneratedConnector, make_rows
from tools.bench.job import FOLDER, Job, answer


def measure(job: Job) -> dict[str, Any]:
    """Copy the rows in one transaction; return the seconds, the commit included."""
    engine = connect(job.url)
    connectors: Any = {side: GeneratedConnector(side, ()) for side in job.sides}
    batch = open_batch(engine, FOLDER, connectors, "bench", Request(mode="backfill"))
    with engine.begin() as connection:
        connection.execute(text("create table plain as select * from staging.raw with no data"))
    begin = time.perf_counter()
    with engine.begin() as connection:
        for side in job.sides:
            _copy(connection, batch, side, job)  # type: ignore[arg-type]
    seconds = time.perf_counter() - begin
    engine.dispose()
    return {"seconds": seconds}


def _copy(connection: Connection, batch: Batch, side: Side, job: Job) -> int:
    entity = batch.entities()[0]
    records = (Record(record_id, raw, STAMP) for record_id, raw in make_rows(side, job.numbers(side)))
    lines = raw_lines(batch, entity.name, side, "change", wanted_fields(batch, entity, side), records)
    return copy_lines(connection, "plain", RAW_COLUMNS, lines)


if __name__ == "__main__":
    answer(measure)
