"""A database that cannot be reached: what passes by itself is told from what a person must mend, and no password is shown."""

import socket
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.errors import PermanentError, TransientError
from sync.database import connect, is_migrated, migrate, reach
from sync.locks import integration_lock

PASSWORD = "hush-hush"


def test_a_server_that_is_down_is_a_matter_of_time() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        engine = connect(f"postgresql://lockstep:{PASSWORD}@127.0.0.1:{port}/lockstep")
        for ask in (is_migrated, migrate):
            with pytest.raises(TransientError, match=rf"127\.0\.0\.1:{port}, database 'lockstep'\) does not answer") as caught:
                ask(engine)
            assert PASSWORD not in str(caught.value)
            assert caught.value.__suppress_context__, "one message, not the driver's on top of it"


def test_a_socket_that_is_not_there_is_a_matter_of_time(tmp_path: Path) -> None:
    with (
        pytest.raises(TransientError, match="does not answer"),
        integration_lock(connect(f"postgresql://postgres@/postgres?host={tmp_path}"), "salesforce_freshdesk"),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://lockstep:{PASSWORD}@nobody.invalid/lockstep", "resolve host 'nobody.invalid'"),
        (f"postgresql://nobody:{PASSWORD}@/postgres", 'role "nobody" does not exist'),
        (f"postgresql://postgres:{PASSWORD}@/nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_a_wrong_address_or_login_is_for_a_person(migrated: Engine, url: str, words: str) -> None:
    address = url if "invalid" in url else f"{url}?host={migrated.url.query['host']}"
    with pytest.raises(PermanentError, match=words) as caught, reach(connect(address)):
        pass
    assert "Check the connection lockstep_db" in str(caught.value)
    assert PASSWORD not in str(caught.value)
