"""An Airflow API server as people use it, with the page in it, over a Postgres that the tests fill."""

from collections.abc import Iterator

import pytest
from health_server import Server
from sqlalchemy import Engine

from tools.bench import airflow_server
from tools.bench.filling import fill


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A database as a week of runs leaves it: two integrations, a thousand writes, a hundred waiting records, a plan each."""
    with engine.begin() as connection:
        fill(connection)
    return engine


@pytest.fixture(scope="session")
def server(migrated: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one API server of this test worker."""
    with airflow_server.running(tmp_path_factory.mktemp("airflow"), migrated.url) as url:
        yield Server(url, airflow_server.PASSWORDS)
