"""The storefront's message API and the inbox to look into (CONTRACT §6)."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from amends.http.problems import Problem
from amends.instants import format_instant
from amends_sandbox import handlers, store
from amends_sandbox.api.ports import CallerDep, FaultInjected, PortsDep, TxDep, require_key, suffer
from amends_sandbox.bodies import Message
from amends_sandbox.connections import hold

router = APIRouter(tags=["messages"])

Filter = Annotated[str | None, Query(max_length=200)]


@router.post("/messages", status_code=HTTPStatus.CREATED)
async def post_message(
    request: Request,
    given: PortsDep,
    who: CallerDep,
    body: Message,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """Deliver a message once. A 2xx answer means it was sent; a known id gets its answer again (200)."""
    require_key(idempotency_key, body.message_id, "message_id")
    fault = await suffer(request, given, "POST /messages")
    if fault == "reject":
        detail = "someone asked for this with the fault `reject`; the message was not delivered"
        raise Problem(422, "Refused on request", detail, message_id=body.message_id)
    async with given.engine.begin() as tx:
        is_new = await handlers.deliver(tx, tenant=who.tenant, message=body)
    if fault == "timeout_after_success":
        await hold(request, given.settings.sandbox_hold_s)
        raise FaultInjected
    answer = {"id": body.message_id, "message_id": body.message_id, "status": "accepted"}
    if is_new:
        return JSONResponse(answer, HTTPStatus.CREATED)
    return JSONResponse(answer, headers={"Idempotency-Replayed": "true"})


@router.get("/inbox")
async def get_inbox(who: CallerDep, tx: TxDep, to: Filter = None, ticket: Filter = None) -> dict[str, Any]:
    """List the tenant's messages, oldest first: all, or those to one receiver or of one ticket."""
    delivered = await store.inbox(tx, who.tenant, to=to, ticket=ticket)
    return {"items": [{**message.body, "at": format_instant(message.at)} for message in delivered]}
