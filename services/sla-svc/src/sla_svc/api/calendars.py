"""`/calendars`: the calendars of a tenant's policy, and importing dates into one of them as a new version."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import READERS, Principal, allow
from amends.clock import real_now
from amends.db import Tx, reading
from amends.http.once import Answer, once
from amends.http.pages import page
from amends.http.problems import Problem
from amends.outbox import Outbox
from amends.policy.dates import TableError, table_of
from amends.policy.model import Policy
from amends.policy.verdict import years_ahead
from sla_svc.handlers.policies import NoPolicyYet, import_dates
from sla_svc.store import policies

AUTHORS: Final = ("manager", "admin", "service")

Author = Annotated[Principal, Depends(allow(*AUTHORS))]
Reader = Annotated[Principal, Depends(allow(*READERS))]


class DatesBody(BaseModel):
    """Dates for one calendar: date → `closed`, `working`, or windows `[["09:00", "12:00"]]`.

    `calendar`: its name; left out, the only one that knows holidays. `confirms`: years whose holidays are known now.
    """

    model_config = ConfigDict(extra="forbid")

    calendar: str | None = None
    dates: dict[str, Any]
    confirms: list[int] = []


def calendars_router(engine: AsyncEngine, outbox: Outbox) -> APIRouter:
    """Return the paths of calendars."""
    router = APIRouter(tags=["policies"])

    @router.get("/calendars")
    async def calendars(request: Request, caller: Reader) -> JSONResponse:
        async with reading(engine) as tx:
            stored = await policies.latest(tx, caller.tenant)
        if stored is None:
            return page(request, [])
        rows = stored.body.get("calendars", {}).items()
        return page(request, [{"name": name, **row, "policy_version": stored.version} for name, row in rows])

    @router.post("/calendars", status_code=201)
    async def imported(request: Request, caller: Author, body: DatesBody) -> Response:
        async def effect(tx: Tx) -> Answer:
            try:
                made = await import_dates(tx, outbox, caller.tenant, table_of(body.model_dump()), caller.name)
            except TableError as error:
                raise Problem(422, "The dates are refused", str(error)) from error
            except NoPolicyYet as error:
                raise Problem(409, "The tenant has no policy yet", f"{error}; publish one first") from error
            version, year = made.policy.version, real_now().year
            told = [warning.shown() for warning in years_ahead(Policy.read(made.policy.body), year)]
            headers = {"Location": f"/v1/policies?version={version}"} if made.new else {}
            return Answer(201 if made.new else 200, {"version": version, "warnings": told}, headers)

        return await once(request, engine, caller, effect)

    return router
