"""One sandbox server per system and module, emptied before each test."""

import pytest
from benches import FreshdeskBench, SalesforceBench, reset

from sandbox.running import serve


@pytest.fixture(scope="module")
def freshdesk_server():
    with serve("freshdesk") as client:
        yield client


@pytest.fixture
def freshdesk(freshdesk_server):
    with reset(freshdesk_server) as client:
        yield FreshdeskBench(client)


@pytest.fixture(scope="module")
def salesforce_server():
    with serve("salesforce") as client:
        yield client


@pytest.fixture
def salesforce(salesforce_server):
    with reset(salesforce_server) as client:
        yield SalesforceBench(client)
