"""`/ledger`, `/balances`, `/payouts`: the money, for managers and those who check on it."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import Principal, allow
from amends.db import reading, writing
from amends.http.pages import decode_cursor, encode_cursor, next_link, page
from amends.instants import format_instant
from compensation_svc.store import ledger, payouts

OVERSEERS = ("manager", "analyst", "admin", "service")
Overseer = Annotated[Principal, Depends(allow(*OVERSEERS))]
Chief = Annotated[Principal, Depends(allow("manager", "admin", "service"))]
Limit = Annotated[int, Query(ge=1, le=1000)]


class PayoutMode(BaseModel):
    """How the tenant pays out."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["shadow", "approve", "automatic"]


def ledger_router(engine: AsyncEngine) -> APIRouter:
    """`GET /ledger`, `GET /balances`."""
    router = APIRouter(tags=["ledger"])

    @router.get("/ledger")
    async def entries(
        request: Request,
        caller: Overseer,
        ticket: str | None = None,
        remedy: UUID | None = None,
        account: str | None = None,
        cursor: str | None = None,
        limit: Limit = 200,
    ) -> JSONResponse:
        """List entries in the order they were written, and the sum of the whole ledger per currency: always 0."""
        after = int(decode_cursor(cursor, 1)[0]) if cursor else 0
        filters = {"ticket": ticket, "remedy": remedy, "account": account}
        async with reading(engine) as tx:
            rows = await ledger.page(tx, caller.tenant, filters, after, limit + 1)
            sums = await ledger.sums(tx, caller.tenant)
        more = encode_cursor(rows[limit - 1].serial) if len(rows) > limit else None
        body = {"items": [_entry(row) for row in rows[:limit]], "sum": dict(sums)}
        return JSONResponse(body, headers=next_link(request, "cursor", more))

    @router.get("/balances")
    async def balances(
        request: Request, caller: Overseer, cursor: str | None = None, limit: Limit = 200
    ) -> JSONResponse:
        """List what stands on each account; a party below zero pays that much."""
        after = decode_cursor(cursor, 2) if cursor else ["", ""]
        async with reading(engine) as tx:
            rows = await ledger.accounts(tx, caller.tenant, (str(after[0]), str(after[1])), limit + 1)
        more = encode_cursor(rows[limit - 1].account, rows[limit - 1].currency) if len(rows) > limit else None
        shown = [{"account": row.account, "currency": row.currency, "amount": row.amount} for row in rows[:limit]]
        return page(request, shown, more)

    return router


def payouts_router(engine: AsyncEngine, wake: Callable[[], None]) -> APIRouter:
    """`GET|PUT /payouts`."""
    router = APIRouter(tags=["payouts"])

    @router.get("/payouts")
    async def show(caller: Overseer) -> dict[str, Any]:
        async with reading(engine) as tx:
            return {"mode": await payouts.mode_of(tx, caller.tenant)}

    @router.put("/payouts")
    async def change(caller: Chief, body: PayoutMode) -> dict[str, Any]:
        """Set how the tenant pays out. `shadow` stops every call that was not started yet, at once."""
        async with writing(engine) as tx:
            await payouts.set_mode(tx, caller.tenant, body.mode, by=caller.name)
        wake()
        return {"mode": body.mode}

    return router


def _entry(row: Any) -> dict[str, Any]:
    return {
        "entry": row.serial,
        "movement_id": str(row.movement_id),
        "kind": row.kind,
        "account": row.account,
        "amount": row.amount,
        "currency": row.currency,
        "remedy_id": str(row.remedy_id),
        "ticket_id": row.ticket_id,
        "at": format_instant(row.at),
    }
