"""Retention: personal data that nobody needs any more, out of our own tables. What was done, when and by which rule stays."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Engine, text

from sync.staging import drop_partitions

FORGOTTEN = "forgotten"  # code of an action without its values: it cannot be taken back
# By table: what becomes of rows that ended before `:before`.
RULES: Mapping[str, str] = {
    "sync.action": (
        "update sync.action set fields = '{}', extra = '{}', settles = '{}', message = '',"
        f" code = case state when 'done' then '{FORGOTTEN}' else code end"
        " where state in ('done', 'failed', 'skipped') and coalesce(ended_at, planned_at) < :before"
        " and (fields <> '{}' or extra <> '{}' or settles <> '{}' or message <> '')"
    ),
    "sync.conflict": "delete from sync.conflict where noted_at < :before",
    "sync.rejection": "delete from sync.rejection where closed_at < :before",
    "sync.link": (
        "update sync.link set base = '{}', app_base = '{}' where state in ('tombstone', 'broken') and updated_at < :before"
        " and (base <> '{}' or app_base <> '{}')"
    ),
}


def forget(engine: Engine, before: datetime, staged_before: date) -> dict[str, int]:
    """Forget the values of what ended before `before`, and staged rows of days before `staged_before`; return rows by table.

    Staged rows go with whole days, which count as one.
    """
    counts = {}
    for table, statement in RULES.items():
        with engine.begin() as connection:
            counts[table] = connection.execute(text(statement), {"before": before}).rowcount
    with engine.begin() as connection:
        counts["staging"] = len(drop_partitions(connection, staged_before))
    return counts
