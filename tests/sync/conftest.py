"""The two systems as sandbox servers over HTTP, with the real connectors between them and a real Postgres."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline import World, freshdesk_world, shipped_folder
from sandbox.client import SandboxClient
from sandbox.running import serve


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, SandboxClient]]:
    """One Salesforce and one Freshdesk for all tests of this worker."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", "freshdesk")}


@pytest.fixture
def world(servers: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> World:
    """Both systems empty, the cross-reference fields made, the shipped mapping in a folder of its own."""
    for server in servers.values():
        server.reset(cross_references=True)
        server.reset_calls()
        server.clear_faults()
    servers["freshdesk"].switches(rate_limit=False)
    return freshdesk_world(engine, shipped_folder("freshdesk", tmp_path), servers["salesforce"], servers["freshdesk"])
