"""Retention: personal data that nobody needs any more, out of our own tables. What was done, when and by which rule stays."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Engine, text

from sync.partitions import forget_staged

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


def forget(engine: Engine, before: datetime, staged_before: Mapping[str, date]) -> dict[str, int]:
    """Forget the values of what ended before `before`, and what integrations staged on days before `staged_before`; return rows by table.

    `staged_before`: days by integration; one that is not in it, as its mapping is gone, keeps what the others do at most. Of the staging
    tables the partitions count from which something went.
    """
    counts = {}
    for table, statement in RULES.items():
        with engine.begin() as connection:
            counts[table] = connection.execute(text(statement), {"before": before}).rowcount
    with engine.connect() as connection:
        names = connection.execute(text("select distinct name from sync.integration order by 1")).scalars().all()
    first = min(staged_before.values(), default=before.date())
    counts["staging"] = sum(forget_staged(engine, name, staged_before.get(name, first)) for name in names)
    return counts
