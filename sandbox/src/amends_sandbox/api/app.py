"""The app: doors under their paths, health beside them, and the start that waits for the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response

from amends.errors import may_heal
from amends.http import problems
from amends_sandbox import handlers, store
from amends_sandbox.api import faults, messages, money, orders, tokens
from amends_sandbox.api.ports import FaultInjected, Ports, PortsDep, not_ready
from amends_sandbox.handlers import KnownWithOtherBody

DATABASE_RETRY_S = 0.5
PING_S_MAX = 2.0

_log = structlog.get_logger(__name__)


def build_app(given: Ports) -> FastAPI:
    """Build the sandbox over its ports.

    The storefront's paths are answered at the root and under `/v1`: a storefront's base URL may end in either.
    """
    app = FastAPI(title="Amends storefront sandbox", version="1", lifespan=_lifespan, redoc_url=None)
    app.state.ports = given
    problems.install(app)
    app.add_exception_handler(KnownWithOtherBody, _other_body)
    app.add_exception_handler(FaultInjected, _nothing)
    app.include_router(tokens.router)
    for part in (orders, money, messages, faults):
        app.include_router(part.router)
        app.include_router(part.router, prefix="/v1", include_in_schema=False)
    app.add_api_route("/livez", livez, tags=["health"])
    app.add_api_route("/readyz", readyz, tags=["health"])
    return app


async def livez() -> dict[str, str]:
    """Say that the process runs."""
    return {"status": "alive"}


async def readyz(given: PortsDep) -> dict[str, str]:
    """Say whether calls would be served: the tables and the key are there, and the database answers."""
    if given.issuer is None:
        raise not_ready()
    try:
        async with asyncio.timeout(PING_S_MAX), given.engine.connect() as connection:
            await store.ping(connection)
    except Exception as error:
        raise not_ready() from error
    return {"status": "ready"}


async def _nothing(_: Request, __: Exception) -> Response:
    # The connection is gone: this answer only lets the server end the request in order.
    return Response(status_code=500)


async def _other_body(_: Request, error: Exception) -> Response:
    return problems.problem_response(problems.Problem(422, "Known with another body", str(error)))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    given: Ports = app.state.ports
    preparing = asyncio.create_task(_prepare(given))
    try:
        yield {}
    finally:
        preparing.cancel()
        await asyncio.gather(preparing, return_exceptions=True)
        await given.engine.dispose()


async def _prepare(given: Ports) -> None:
    """Make tables and key, as soon as the database lets us. A failure that does not heal stays visible in /readyz."""
    while given.issuer is None:
        try:
            async with given.engine.begin() as tx:
                issuer = await handlers.prepare(tx, given.settings.public_url())
            given.issuer = issuer  # only once it is committed: a key that is lost would void its tokens
        except Exception as error:
            if not may_heal(error):
                _log.exception("the sandbox cannot start")
                raise
            _log.warning("the database is away", error=str(error))
            await asyncio.sleep(DATABASE_RETRY_S)
