"""Connections that can be cut without an answer, which plain ASGI has no word for."""

from asyncio import BaseTransport, Transport
from typing import Any, cast

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_open: dict[tuple[Any, Any], Transport] = {}  # (client address, server address) of every open connection


class CuttableProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, remembering the transport of each connection."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Remember the connection."""
        super().connection_made(cast(Transport, transport))
        _open[_address(self.client), _address(self.server)] = self.transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _open.pop((_address(self.client), _address(self.server)), None)
        super().connection_lost(exc)


async def cut(scope: Scope, receive: Receive) -> None:
    """Close the connection of this request without sending anything."""
    transport = _open.get((_address(scope["client"]), _address(scope["server"])))
    if transport is not None:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


def _address(pair: Any) -> tuple[Any, ...]:
    return tuple(pair or ())
