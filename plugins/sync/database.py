"""Lockstep's own Postgres: engine, migrations and bulk COPY."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import Connection as DriverConnection
from psycopg import Error as DriverError
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from connectors.errors import PermanentError, SyncError, TransientError, shorten

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "lockstep_version"
MIGRATION_LOCK = 7_301_001
COPY_BLOCK_BYTES = 1 << 18
# What makes both ends notice within a minute that the other one is gone: a machine that dies says no goodbye, and its server session
# would keep the integration's lock. Unix sockets ignore these. The server looks after us also while it works on a query.
IDLE_SECONDS, PROBE_SECONDS, PROBES = 20, 10, 3
UNANSWERED_SECONDS = 50
ALIVE: Mapping[str, Any] = {
    "keepalives_idle": IDLE_SECONDS,
    "keepalives_interval": PROBE_SECONDS,
    "keepalives_count": PROBES,
    "tcp_user_timeout": UNANSWERED_SECONDS * 1000,
}
SESSION: Mapping[str, str] = {
    "TimeZone": "UTC",  # the day of a batch, and so its partition, is the same for every server and client
    "idle_session_timeout": "0",  # the lock's session is idle as long as a stage takes,
    "idle_in_transaction_session_timeout": "0",  # and a transaction that stages records while a system keeps us waiting
    "tcp_keepalives_idle": str(IDLE_SECONDS),
    "tcp_keepalives_interval": str(PROBE_SECONDS),
    "tcp_keepalives_count": str(PROBES),
    "tcp_user_timeout": str(UNANSWERED_SECONDS * 1000),
    "client_connection_check_interval": f"{PROBE_SECONDS}s",
}
NULL = r"\N"  # in the text format of COPY
MISTAKES = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry", "resolve host")

_encode = msgspec.json.Encoder().encode


def to_json(value: Any) -> str:
    """Return `value` as JSON text; dates as ISO 8601."""
    return _encode(value).decode()


def connect(url: str) -> Engine:
    """Return an engine for `url` (any postgresql:// form); JSON is read and written with msgspec.

    What `url` says of keepalives itself goes first.
    """
    set_json_loads(msgspec.json.decode)
    set_json_dumps(_encode)
    address = make_url(url)
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        pool_pre_ping=True,
        hide_parameters=True,  # error texts go to the log, and the parameters are people's data
        connect_args={"application_name": "lockstep", "connect_timeout": 10, **_unless_given(address)},
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: DriverConnection[Any], _: object) -> None:
    """Tell the server by a query, not by startup options, which poolers refuse; an older server skips what it does not know."""
    query = "select set_config(name, %s::jsonb ->> name, false) from pg_settings where name = any(%s)"
    connection.execute(query, [to_json(SESSION), list(SESSION)])
    connection.commit()


def _unless_given(address: URL) -> dict[str, Any]:
    return {name: value for name, value in ALIVE.items() if name not in address.query}


@contextmanager
def reach(engine: Engine) -> Iterator[Connection]:
    """Yield a connection. Raises TransientError while the server does not answer, PermanentError for a wrong address or login."""
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise _unreachable(engine, str(error.orig)) from None
    with connection:
        yield connection


def _unreachable(engine: Engine, words: str) -> SyncError:
    url = engine.url
    where = f"{url.query.get('host') or url.host or 'localhost'}:{url.port or 5432}, database {url.database!r}"
    said = shorten(words)
    if any(sign in words for sign in MISTAKES):
        return PermanentError(f"Lockstep's database ({where}) takes no such login: {said}. Check the connection lockstep_db.")
    return TransientError(f"Lockstep's database ({where}) does not answer: {said}. Nothing is lost; is Postgres running?")


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version; safe to call from several processes at once, and cheap where nothing is to do."""
    if is_migrated(engine):
        return
    with reach(engine) as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        try:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()


def is_migrated(engine: Engine) -> bool:
    """Tell whether the schema has the newest version."""
    with reach(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision() == _newest()


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def forget_values(error: DriverError | DBAPIError) -> None:
    """Leave of an error only what Postgres says first: its details and contexts quote rows, and error texts go to the log."""
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    words = str(driver_error).partition("\nDETAIL:")[0].partition("\nCONTEXT:")[0]
    for each in (error, driver_error):
        if each is not None:
            each.args = (words,)


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
