"""A busy port gives another one."""

import socket

from tools import ports


def _listening() -> socket.socket:
    server = socket.socket()
    server.bind((ports.HOST, 0))
    server.listen()
    return server


def test_a_free_port_is_taken_as_wanted() -> None:
    with _listening() as server:
        free = server.getsockname()[1]
    assert ports.pick(free) == free


def test_a_busy_port_gives_a_free_one() -> None:
    with _listening() as server:
        busy = server.getsockname()[1]
        assert not ports.is_free(busy)
        found = ports.pick(busy)
        assert found != busy
        assert ports.is_free(found)


def test_a_port_promised_to_another_server_is_left_alone() -> None:
    with _listening() as server:
        free = server.getsockname()[1]
    assert ports.pick(free, frozenset({free})) != free


def test_the_last_port_has_no_neighbours() -> None:
    assert 0 < ports.pick(65535, frozenset({65535})) < 65536
