"""`python -m amends_sandbox.main`: the storefront sandbox as a process, settings from the environment."""

import signal
import sys
from types import FrameType
from typing import NoReturn

import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from amends import logs
from amends.clock import real_now
from amends.db import engine_for
from amends.ids import new_id
from amends_sandbox.api.app import build_app
from amends_sandbox.api.ports import Ports
from amends_sandbox.connections import KnownConnection
from amends_sandbox.settings import Settings, complaints

EXIT_NOT_STARTED = 1
EXIT_WRONG_USE = 2
GRACE_S = 3
"""How long a stop waits for calls under way, held ones among them."""
KEEP_ALIVE_S = 75
"""An idle connection is closed after this: more than callers keep one, or a call may go into one that is just closing."""


def main() -> int:
    """Run until SIGTERM or Ctrl-C. Returns the exit code: 0 stopped cleanly, 1 not started, 2 wrong settings."""
    logs.configure("sandbox")
    log = structlog.get_logger("amends_sandbox")
    try:
        settings = Settings()
    except ValidationError as error:
        log.error("wrong settings", errors=complaints(error))  # no traceback: it would show the secrets
        return EXIT_WRONG_USE
    engine = engine_for(settings.database_url, application="amends-sandbox")
    app = build_app(Ports(settings=settings, engine=engine, real_now=real_now, new_id=new_id))
    # Before uvicorn listens to signals, and when it raises them again after its clean stop: an ordinary end.
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, _end)
    log.info("starting", host=settings.listen_host, port=settings.listen_port)
    server = uvicorn.Server(server_config(app, settings, port=settings.listen_port))
    server.run()
    return 0 if server.started else EXIT_NOT_STARTED


def server_config(app: FastAPI, settings: Settings, *, port: int) -> uvicorn.Config:
    """Return the server's configuration; its protocol knows its connections, so that faults can cut them."""
    return uvicorn.Config(
        app,
        host=settings.listen_host,
        port=port,
        http=KnownConnection,
        ws="none",
        lifespan="on",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
