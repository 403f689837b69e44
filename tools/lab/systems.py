"""What a laboratory stands on: a Postgres of its own that may crash, and both sandbox systems in a process of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from sandbox.client import SandboxClient
from tools.bench.server import Server, running
from tools.place import ROOT

APPLICATION = "lockstep"  # how the engine names its connections
RESTART_SECONDS = 30


@dataclass(frozen=True)
class Systems:
    """Running servers; `folder` is for files of the worlds, removed with them."""

    postgres: Server
    folder: Path
    addresses: dict[str, str]
    clients: dict[str, SandboxClient]

    def of(self, app: str) -> "Systems":
        """Return what a world with `app` sees of it."""
        return replace(self, clients={name: self.clients[name] for name in ("salesforce", app)})

    def crash(self, database: str) -> bool:
        """Kill a server process of Postgres that works for the engine, whereupon Postgres restarts as after a power cut."""
        found = self._ask(database, "select pid from pg_stat_activity where application_name = %s and datname = %s")
        if not found:
            return False
        os.kill(found[0], signal.SIGKILL)
        self.wait(database)
        return True

    def cut(self, database: str) -> int:
        """End every connection of the engine; return how many."""
        query = "select pg_terminate_backend(pid)::int from pg_stat_activity where application_name = %s and datname = %s"
        return len(self._ask(database, query))

    def wait(self, database: str) -> None:
        """Wait until the database answers again."""
        end = time.monotonic() + RESTART_SECONDS
        while time.monotonic() < end:
            with suppress(psycopg.OperationalError), psycopg.connect(self.postgres.url(database)):
                return
            time.sleep(0.02)
        raise RuntimeError("Postgres did not come back")

    def _ask(self, database: str, query: str) -> list[int]:
        with psycopg.connect(self.postgres.admin_url, autocommit=True) as connection:
            return [row[0] for row in connection.execute(query.encode(), (APPLICATION, database))]


@contextmanager
def serving(apps: Sequence[str]) -> Iterator[Systems]:
    """Start everything, yield it, stop it and remove its files."""
    with ExitStack() as stack:
        postgres = stack.enter_context(running("lab"))
        _spare_the_disk(postgres)
        folder = Path(tempfile.mkdtemp(prefix="worlds-", dir=postgres.folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        addresses = stack.enter_context(_sandbox(folder / "sandbox", ("salesforce", *apps)))
        clients = {name: stack.enter_context(SandboxClient(url)) for name, url in addresses.items()}
        yield Systems(postgres, folder, addresses, clients)


def _spare_the_disk(postgres: Server) -> None:
    """What is committed survives a crash of Postgres all the same; only of the whole machine it would not."""
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")


@contextmanager
def _sandbox(state: Path, names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "sandbox", "serve", "--state", str(state), "--only", *names]
    state.mkdir(parents=True)
    with (
        (state / "errors.log").open("w") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
