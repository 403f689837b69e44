"""The two systems as sandbox servers over HTTP, with the real connectors between them and a real Postgres."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.memory import MemoryConnector
from crowd import make_crowd
from pipeline import QUICK, Pipeline, World, freshdesk_world, memory_pair, shipped_folder
from sandbox.client import SandboxClient
from sandbox.running import serve
from waiting_plans import LIMITED


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


@pytest.fixture
def enabled(world: World) -> World:
    """Both systems after the first run, which only enables; runs leave the data-quality checks out: those cost a second each."""
    world.stages = QUICK
    world.run()
    return world


@pytest.fixture
def ready(world: World) -> World:
    """A world with a run before it that makes ten people and changes one."""
    make_crowd(world)
    return world


@pytest.fixture
def memory(engine: Engine, tmp_path: Path) -> Pipeline:
    """Two systems in memory between which the shipped mapping runs, without data-quality checks, which cost a second a run."""
    pipeline = Pipeline(engine, shipped_folder("freshdesk", tmp_path), memory_pair(), stages=QUICK)
    pipeline.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    return pipeline


@pytest.fixture
def limited(memory: Pipeline) -> Pipeline:
    """`memory`, whose guard holds four deletions, or updates of half of all."""
    memory.change("settings.yaml", "guard: {first_run: go}", LIMITED)
    return memory


@pytest.fixture
def salesforce(memory: Pipeline) -> MemoryConnector:
    """The Salesforce of `memory`."""
    assert isinstance(memory.connectors["salesforce"], MemoryConnector)
    return memory.connectors["salesforce"]


@pytest.fixture
def app(memory: Pipeline) -> MemoryConnector:
    """The app of `memory`."""
    assert isinstance(memory.connectors["app"], MemoryConnector)
    return memory.connectors["app"]
