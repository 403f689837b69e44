"""Lockstep's own Postgres: engine, migrations, bulk COPY and the lock that keeps two workers of one integration apart."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from alembic import command
from alembic.config import Config
from psycopg import Connection as DriverConnection
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

from connectors.errors import TransientError

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_301_001
COPY_BLOCK_BYTES = 1 << 18
NULL = r"\N"  # in the text format of COPY

_encode = msgspec.json.Encoder().encode


def to_json(value: Any) -> str:
    """Return `value` as JSON text; dates as ISO 8601."""
    return _encode(value).decode()


def connect(url: str) -> Engine:
    """Return an engine for `url` (any postgresql:// form); JSON is read and written with msgspec."""
    set_json_loads(msgspec.json.decode)
    set_json_dumps(_encode)
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        pool_pre_ping=True,
        connect_args={"application_name": "lockstep", "connect_timeout": 10},
    )


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version; safe to call from several processes at once."""
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        try:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()


@contextmanager
def integration_lock(engine: Engine, integration: str) -> Iterator[None]:
    """Hold the one lock of `integration` for the length of a stage; it falls with the session, so a killed task frees it.

    Raises TransientError when another worker holds it.
    """
    with engine.connect() as connection:
        query = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
        if not connection.scalar(query, {"name": integration}):
            raise TransientError(f"{integration}: another worker is running a stage of this integration; try again later")
        connection.commit()
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": integration})
            connection.commit()


def driver(connection: Connection) -> DriverConnection[Any]:
    """Return the psycopg connection under a SQLAlchemy one, in the same transaction."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, DriverConnection)
    return raw


def escape(value: str) -> str:
    """Escape `value` for the text format of COPY."""
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if "\n" in value or "\t" in value or "\r" in value:
        value = value.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return value


def copy_lines(connection: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> int:
    r"""COPY ready lines (tab-separated, escaped, `\N` for null) into `table`; return how many."""
    count, size = 0, 0
    block: list[str] = []
    statement = f"copy {table} ({', '.join(columns)}) from stdin"
    with driver(connection).cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for line in lines:
            block.append(line)
            size += len(line)
            count += 1
            if size > COPY_BLOCK_BYTES:
                copy.write("\n".join(block) + "\n")
                block, size = [], 0
        if block:
            copy.write("\n".join(block) + "\n")
    return count


def stream(connection: Connection, query: str, params: dict[str, Any], size: int = 2000) -> Iterator[list[Any]]:
    """Yield the rows of `query` in lists of `size` through a server-side cursor: memory stays flat."""
    driver(connection).execute("set local cursor_tuple_fraction = 1")  # all rows are wanted, not the first ones soon
    with driver(connection).cursor(name="lockstep_stream") as cursor:
        cursor.itersize = size
        cursor.execute(query.encode(), params)
        while rows := cursor.fetchmany(size):
            yield rows
