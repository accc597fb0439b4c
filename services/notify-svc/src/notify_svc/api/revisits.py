"""Revisits: whom to contact, by when; how it went."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import Tx, reading
from amends.events.codec import event_to_json
from amends.events.vocabulary import KnownRevisitReason
from amends.http.once import Answer, once
from amends.http.pages import decode_cursor, encode_cursor, page
from amends.http.problems import Problem
from amends.instants import parse_instant
from notify_svc.api.bodies import Agent, Filter, Limit, Reader, RevisitOutcome, bad_cursor, shown
from notify_svc.handlers.steps import NotOpen, StepHandler, Unknown
from notify_svc.store import revisits

_FIRST = (parse_instant("0001-01-02T00:00:00Z"), UUID(int=0))

State = Literal["open", "done", "replaced", "cancelled"]


def _before(text: str | None) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except (ValueError, OverflowError) as error:
        detail = f"`before` is a time with its zone, for example 2026-05-13T18:00:00+08:00: {error}"
        errors = [{"field": "before", "problem": str(error)}]
        raise Problem(422, "The request is not valid", detail, errors=errors) from error


def _position(cursor: str) -> tuple[datetime, UUID]:
    due_at, last_id = decode_cursor(cursor, 2)
    try:
        return parse_instant(due_at), UUID(last_id)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise bad_cursor(cursor) from error


def revisits_router(engine: AsyncEngine, steps: StepHandler) -> APIRouter:
    """`GET /revisits`, `POST /revisits/{id}/outcome`."""
    router = APIRouter(tags=["revisits"])

    @router.get("/revisits")
    async def listed(
        request: Request,
        caller: Reader,
        ticket: Filter = None,
        before: Annotated[str | None, Query(description="Due before this instant")] = None,
        owner: Filter = None,
        state: State | None = None,
        reason: KnownRevisitReason | None = None,
        cursor: str | None = None,
        limit: Limit = 100,
    ) -> Response:
        after = _position(cursor) if cursor is not None else _FIRST
        wanted = {"ticket": ticket, "before": _before(before), "owner": owner, "state": state, "reason": reason}
        async with reading(engine) as tx:
            rows = await revisits.page(tx, caller.tenant, after, limit + 1, **wanted)
        last = rows[limit - 1] if len(rows) > limit else None
        return page(
            request,
            [{**shown(row), "revisit_id": str(row.revisit_id)} for row in rows[:limit]],
            encode_cursor(last.due_at.isoformat(), str(last.revisit_id)) if last else None,
        )

    @router.post("/revisits/{revisit_id}/outcome", status_code=201)
    async def outcome(request: Request, revisit_id: UUID, body: RevisitOutcome, caller: Agent) -> Response:
        async def effect(tx: Tx) -> Answer:
            try:
                event = await steps.end_revisit(tx, caller.tenant, revisit_id, body.outcome, caller.name)
            except Unknown as error:
                raise Problem(404, "Unknown revisit", str(error)) from error
            except NotOpen as error:
                raise Problem(409, "Not open", str(error)) from error
            return Answer(201, event_to_json(event))

        return await once(request, engine, caller, effect)

    return router
