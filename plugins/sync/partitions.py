"""The staging tables by day: a partition is there before a batch stages anything, and goes once nobody needs it.

All integrations share the partitions, each with its own `staging_days`. None waits for another's readers and writers for long.
"""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

TABLES = ("raw", "record")
PARTITION_LOCK = 7_301_002
LOCK_SECONDS = 2  # how long the work of others stands still at most while a partition is dropped
LONGEST_DAYS = 31  # a plan waits for 30 days at most (`guard.approval_hours`)
OLD = """
select c.relname from pg_inherits h join pg_class c on c.oid = h.inhrelid
where h.inhparent = any(array['staging.raw'::regclass, 'staging.record'::regclass]) and right(c.relname, 8) < :before order by 1
"""
# Batches of the days from `:first` on: a batch at work, and one whose plan may still be carried out, needs what it has staged.
BATCHES = f"""
select b.id, b.started_at::date as day, i.name = :name and not (b.started_at > now() - interval '{LONGEST_DAYS} days' and (b.state = 'open'
  or exists (select 1 from sync.approval p where p.batch_id = b.id
    and (p.state = 'approved' or p.state in ('waiting', 'offered') and p.expires_at > now())))) as is_over
from sync.batch b join sync.integration i on i.id = b.integration_id where b.started_at >= :first and b.started_at < :before
"""
log = logging.getLogger(__name__)


def ensure_partitions(engine: Engine, day: date) -> None:
    """Create the partitions of `day` where they are missing.

    To attach a table stops nobody who reads or writes the others, but their transactions need not see it: only later ones can count on it.
    """
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": PARTITION_LOCK})
        for table in TABLES:
            name = f"staging.{table}_{day:%Y%m%d}"
            if connection.scalar(text("select to_regclass(:name)"), {"name": name}) is None:
                connection.execute(text(f"create table {name} (like staging.{table} including all)"))
                days = f"from ('{day}') to ('{day + timedelta(days=1)}')"
                connection.execute(text(f"alter table staging.{table} attach partition {name} for values {days}"))


def forget_staged(engine: Engine, integration: str, before: date) -> int:
    """Forget what `integration` staged on days before `before`, in whole partitions where nobody else needs them.

    What a batch at work or a plan that waits needs stays, and what others are busy with: a later run forgets it. Return of how many
    partitions something went.
    """
    with engine.connect() as connection:
        partitions = connection.execute(text(OLD), {"before": f"{before:%Y%m%d}"}).scalars().all()
        if not partitions:
            return 0
        values = {"name": integration, "first": min(map(_day, partitions)), "before": before}
        batches = connection.execute(text(BATCHES), values).all()
    return sum(_forget(engine, name, [each for each in batches if each.day == _day(name)]) for name in partitions)


def _day(partition: str) -> date:
    return date.fromisoformat(partition[-8:])


def _forget(engine: Engine, partition: str, batches: Sequence[Any]) -> bool:
    try:
        with engine.begin() as connection:
            return _empty(connection, partition, batches)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        log.info("staging.%s is in use; a later run drops it", partition)
        return False


def _empty(connection: Connection, partition: str, batches: Sequence[Any]) -> bool:
    if not connection.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": PARTITION_LOCK}):
        return False  # another run does the same
    connection.execute(text(f"set local lock_timeout = '{LOCK_SECONDS}s'"))
    over, needed = ([each.id for each in batches if each.is_over is state] for state in (True, False))
    if connection.scalar(text("select to_regclass(:name)"), {"name": f"staging.{partition}"}) is None:
        return False
    is_needed = text(f"select exists (select 1 from staging.{partition} where batch_id = any(:needed))")
    if connection.scalar(is_needed, {"needed": needed}):
        return bool(
            connection.execute(text(f"delete from staging.{partition} where batch_id = any(:over)"), {"over": over}).rowcount
        )
    connection.execute(text(f"drop table staging.{partition}"))
    return True
