"""A Freshdesk sandbox for each test file, emptied before each test, and a caller of its API."""

from collections.abc import Iterator

import pytest
from caller import Caller

from sandbox.client import SandboxClient
from sandbox.running import serve


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxClient]:
    with serve("freshdesk") as client:
        yield client


@pytest.fixture
def desk(running: SandboxClient) -> SandboxClient:
    """Return the admin client of an empty account."""
    running.reset()
    return running


@pytest.fixture
def call(desk: SandboxClient) -> Iterator[Caller]:
    caller = Caller(desk.url)
    with caller.session:
        yield caller
