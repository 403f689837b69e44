"""Runs sandbox servers in threads of this process, each on a loopback port."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn

from sandbox import admin, certificates
from sandbox.client import SandboxClient
from sandbox.connections import CuttableProtocol
from sandbox.server import SandboxServer
from sandbox.store import Store
from sandbox.system import System, load

HOST = "127.0.0.1"
START_SECONDS = 30


class Running:
    """One server in its thread, from construction to `stop`."""

    def __init__(
        self,
        system: str | System,
        state: Path | None = None,
        seed: str = "empty",
        generate: Mapping[str, Any] | None = None,
        port: int = 0,
        tls: certificates.Certificates | None = None,
    ) -> None:
        system = load(system) if isinstance(system, str) else system
        if state is not None:
            state.mkdir(parents=True, exist_ok=True)
        self.store = Store(state / f"{system.name}.sqlite" if state else None)
        if not admin.is_seeded(self.store):
            admin.seed(system, self.store, seed, dict(generate or {}))
        self._socket = _listen(port)
        self.url = f"{'https' if tls else 'http'}://{HOST}:{self._socket.getsockname()[1]}"
        self.authority = str(tls.authority) if tls else None
        self._server = uvicorn.Server(_config(SandboxServer(system, self.store), tls))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        _wait(self._server)

    def stop(self) -> None:
        """Stop serving and close the state file."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()
        self.store.close()


@contextlib.contextmanager
def serve(
    system: str | System,
    state: Path | None = None,
    seed: str = "empty",
    tls: bool = False,
    generate: Mapping[str, Any] | None = None,
    port: int = 0,
) -> Iterator[SandboxClient]:
    """Serve one system on a free loopback port; yields a client of its admin routes.

    `state` is a folder that survives the server (None: memory only); a folder already seeded keeps its records.
    """
    with TemporaryDirectory() as scratch:
        pair = certificates.ensure(state or Path(scratch)) if tls else None
        server = Running(system, state, seed, generate, port, pair)
        try:
            with SandboxClient(server.url, server.authority) as client:
                yield client
        finally:
            server.stop()


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's delay off only then (40 ms an answer).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def _config(app: SandboxServer, tls: certificates.Certificates | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )


def _wait(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            raise RuntimeError("the sandbox server did not start")
        time.sleep(0.005)
