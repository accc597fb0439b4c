"""Which messages went out, to whom, and what became of them. Their words are not kept."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import reading
from amends.events.vocabulary import KnownAddressee
from amends.http.pages import encode_cursor, page
from notify_svc.api.bodies import Cursor, Filter, Limit, Reader, id_after, shown
from notify_svc.store import messages


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
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Response:
        async with reading(engine) as tx:
            rows = await messages.page(
                tx, caller.tenant, id_after(cursor), limit + 1, ticket=ticket, to=to, state=state
            )
        last = rows[limit - 1] if len(rows) > limit else None
        items = [{**shown(row), "message_id": str(row.message_id)} for row in rows[:limit]]
        return page(request, items, encode_cursor(str(last.message_id)) if last else None)

    return router
