"""Ports on the loopback address: the wanted one, or a neighbour when somebody else has it."""

import errno
import socket

HOST = "127.0.0.1"
NEIGHBOURS = 40


def is_free(port: int) -> bool:
    """Whether this process could listen on the port now; a port that is only winding down counts as free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def pick(wanted: int, taken: frozenset[int] = frozenset()) -> int:
    """Return the wanted port, else the next free neighbour that is not in `taken`, else one chosen by the system."""
    for port in range(wanted, min(wanted + NEIGHBOURS, 65536)):
        if port not in taken and is_free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
