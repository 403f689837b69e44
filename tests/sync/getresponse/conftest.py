"""Salesforce and GetResponse as sandbox servers, with the shipped mapping between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from getresponse_world import GetResponseWorld, getresponse_world
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.running import serve
from sync.stages import STAGES


@pytest.fixture(scope="module")
def house() -> Iterator[SandboxClient]:
    with serve("getresponse") as client:
        yield client


@pytest.fixture
def world(servers: dict[str, SandboxClient], house: SandboxClient, engine: Engine, tmp_path: Path) -> GetResponseWorld:
    """Both systems after the run that enables the integration; runs leave the data-quality checks out, which cost seconds."""
    world = getresponse_world(engine, tmp_path, servers["salesforce"], house)
    world.stages = QUICK
    world.run()
    return world


@pytest.fixture
def checked(world: GetResponseWorld) -> GetResponseWorld:
    """The same with the data-quality checks."""
    world.stages = STAGES
    return world
