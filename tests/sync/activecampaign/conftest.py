"""Salesforce and ActiveCampaign as sandbox servers over HTTP, with the real connectors between them and a real Postgres."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from activecampaign_world import ActiveCampaignWorld, activecampaign_world
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.running import serve


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, SandboxClient]]:
    """One of each for all tests of this worker."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", "activecampaign")}


@pytest.fixture
def world(servers: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> ActiveCampaignWorld:
    """Both systems empty, the fields of the preflight made, the shipped mapping in a folder of its own."""
    return activecampaign_world(engine, tmp_path, servers["salesforce"], servers["activecampaign"])


@pytest.fixture
def enabled(world: ActiveCampaignWorld) -> ActiveCampaignWorld:
    """Both systems after the first run, which only enables; runs leave the data-quality checks out: those cost a second each."""
    world.stages = QUICK
    world.run()
    return world
