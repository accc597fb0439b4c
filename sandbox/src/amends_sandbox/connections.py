"""The connections of the server, so that a fault can cut one as a failing network would."""

import asyncio
import socket
import struct
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

_open: dict[tuple[str, int], asyncio.Transport] = {}
"""By the peer's address, which is all that a request knows of its connection."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: closing sends RST, not FIN."""


class KnownConnection(H11Protocol):
    """uvicorn's HTTP/1.1, which also notes its transport where `drop` finds it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            _open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _open.pop(self.client, None)
        super().connection_lost(exc)


async def drop(request: Request) -> None:
    """Reset the request's connection. Its response, whatever it says, then goes nowhere."""
    transport = _transport(request.scope)
    if transport is None:
        return
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
    await _until_gone(request)


async def hold(request: Request, seconds: float) -> None:
    """Keep the caller waiting until it gives up, at most so many real seconds; then reset its connection."""
    # A server that stops cancels what it waits for; the caller must see a lost connection then too, not an answer.
    with suppress(TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(seconds):
            await _until_gone(request)
    await drop(request)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _transport(scope: MutableMapping[str, Any]) -> asyncio.Transport | None:
    peer = scope.get("client")
    return None if peer is None else _open.get((peer[0], peer[1]))
