"""`/tickets/{id}/clocks`, their explanation, `/deadlines`, `/penalties`."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import READERS, Principal, allow
from amends.db import Tx, reading
from amends.http.pages import decode_cursor, encode_cursor, page
from amends.http.problems import Problem
from amends.instants import format_instant, parse_instant
from amends.policy.book import PolicyBook
from sla_svc.decisions.explain import explain
from sla_svc.store import views
from sla_svc.store.clocks import read_run

Reader = Annotated[Principal, Depends(allow(*READERS))]
Involved = Annotated[Principal, Depends(allow(*READERS, "department", "merchant"))]
Limit = Annotated[int, Query(ge=1, le=1000)]
_FIRST: Final = "0001-01-02T00:00:00Z"


def json_row(row: dict[str, Any]) -> dict[str, Any]:
    """Write a row's instants as the wire has them; a run that never breached has no `breached_at`."""
    told = {name: format_instant(value) if isinstance(value, datetime) else value for name, value in row.items()}
    return told if told.get("breached_at", "") is not None else {n: v for n, v in told.items() if n != "breached_at"}


async def must_see(tx: Tx, caller: Principal, ticket_id: str) -> None:
    """Raise 404 unless the caller's tenant has this ticket, and a department or merchant answers for it."""
    found = await views.ticket(tx, caller.tenant, ticket_id)
    theirs = {
        "department": found is not None and caller.subject in {None, found.department},
        "merchant": found is not None and caller.subject in {None, found.merchant_id},
    }
    if found is None or not theirs.get(caller.role, True):
        raise Problem(404, "Unknown ticket", f"there is no ticket {ticket_id} here, or it has no clocks yet")


def instant_of(value: str | None, name: str) -> datetime | None:
    """Read an instant of the query; 422 when it has no zone or is none."""
    try:
        return None if value is None else parse_instant(value)
    except (ValueError, OverflowError) as error:
        errors = [{"field": name, "problem": str(error)}]
        raise Problem(422, "The request is not valid", f"{name}: {error}", errors=errors) from error


def after_cursor(cursor: str | None, length: int) -> tuple[datetime, list[str]]:
    """Return the instant and the texts that a list goes on after; 400 when it is no cursor of this list."""
    if cursor is None:
        return parse_instant(_FIRST), [""] * (length - 1)
    at, *texts = decode_cursor(cursor, length)
    try:
        return parse_instant(at), [str(text) for text in texts]
    except (TypeError, ValueError) as error:
        raise Problem(400, "Unknown cursor", f"{cursor!r} is no cursor of this list; start again without it") from error


def clocks_router(engine: AsyncEngine, policies: PolicyBook) -> APIRouter:
    """Return the paths of clocks."""
    router = APIRouter(tags=["clocks"])

    @router.get("/tickets/{ticket_id}/clocks")
    async def clocks(request: Request, ticket_id: str, caller: Involved) -> JSONResponse:
        async with reading(engine) as tx:
            await must_see(tx, caller, ticket_id)
            rows = await views.clocks(tx, ticket_id)
        return page(request, [json_row(row) for row in rows])

    @router.get("/tickets/{ticket_id}/clocks/{clock}/explanation")
    async def explanation(
        ticket_id: str, clock: str, caller: Involved, run: Annotated[int | None, Query(ge=1)] = None
    ) -> JSONResponse:
        async with reading(engine) as tx:
            await must_see(tx, caller, ticket_id)
            found = await views.run_detail(tx, ticket_id, clock, run)
        if found is None:
            raise Problem(404, "Unknown clock", f"ticket {ticket_id} has not run this clock, or not so often")
        detail, version = found
        return JSONResponse(explain(read_run(detail), policies.get(caller.tenant, version), version))

    @router.get("/deadlines")
    async def deadlines(
        request: Request,
        caller: Reader,
        before: Annotated[str | None, Query(description="Only those due before this instant")] = None,
        owner: str | None = None,
        department: str | None = None,
        cursor: str | None = None,
        limit: Limit = 100,
    ) -> JSONResponse:
        due_at, (ticket, clock) = after_cursor(cursor, 3)
        async with reading(engine) as tx:
            rows = await views.deadlines(
                tx,
                caller.tenant,
                before=instant_of(before, "before"),
                owner=owner,
                department=department,
                after=(due_at, ticket, clock),
                limit=limit + 1,
            )
        shown = [json_row(row) for row in rows[:limit]]
        last = shown[-1] if len(rows) > limit else None
        return page(request, shown, encode_cursor(last["due_at"], last["ticket_id"], last["clock"]) if last else None)

    @router.get("/penalties")
    async def penalties(
        request: Request, caller: Reader, owner: str | None = None, cursor: str | None = None, limit: Limit = 100
    ) -> JSONResponse:
        at, (last_id,) = after_cursor(cursor, 2)
        async with reading(engine) as tx:
            rows = await views.penalties(tx, caller.tenant, owner=owner, after=(at, last_id), limit=limit + 1)
        shown = [json_row(row) for row in rows[:limit]]
        last = shown[-1] if len(rows) > limit else None
        return page(request, shown, encode_cursor(last["at"], last["id"]) if last else None)

    return router
