"""`/outages`: declaring one, which moves the clocks that are due in it, and the list of those declared and found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo, field_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import READERS, Principal, allow
from amends.db import Tx, reading
from amends.events.data import Instant
from amends.http.once import Answer, once
from amends.http.pages import encode_cursor, page
from amends.http.problems import invalid
from amends.instants import format_instant
from sla_svc.api.clocks import after_cursor
from sla_svc.handlers.outages import Declaration, declare
from sla_svc.store import declared

DECLARERS: Final = ("manager", "admin", "service")
REASON_CHARS_MAX: Final = 500
"""It stands in every event of a moved clock."""

Declarer = Annotated[Principal, Depends(allow(*DECLARERS))]
Reader = Annotated[Principal, Depends(allow(*READERS))]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_CHARS_MAX, pattern=r"^[^\x00]*$")
]


@dataclass(frozen=True, slots=True)
class OutageLimits:
    """What may be declared, in domain time. `hold_after`: deadlines so shortly after an outage count as in it."""

    hold_after: timedelta
    length_max: timedelta
    ahead_max: timedelta
    now: Callable[[], datetime]


class OutageBody(BaseModel):
    """An outage: from when, until when (it may lie ahead), and why. Read with `OutageLimits` as context."""

    model_config = ConfigDict(extra="forbid")

    since: Instant
    until: Instant
    reason: Reason = Field(description="Stands in every move that it makes, and in its explanation")

    @field_validator("until")
    @classmethod
    def _ends_within_limits(cls, until: datetime, info: ValidationInfo) -> datetime:
        limits, since = info.context, info.data.get("since")
        if not isinstance(limits, OutageLimits):
            raise TypeError("an outage is read with its limits")
        if until > limits.now() + limits.ahead_max:
            raise ValueError(f"lies more than {limits.ahead_max.days} days ahead")
        if since is None:
            return until
        if until <= since:
            raise ValueError("is not later than since")
        if until - since > limits.length_max:
            hours = limits.length_max / timedelta(hours=1)
            raise ValueError(f"is more than {hours:g} h after since: declare what is known, and the rest when it is")
        return until


_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": OutageBody.model_json_schema()}}}
}


def outages_router(engine: AsyncEngine, limits: OutageLimits) -> APIRouter:
    """Return the paths of outages."""
    router = APIRouter(tags=["outages"])

    @router.post("/outages", status_code=201, openapi_extra=_BODY)
    async def declared_one(request: Request, caller: Declarer) -> Response:
        body = read_body(await request.body(), limits)

        async def effect(tx: Tx) -> Answer:
            made = await declare(
                tx,
                caller.tenant,
                since=body.since,
                until=body.until,
                reason=body.reason,
                by=caller.name,
                hold_after=limits.hold_after,
            )
            return Answer(201, _shown(made))

        return await once(request, engine, caller, effect)

    @router.get("/outages")
    async def outages(
        request: Request,
        caller: Reader,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> JSONResponse:
        since, (last_id,) = after_cursor(cursor, 2)
        async with reading(engine) as tx:
            rows = await declared.listed(tx, caller.tenant, (since, last_id), limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        more = None if last is None else encode_cursor(format_instant(last["since"]), last["id"])
        return page(request, [_row(row) for row in rows[:limit]], more)

    return router


def read_body(raw: bytes, limits: OutageLimits) -> OutageBody:
    """Read what was sent. Raises the 422 problem that names every field at once."""
    try:
        return OutageBody.model_validate_json(raw, context=limits)
    except ValidationError as error:
        raise invalid(error.errors()) from error


def _shown(made: Declaration) -> dict[str, Any]:
    it = made.outage
    told = {"id": str(made.id), "kind": "declared", "since": it.since, "until": it.until, "reason": it.reason}
    return _row({**told, "declared_by": made.by, "declared_at": made.at})


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """Write instants as the wire has them; what was found in intake's watermark has nobody who declared it."""
    known = {name: value for name, value in row.items() if value is not None}
    return {name: format_instant(value) if isinstance(value, datetime) else value for name, value in known.items()}
