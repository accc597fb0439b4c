"""`python -m amends_sandbox.main`: the storefront sandbox as a process, settings from the environment."""

import signal
import sys
from types import FrameType

import structlog
import uvicorn
from pydantic import ValidationError

from amends.clock import real_now
from amends.db import engine_for
from amends.ids import new_id
from amends_sandbox.api.app import build_app
from amends_sandbox.api.ports import Ports
from amends_sandbox.connections import KnownConnection
from amends_sandbox.settings import Settings

EXIT_WRONG_USE = 2
GRACE_S = 3
"""How long a stop waits for calls under way, held ones among them."""


def main() -> int:
    """Run until SIGTERM or Ctrl-C. Returns the exit code: 0 stopped cleanly, 2 wrong settings."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )
    log = structlog.get_logger("amends_sandbox")
    try:
        settings = Settings()
    except ValidationError as error:
        # Only names and reasons, and no traceback: the values hold secrets.
        log.error("wrong settings", errors=[(*found["loc"], found["msg"]) for found in error.errors()])  # noqa: TRY400
        return EXIT_WRONG_USE
    if settings.amends_env == "production":
        log.error("the sandbox issues tokens for anyone's demo: set AMENDS_ENV to demo or test; never in production")
        return EXIT_WRONG_USE
    engine = engine_for(settings.database_url, application="amends-sandbox")
    app = build_app(Ports(settings=settings, engine=engine, real_now=real_now, new_id=new_id))
    # uvicorn raises the signal again after its clean stop; this handler makes that an ordinary end.
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, _stopped)
    log.info("listening", host=settings.listen_host, port=settings.listen_port)
    serve(app_config(app, settings))
    return 0


def app_config(app: object, settings: Settings) -> uvicorn.Config:
    """Return the server's configuration; its protocol knows its connections, so that faults can cut them."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=settings.listen_host,
        port=settings.listen_port,
        http=KnownConnection,
        ws="none",
        lifespan="on",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
    )


def serve(config: uvicorn.Config) -> None:
    uvicorn.Server(config).run()


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    return


if __name__ == "__main__":
    sys.exit(main())
