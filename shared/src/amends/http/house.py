"""What every service answers beside its own paths: health, metrics, its events, its dead letters (CONTRACT §6)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import dead_letters
from amends.auth import READERS, Principal, allow
from amends.db import Tx, reading
from amends.events.problems import NotAnEvent
from amends.http.once import Answer, once
from amends.http.pages import decode_cursor, encode_cursor, next_link
from amends.http.problems import Problem
from amends.inbox import Handle
from amends.instants import parse_instant

Readiness = Callable[[], Awaitable[dict[str, Any]]]
"""Returns `{check: "ok" | what is wrong}`; any other value than "ok" makes the service unready."""

_PAGE = text("""
    SELECT id, time, event FROM outbox
    WHERE tenant = :tenant AND time <= (SELECT published_up_to FROM watermark)
    AND (time, id) > (:after_time, :after_id) AND (CAST(:ticket AS text) IS NULL OR subject = :ticket)
    ORDER BY time, id LIMIT :limit
""")


def health_router(readiness: Readiness) -> APIRouter:
    """`/livez`, `/readyz`, `/metrics`: open, at the root."""
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        checks = await readiness()
        ready = all(value == "ok" or key.startswith("details") for key, value in checks.items())
        return JSONResponse({"status": "ok" if ready else "unready", "checks": checks}, 200 if ready else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def events_router(engine: AsyncEngine) -> APIRouter:
    """`GET /events`: everything this service ever published, in order of (time, id), below its last watermark."""
    router = APIRouter(tags=["events"])

    @router.get("/events")
    async def events(
        request: Request,
        caller: Annotated[Principal, Depends(allow(*READERS))],
        after: Annotated[str | None, Query(description="A cursor from `Link`, or an event's id")] = None,
        ticket: str | None = None,
        limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    ) -> Response:
        async with reading(engine) as tx:
            after_time, after_id = await _position(tx, caller.tenant, after)
            values = {"tenant": caller.tenant, "ticket": ticket, "limit": limit + 1}
            rows = (await tx.execute(_PAGE, values | {"after_time": after_time, "after_id": after_id})).all()
        shown, more = rows[:limit], len(rows) > limit
        cursor = encode_cursor(shown[-1][1].isoformat(), str(shown[-1][0])) if more else None
        lines = "".join(row[2] + "\n" for row in shown)
        return Response(lines, media_type="application/jsonl", headers=next_link(request, "after", cursor))

    return router


async def _position(tx: Tx, tenant: str, after: str | None) -> tuple[datetime, UUID]:
    if after is None:
        return parse_instant("0001-01-02T00:00:00Z"), UUID(int=0)
    try:
        event_id = UUID(after)
    except ValueError:
        at, last_id = decode_cursor(after, 2)
        return parse_instant(at), UUID(last_id)
    found = text("SELECT time FROM outbox WHERE id = :id AND tenant = :tenant")
    at = (await tx.execute(found, {"id": event_id, "tenant": tenant})).scalar()
    if at is None:
        raise Problem(404, "Unknown event", f"this service published no event {after} for your tenant")
    return at, event_id


def dead_letters_router(engine: AsyncEngine, handle: Handle) -> APIRouter:
    """`GET /dlq`, `POST /dlq/{id}/redrive`."""
    router = APIRouter(tags=["dead letters"])
    operators = ("admin", "service")

    @router.get("/dlq")
    async def listed(
        caller: Annotated[Principal, Depends(allow(*operators))], limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, Any]:
        async with reading(engine) as tx:
            return {"items": await dead_letters.listed(tx, caller.tenant, limit)}

    @router.post("/dlq/{letter_id}/redrive")
    async def redrive(
        request: Request, letter_id: UUID, caller: Annotated[Principal, Depends(allow(*operators))]
    ) -> Response:
        async def effect(tx: Tx) -> Answer:
            try:
                applied = await dead_letters.redrive(tx, letter_id, handle)
            except NotAnEvent as error:
                raise Problem(409, "Cannot be redriven", f"the record is no event: {error}") from error
            if applied is None:
                raise Problem(404, "Unknown dead letter", f"there is no dead letter {letter_id}")
            return Answer(200, {"applied": applied})

        return await once(request, engine, caller, effect)

    return router
