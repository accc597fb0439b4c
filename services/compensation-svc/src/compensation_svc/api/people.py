"""`POST /remedies` and the steps that people take on them. Each has its effect once per `Idempotency-Key`."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import AGENTS, LEADERS, Principal, allow
from amends.db import Tx
from amends.http.once import Answer, once
from amends.http.problems import Problem
from amends.policy.values import RemedyType
from compensation_svc.api import shown
from compensation_svc.decisions.appeal import PARTIES, Verdict
from compensation_svc.handlers import people, taking_back
from compensation_svc.handlers.people import Wish
from compensation_svc.handlers.ports import Ports
from compensation_svc.handlers.refusals import NotNow, NotPossible, NotYours, UnknownRemedy, UnknownTicket
from compensation_svc.store.remedies import Remedy

AMOUNT_MAX = 10**13
"""Minor units; far above any order, low enough that sums stay exact everywhere."""

Agent = Annotated[Principal, Depends(allow(*AGENTS))]
Chief = Annotated[Principal, Depends(allow("manager", "admin", "service"))]
Amount = Annotated[StrictInt, Field(ge=1, le=AMOUNT_MAX)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Line(BaseModel):
    """The part of a refund that falls on one line."""

    model_config = ConfigDict(extra="forbid")

    line_id: str
    amount: Amount


class ProposedRemedy(BaseModel):
    """A remedy as a person proposes it, in minor units."""

    model_config = ConfigDict(extra="forbid")

    ticket_id: Annotated[str, Field(min_length=1, max_length=200)]
    remedy: RemedyType
    amount: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    lines: Annotated[list[Line], Field(max_length=1000)] = []
    reason: Reason | None = None

    def wish(self) -> Wish:
        """Return it in words of the domain."""
        lines = {line.line_id: line.amount for line in self.lines}
        return Wish(self.ticket_id, self.remedy, self.amount, self.currency, lines, self.reason)


class Because(BaseModel):
    """Why somebody takes a step."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason | None = None


class AppealVerdict(Because):
    """What came of an appeal."""

    verdict: Verdict


_Step = Callable[[Tx, Ports, Principal, UUID, str | None], Awaitable[Remedy]]


def people_router(engine: AsyncEngine, ports: Ports, wake: Callable[[], None]) -> APIRouter:
    """`POST /remedies`, `/remedies/{id}/approval|rejection|reversal|appeal|appeal-decision`."""
    router = APIRouter(tags=["remedies"])

    @router.post("/remedies", status_code=201)
    async def propose(request: Request, caller: Agent, body: ProposedRemedy) -> Response:
        """Propose a remedy; above the proposer's own limit it waits for somebody else's approval."""

        async def effect(tx: Tx) -> Answer:
            return _created(await _told(people.proposed(tx, ports, caller, body.wish())))

        answer = await once(request, engine, caller, effect)
        wake()
        return answer

    def step(name: str, act: _Step, *roles: str) -> None:
        @router.post(f"/remedies/{{remedy_id}}/{name}", status_code=201, name=name)
        async def take(
            request: Request,
            caller: Annotated[Principal, Depends(allow(*roles))],
            remedy_id: UUID,
            body: Annotated[Because | None, Body()] = None,
        ) -> Response:
            async def effect(tx: Tx) -> Answer:
                reason = body.reason if body else None
                return _created(await _told(act(tx, ports, caller, remedy_id, reason)))

            answer = await once(request, engine, caller, effect)
            wake()
            return answer

    step("approval", people.approved, *LEADERS)
    step("rejection", people.rejected, *LEADERS)
    step("reversal", taking_back.reversed_, *LEADERS)
    step("appeal", taking_back.appealed, *PARTIES, "admin", "service")

    @router.post("/remedies/{remedy_id}/appeal-decision", status_code=201)
    async def decide(request: Request, caller: Chief, remedy_id: UUID, body: AppealVerdict) -> Response:
        """Decide an appeal; whoever appealed does not."""

        async def effect(tx: Tx) -> Answer:
            deciding = taking_back.appeal_decided(tx, ports, caller, remedy_id, body.verdict, body.reason)
            return _created(await _told(deciding))

        answer = await once(request, engine, caller, effect)
        wake()
        return answer

    return router


def _created(remedy: Remedy) -> Answer:
    return Answer(201, shown.remedy(remedy), {"Location": f"/v1/remedies/{remedy.remedy_id}"})


async def _told(acting: Awaitable[Remedy]) -> Remedy:
    """Say in HTTP what the domain refuses."""
    try:
        return await acting
    except UnknownTicket as error:
        raise Problem(404, "Unknown ticket", str(error)) from error
    except UnknownRemedy as error:
        raise Problem(404, "Unknown remedy", str(error)) from error
    except NotYours as error:
        raise Problem(403, "Not allowed", str(error)) from error
    except NotNow as error:
        raise Problem(409, "Not in this state", str(error)) from error
    except NotPossible as error:
        named = [{"field": error.field, "problem": str(error)}]
        raise Problem(422, "The remedy is not possible", str(error), errors=named) from error
