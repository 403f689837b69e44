"""Tally: how many actions of a batch ended how. Kept with the batch, so that no page has to count a million of them again."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from sync.database import to_json
from sync.rejections import COUNTED_STATE

COUNT = (
    f"select entity, side, operation, {COUNTED_STATE}, count(*) from sync.action where batch_id = :id"
    " group by 1, 2, 3, 4 order by 1, 2, 3, 4"
)
NOTED = "select id, counts->'load' as load from sync.batch where id = any(:ids) and counts ? 'load' order by id for update"
NOTE = "update sync.batch set counts = counts || jsonb_build_object('load', cast(:load as jsonb)) where id = :id"


def tally(connection: Connection, batch_id: int) -> dict[str, int]:
    """Count the actions of a batch by entity, side written, operation and state."""
    rows = connection.execute(text(COUNT), {"id": batch_id})
    return {f"{entity} to_{side} {operation} {state}": count for entity, side, operation, state, count in rows}


def tally_again(connection: Connection, batch_ids: Iterable[int]) -> None:
    """Note anew what these ended batches did: a later one has found out what became of their writes."""
    for batch_id, noted in connection.execute(text(NOTED), {"ids": sorted(set(batch_ids))}).all():
        others: dict[str, Any] = {name: value for name, value in noted.items() if " to_" not in name}
        connection.execute(text(NOTE), {"id": batch_id, "load": to_json(others | tally(connection, batch_id))})
