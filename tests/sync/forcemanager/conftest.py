"""Both systems over HTTP, emptied before each test."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from forcemanager_world import CROSS_REFERENCES, FieldSales, build_world
from pipeline import QUICK, shipped_folder
from sandbox.client import SandboxClient
from sandbox.running import serve


@pytest.fixture(scope="session")
def systems() -> Iterator[dict[str, SandboxClient]]:
    """One Salesforce and one ForceManager for all tests of this worker."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", "forcemanager")}


@pytest.fixture
def fresh(systems: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> FieldSales:
    """Both systems empty, the cross-reference fields made, no run yet."""
    systems["salesforce"].reset(cross_references=CROSS_REFERENCES)
    systems["forcemanager"].reset()
    for server in systems.values():
        server.clear_faults()
        server.reset_calls()
    systems["forcemanager"].switches(rate_limit=False)
    return build_world(engine, shipped_folder("forcemanager", tmp_path), systems["salesforce"], systems["forcemanager"])


@pytest.fixture
def sales(fresh: FieldSales) -> FieldSales:
    """After the first run, which only enables; runs leave the data-quality checks out: those cost a second each."""
    fresh.stages = QUICK
    fresh.run()
    return fresh
