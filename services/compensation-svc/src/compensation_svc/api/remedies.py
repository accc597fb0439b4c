"""`/remedies`: read what was decided and why."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import READERS, Principal, allow
from amends.db import reading
from amends.http.pages import decode_cursor, encode_cursor, page
from amends.http.problems import Problem
from amends.policy.book import PolicyBook
from compensation_svc.api import shown
from compensation_svc.decisions.appeal import PARTIES, is_party
from compensation_svc.decisions.explanation import explain
from compensation_svc.handlers import explaining
from compensation_svc.store import remedies
from compensation_svc.store.remedies import Remedy

Reader = Annotated[Principal, Depends(allow(*READERS, *PARTIES))]


def reading_router(engine: AsyncEngine, policies: PolicyBook) -> APIRouter:
    """`GET /remedies`, `/remedies/{id}`, `/remedies/{id}/explanation`."""
    router = APIRouter(tags=["remedies"])

    async def found(caller: Principal, remedy_id: UUID) -> Remedy:
        async with reading(engine) as tx:
            one = await remedies.one(tx, caller.tenant, remedy_id)
        theirs = one is not None and is_party(one.charged_party, caller.role, caller.subject)
        if one is None or (caller.role in PARTIES and not theirs):
            raise Problem(404, "Unknown remedy", f"you have no remedy {remedy_id}")
        return one

    @router.get("/remedies")
    async def listed(
        request: Request,
        caller: Reader,
        ticket: str | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> JSONResponse:
        after = int(decode_cursor(cursor, 1)[0]) if cursor else 0
        async with reading(engine) as tx:
            rows = await remedies.page(tx, caller.tenant, ticket, after, limit + 1, **_charged_to(caller))
        more = encode_cursor(rows[limit - 1].serial) if len(rows) > limit else None
        return page(request, [shown.remedy(one) for one in rows[:limit]], more)

    @router.get("/remedies/{remedy_id}")
    async def one(caller: Reader, remedy_id: UUID) -> dict[str, Any]:
        return shown.remedy(await found(caller, remedy_id))

    @router.get("/remedies/{remedy_id}/explanation")
    async def explanation(caller: Reader, remedy_id: UUID) -> dict[str, Any]:
        """Explain a remedy: as JSON, and in `sentences` of each language."""
        one = await found(caller, remedy_id)
        policy = policies.get(one.tenant, one.policy_version)
        async with reading(engine) as tx:
            about = await explaining.load(tx, one, shown.remedy(one))
        return explain(about, policy)

    return router


def _charged_to(caller: Principal) -> dict[str, str | None]:
    """Bind a department or merchant to what was charged to it: that is what it may appeal (CONTRACT §6)."""
    return {"charged_kind": caller.role, "charged_id": caller.subject} if caller.role in PARTIES else {}
