"""Free ports, chosen once and remembered, so that a server comes back where its clients look for it."""

import contextlib
import secrets
import socket
from pathlib import Path

from amends_cli.local.process import ServerFailed

_FIRST, _LAST = 20_000, 32_000
"""Below the range from which Linux gives ports to outgoing connections: none of those takes the port of a server that is
down for a second."""
_TRIES_MAX = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback now."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port() -> int:
    """Return a port of the loopback that is free now.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES_MAX):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if is_free(port):
            return port
    raise OSError(f"no free port between {_FIRST} and {_LAST} on 127.0.0.1: stop something that listens there")


def remembered_port(file: Path, *, served: int = 0) -> int:
    """Return the port that this file holds; choose one and write it when it holds none or another program has it now.

    `served` is the port at which clients already know the server (0: none do): then no other will do.

    Raises:
        ServerFailed: another program listens at `served`.
    """
    if served:
        if not is_free(served):
            raise ServerFailed(f"port {served} of 127.0.0.1 was taken by another program meanwhile: stop that one")
        return served
    with contextlib.suppress(FileNotFoundError, ValueError):
        port = int(file.read_text(encoding="ascii"))
        if is_free(port):
            return port
    port = choose_port()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{port}\n", encoding="ascii")
    return port
