"""`POST /tickets` and `POST /tickets:batch`."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from amends.auth import Principal, allow
from amends.db import Tx
from amends.http.once import KEY_CHARS_MAX, Answer, Effect, once
from amends.http.problems import Problem
from amends.outbox import EventTooLarge
from amends.policy.book import PolicyMissing
from intake_svc.api.door import Door, actor_of, answer, etag, problem_of, read_json, read_object, view
from intake_svc.api.schemas import batch_body, body_of
from intake_svc.decisions.access import OPENERS, Actor
from intake_svc.decisions.opening import OpenTicket
from intake_svc.decisions.refusals import AlreadyOpened, FieldProblem, Refused
from intake_svc.handlers.opening import open_ticket

Opener = Annotated[Principal, Depends(allow(*OPENERS))]
Raw = dict[str, Any]


def opening_router(door: Door) -> APIRouter:
    """Return the paths that open tickets."""
    router = APIRouter(tags=["tickets"])

    @router.post("/tickets", status_code=201, openapi_extra=body_of(OpenTicket))
    async def open_one(request: Request, caller: Opener) -> Response:
        raw = await read_object(request, door)
        told = await answer(request, door, caller, await _opening(door, actor_of(caller), raw))
        door.opened()
        return told

    @router.post("/tickets:batch", openapi_extra=batch_body(OpenTicket, door.settings.batch_tickets_max))
    async def open_many(request: Request, caller: Opener) -> Raw:
        items = _items(await read_json(request, door), door.settings.batch_tickets_max)
        key = request.headers.get("Idempotency-Key", "")
        if not key or len(key) > KEY_CHARS_MAX - len("#") - len(str(len(items))):
            detail = "send an `Idempotency-Key` header of 1 to 250 characters, a new one for each new batch"
            raise Problem(400, "Idempotency-Key missing", detail)
        digest = hashlib.sha256(await request.body()).digest()
        results = []
        for position, raw in enumerate(items):
            results.append(await _one_of_many(_numbered(request, f"{key}#{position}"), door, caller, raw, digest))
        door.opened()
        return {"items": results}

    return router


async def _opening(door: Door, actor: Actor, raw: Raw) -> Effect:
    """Return what opens one ticket, a number for it at hand. Raises Problem 503 without a policy."""
    try:
        policy = door.desk.policies.latest(actor.tenant)
    except PolicyMissing as error:
        raise problem_of(error) from error
    serial = await door.serials.take(actor.tenant, policy.policy.timezone)

    async def effect(tx: Tx) -> Answer:
        ticket = await open_ticket(tx, door.desk, actor, raw, policy=policy, serial=serial)
        headers = {"Location": f"/v1/tickets/{ticket.ticket_id}", "ETag": etag(ticket)}
        return Answer(201, view(ticket), headers)

    return effect


async def _one_of_many(request: Request, door: Door, caller: Principal, raw: Any, batch_digest: bytes) -> Raw:
    """Open one ticket of a batch in a transaction of its own, under a key of its own.

    Sent again after a crash, what was opened is answered as it was, and the rest is opened. The digest of the whole
    batch stands for the item's body, so that the same key with another batch is refused.
    """
    try:
        if not isinstance(raw, dict):
            raise Refused([FieldProblem("body", "must be a JSON object")])
        effect = await _opening(door, actor_of(caller), raw)
        opened = await once(request, door.engine, caller, effect, body=batch_digest)
    except (Refused, AlreadyOpened, EventTooLarge) as error:
        problem = problem_of(error)
        return {"status": problem.status, "problem": problem.body()}
    return {"status": opened.status_code, "ticket": json.loads(bytes(opened.body))}


def _items(raw: Any, most: int) -> list[Any]:
    items = raw.get("items") if isinstance(raw, dict) else raw
    unknown = [name for name in raw if name != "items"] if isinstance(raw, dict) else []
    if unknown or not isinstance(items, list) or not 1 <= len(items) <= most:
        errors = [{"field": name, "problem": "is unknown"} for name in unknown]
        if not isinstance(items, list) or not 1 <= len(items) <= most:
            errors.append({"field": "items", "problem": f"is a list of 1 to {most} tickets"})
        detail = f"mend these and send it again: {', '.join(error['field'] for error in errors)}"
        raise Problem(422, "The request is not valid", detail, errors=errors)
    return items


def _numbered(request: Request, key: str) -> Request:
    """Return the request as if it had come under another `Idempotency-Key`."""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"idempotency-key"]
    return Request({**request.scope, "headers": [*headers, (b"idempotency-key", key.encode("latin-1"))]})
