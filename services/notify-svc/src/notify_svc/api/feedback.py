"""The result as it was told to the customer: recorded with its contents, and read again (RULEBOOK I)."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import Tx, reading
from amends.events.codec import event_to_json
from amends.http.once import Answer, once
from amends.http.pages import encode_cursor, page
from amends.http.problems import Problem
from notify_svc.api.bodies import Agent, Cursor, Feedback, FeedbackList, Filter, Limit, Reader, id_after, shown
from notify_svc.decisions.feedback import Given
from notify_svc.handlers.steps import MustBeWritten, StepHandler, Unknown
from notify_svc.store import feedback as kept

MISSING: Final = "Feedback-Missing"
"""A header, as the body of the answer is the event and nothing else."""

_RECORDED: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "The event `amends.contact.feedback_given.v1`; it carries the form alone",
        "headers": {
            MISSING: {
                "description": "Written feedback only: the contents that it lacks (I2), separated by commas; none: absent",
                "schema": {"type": "string"},
            }
        },
    }
}
_LISTED: Final[dict[int | str, dict[str, Any]]] = {200: {"model": FeedbackList}}


def feedback_router(engine: AsyncEngine, steps: StepHandler) -> APIRouter:
    """`GET /feedback`, `POST /feedback`."""
    router = APIRouter(tags=["feedback"])

    @router.get("/feedback", responses=_LISTED)
    async def listed(
        request: Request, caller: Reader, ticket: Filter = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Response:
        async with reading(engine) as tx:
            rows = await kept.page(tx, caller.tenant, id_after(cursor), limit + 1, ticket=ticket)
        last = rows[limit - 1] if len(rows) > limit else None
        return page(
            request, [_item(row) for row in rows[:limit]], encode_cursor(str(last.feedback_id)) if last else None
        )

    @router.post("/feedback", status_code=201, responses=_RECORDED)
    async def given(request: Request, body: Feedback, caller: Agent) -> Response:
        async def effect(tx: Tx) -> Answer:
            said = Given(body.ticket_id, body.form, caller.name, body.contents)
            try:
                event, missing = await steps.give_feedback(tx, caller.tenant, said)
            except Unknown as error:
                raise Problem(404, "Unknown ticket", str(error)) from error
            except MustBeWritten as error:
                errors = [{"field": "form", "problem": str(error)}]
                raise Problem(422, "The feedback must be written", str(error), errors=errors) from error
            return Answer(201, event_to_json(event), {MISSING: ", ".join(missing)} if missing else {})

        return await once(request, engine, caller, effect)

    return router


def _item(row: Any) -> dict[str, Any]:
    item = shown(row)
    contents = item.pop("contents")
    return {**item, **contents, "feedback_id": str(row.feedback_id)}
