"""The HTTP application of a service: its routers under `/v1`, with the manners that all share (DESIGN 14)."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import Verifier
from amends.clock import monotonic_s
from amends.http import problems
from amends.http.house import Readiness, dead_letters_router, events_router, health_router
from amends.inbox import Handle
from amends.metrics import REQUESTS_S
from amends.tracing import set_traceparent

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def build_app(
    *,
    title: str,
    engine: AsyncEngine,
    verifier: Verifier,
    routers: Sequence[APIRouter],
    handle: Handle,
    readiness: Readiness,
    after_request: Callable[[], None],
) -> FastAPI:
    """Put an application together. `after_request` is called after every request that may have written."""
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None)
    app.state.verifier = verifier
    problems.install(app)
    app.include_router(health_router(readiness))
    for router in (*routers, events_router(engine), dead_letters_router(engine, handle)):
        app.include_router(router, prefix="/v1")
    app.middleware("http")(_observed(after_request))
    return app


def _observed(
    after_request: Callable[[], None],
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    async def observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        set_traceparent(request.headers.get("traceparent"))
        started_s = monotonic_s()
        response = await call_next(request)
        if request.method not in _SAFE:
            after_request()
        route = getattr(request.scope.get("route"), "path", "unmatched")
        REQUESTS_S.labels(request.method, route, response.status_code).observe(monotonic_s() - started_s)
        return response

    return observe
