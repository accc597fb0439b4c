"""Free ports, chosen once and remembered, so that a server comes back where its clients look for it."""

import contextlib
import secrets
import socket
from pathlib import Path

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


def accepts(port: int, timeout_s: float = 1.0) -> bool:
    """Whether something answers a connection to this port of the loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s):
            return True
    except OSError:
        return False


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


def remembered_port(file: Path) -> int:
    """Return the port that this file holds; choose one and write it when it holds none or another program has it now."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        port = int(file.read_text(encoding="ascii"))
        if is_free(port):
            return port
    port = choose_port()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{port}\n", encoding="ascii")
    return port
