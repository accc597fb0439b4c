"""Which messages went out, to whom, and what became of them. Their words are not kept."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import reading
from amends.events.vocabulary import KnownAddressee
from amends.http.pages import decode_cursor, encode_cursor, page
from notify_svc.api.bodies import Filter, Limit, Reader, bad_cursor, shown
from notify_svc.store import messages


def _position(cursor: str) -> UUID:
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except (TypeError, ValueError, AttributeError) as error:
        raise bad_cursor(cursor) from error


def messages_router(engine: AsyncEngine) -> APIRouter:
    """`GET /messages`."""
    router = APIRouter(tags=["messages"])

    @router.get("/messages")
    async def listed(
        request: Request,
        caller: Reader,
        ticket: Filter = None,
        to: KnownAddressee | None = None,
        state: Literal["queued", "sent", "failed"] | None = None,
        cursor: str | None = None,
        limit: Limit = 100,
    ) -> Response:
        after = _position(cursor) if cursor is not None else UUID(int=0)
        async with reading(engine) as tx:
            rows = await messages.page(tx, caller.tenant, after, limit + 1, ticket=ticket, to=to, state=state)
        last = rows[limit - 1] if len(rows) > limit else None
        items = [{**shown(row), "message_id": str(row.message_id)} for row in rows[:limit]]
        return page(request, items, encode_cursor(str(last.message_id)) if last else None)

    return router
