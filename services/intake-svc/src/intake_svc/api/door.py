"""What all of intake's paths share: who acts, bodies read with a limit, refusals told as problems, ETags."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import Principal
from amends.http.once import Effect, once
from amends.http.problems import Problem
from amends.outbox import EventTooLarge
from amends.policy.book import PolicyMissing
from intake_svc.decisions.access import Actor
from intake_svc.decisions.refusals import AlreadyOpened, NoSuchTicket, NotYours, Refused, WrongState
from intake_svc.decisions.ticket import Ticket
from intake_svc.handlers.desk import Desk
from intake_svc.handlers.numbers import Serials
from intake_svc.settings import IntakeSettings

RETRY_AFTER_S: Final = 2
DomainError = Refused | WrongState | NotYours | NoSuchTicket | AlreadyOpened | EventTooLarge | PolicyMissing
DOMAIN_ERRORS: Final = (Refused, WrongState, NotYours, NoSuchTicket, AlreadyOpened, EventTooLarge, PolicyMissing)


@dataclass(frozen=True, slots=True)
class Door:
    """What the paths need. `opened`: called when tickets were opened, to wake workers."""

    engine: AsyncEngine
    desk: Desk
    serials: Serials
    settings: IntakeSettings
    opened: Callable[[], None] = lambda: None


def actor_of(caller: Principal) -> Actor:
    """Return the caller as decisions know it."""
    return Actor(caller.tenant, caller.role, caller.subject, caller.client)


async def answer(
    request: Request, door: Door, caller: Principal, effect: Effect, *, body: bytes | None = None
) -> Response:
    """Run an effect once per `Idempotency-Key`; what the domain refuses is told as a problem, and leaves nothing."""
    try:
        return await once(request, door.engine, caller, effect, body=body)
    except DOMAIN_ERRORS as error:
        raise problem_of(error) from error


def problem_of(error: DomainError) -> Problem:
    """Say over HTTP what the domain said."""
    if isinstance(error, Refused):
        named = [{"field": found.field, "problem": found.problem} for found in error.problems]
        fields = ", ".join(found.field for found in error.problems)
        return Problem(422, "The request is not valid", f"mend these and send it again: {fields}", errors=named)
    if isinstance(error, WrongState):
        return Problem(409, "The ticket's state does not allow it", str(error), allowed=list(error.allowed))
    if isinstance(error, AlreadyOpened):
        return Problem(409, "Already opened", str(error), ticket_id=error.ticket_id)
    if isinstance(error, NoSuchTicket):
        return no_such_ticket()
    if isinstance(error, PolicyMissing):
        retry = {"Retry-After": str(RETRY_AFTER_S)}
        return Problem(503, "No policy yet", f"{error}; publish one, or try again", headers=retry)
    status, title = (403, "Not allowed") if isinstance(error, NotYours) else (413, "Too large")
    return Problem(status, title, str(error))


def no_such_ticket() -> Problem:
    """Return the 404: no such ticket in this tenant, or none that the caller may see."""
    return Problem(404, "No such ticket", "there is no ticket of this id that you may see")


def known_id(given: str) -> str:
    """Return an id from a path. Raises Problem 404 for what is none of ours: no table needs to be asked."""
    try:
        return str(UUID(given))
    except ValueError as error:
        raise no_such_ticket() from error


async def read_object(request: Request, door: Door) -> dict[str, Any]:
    """Return the body as a JSON object; no body is an empty one. Raises Problem 400, 413 or 422."""
    raw = await read_json(request, door)
    if not isinstance(raw, dict):
        raise Problem(422, "The request is not valid", "the body must be a JSON object", errors=[_NO_OBJECT])
    return raw


_NO_OBJECT: Final = {"field": "body", "problem": "must be a JSON object"}


async def read_json(request: Request, door: Door) -> Any:
    """Return the body as JSON. Raises Problem 400 (no JSON) or 413."""
    limit = door.settings.body_bytes_max
    refuse_above(request, limit)
    body = await request.body()
    if len(body) > limit:
        raise too_large(limit)
    try:
        return json.loads(body, parse_constant=_no_constant) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Problem(400, "Not JSON", f"the body cannot be read as JSON: {error}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def refuse_above(request: Request, limit: int) -> None:
    """Raise Problem 413 when the request says that its body is larger."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Problem:
    """Return the 413."""
    return Problem(413, "Too large", f"the body may have at most {limit} bytes")


def etag(ticket: Ticket) -> str:
    """Return the ticket's entity tag: it changes with each of the ticket's own events."""
    return f'"{ticket.version}"'


def if_match(request: Request) -> Callable[[Ticket], None]:
    """Return the check of `If-Match`: 412 when the ticket has changed since the caller read it."""
    wanted = request.headers.get("If-Match")

    def check(ticket: Ticket) -> None:
        if wanted is None or wanted.strip() == "*":
            return
        if etag(ticket) not in {tag.strip() for tag in wanted.split(",")}:
            detail = f"the ticket's ETag is {etag(ticket)} now; read it again and decide anew"
            raise Problem(412, "The ticket has changed", detail, headers={"ETag": etag(ticket)})

    return check


def view(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as it is shown: its status, the fields of `opened` as they stand, what it is linked to."""
    kept = {"description": ticket.description, "demand": ticket.demand, "incidents": list(ticket.incidents) or None}
    told = {name: value for name, value in kept.items() if value is not None}
    return {"ticket_id": ticket.ticket_id, "status": ticket.status, **ticket.fields, "level": ticket.level, **told}
