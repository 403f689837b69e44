"""Locks that fall with their database session, so that a killed task frees them; and who has lost one does no more.

A session ends without its worker's doing when Postgres restarts or the link is cut. The worker goes on with a new one, while another
may hold the lock. So it asks before each writing call, and before each transaction on the engine it took the lock with.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg import Error as DriverError
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from connectors.errors import TransientError
from sync.database import driver, forget_values, reach

KEY = "hashtextextended(%s, 0)"
Held = tuple[str, DriverConnection[Any]]  # what the lock is called, and its session
_held: ContextVar[tuple[Held, ...]] = ContextVar("held", default=())


class LockLostError(TransientError):
    """Another worker may be at work by now: what is under way ends at once, and the task is tried again."""


@contextmanager
def integration_lock(engine: Engine, integration: str) -> Iterator[None]:
    """Hold the one lock of `integration` for the length of a stage.

    Raises TransientError when another worker holds it, and the errors of `reach`.
    """
    with _session(engine, integration) as session:
        [is_ours] = session.execute(f"select pg_try_advisory_lock({KEY})", [integration]).fetchone() or [False]
        if not is_ours:
            raise TransientError(f"{integration}: another worker is running a stage of this integration; try again later")
        yield


@contextmanager
def waited_lock(engine: Engine, name: str) -> Iterator[None]:
    """Hold a lock that others wait for. Raises the errors of `reach`."""
    with _session(engine, name) as session:
        session.execute(f"select pg_advisory_lock({KEY})", [name])
        yield


def require_locks() -> None:
    """Raise LockLostError where a lock that this worker (or thread with its context) took is not its own any more."""
    for name, session in _held.get():
        try:
            session.execute("select 1")
        except DriverError:
            raise LockLostError(
                f"{name}: the database has ended the session that holds the lock (a restart, or a link that was cut), and another worker"
                " may be at work by now; nothing more is sent. The task is tried again and looks up what came of the last call."
            ) from None


@contextmanager
def _session(engine: Engine, name: str) -> Iterator[DriverConnection[Any]]:
    """Yield a session of its own, not one of the pool's, and free what it holds; its end would do so, but not at once."""
    if not event.contains(engine, "begin", _begin):
        event.listen(engine, "begin", _begin)
    with reach(engine) as connection:
        session = driver(connection)
        connection.detach()
        session.autocommit = True
        mark = _held.set((*_held.get(), (name, session)))
        try:
            yield session
        except (DriverError, DBAPIError) as error:
            forget_values(error)
            raise
        finally:
            _held.reset(mark)
            with suppress(DriverError):  # the session is gone and the lock with it
                session.execute("select pg_advisory_unlock_all()")
            if session.broken:
                connection.invalidate()


def _begin(_: Connection) -> None:
    require_locks()
