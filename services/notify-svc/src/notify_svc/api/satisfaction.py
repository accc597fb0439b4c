"""Ratings."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import Tx
from amends.events.codec import event_to_json
from amends.http.once import Answer, once
from amends.http.problems import Problem
from notify_svc.api.bodies import Rater, SurveyAnswer
from notify_svc.handlers.steps import NotOpen, StepHandler, Unknown


def satisfaction_router(engine: AsyncEngine, steps: StepHandler) -> APIRouter:
    """`POST /surveys/{token}`."""
    router = APIRouter(tags=["satisfaction"])

    @router.post("/surveys/{token}", status_code=201)
    async def answer(
        request: Request, token: Annotated[str, Path(max_length=200)], body: SurveyAnswer, caller: Rater
    ) -> Response:
        async def effect(tx: Tx) -> Answer:
            try:
                event = await steps.answer_survey(tx, caller.tenant, token, body.rating)
            except Unknown as error:
                raise Problem(404, "Unknown survey", str(error)) from error
            except NotOpen as error:
                raise Problem(409, "Answered already", str(error)) from error
            return Answer(201, event_to_json(event))

        return await once(request, engine, caller, effect)

    return router
