"""`GET /tickets`, `GET /tickets/{id}`, its timeline, and `GET /contacts/{ref}`."""

import json
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from amends.auth import Principal, allow
from amends.db import Tx, reading
from amends.http.pages import decode_cursor, encode_cursor, page
from amends.http.problems import Problem
from amends.instants import format_instant, parse_instant
from intake_svc.api.door import Door, actor_of, etag, known_id, no_such_ticket, problem_of, view
from intake_svc.decisions import access
from intake_svc.decisions.access import CONTACT_READERS, READERS, Sight
from intake_svc.decisions.refusals import FieldProblem, Refused
from intake_svc.decisions.ticket import Ticket
from intake_svc.store import contacts, tickets, timeline
from intake_svc.store.tickets import Filters

Reader = Annotated[Principal, Depends(allow(*READERS))]
ContactReader = Annotated[Principal, Depends(allow(*CONTACT_READERS))]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Cursor = Annotated[str | None, Query(description="From `Link`, to go on")]
_BEGINNING: Final = (datetime(1, 1, 2, tzinfo=UTC), "")


def reading_router(door: Door) -> APIRouter:
    """Return the paths that read."""
    router = APIRouter(tags=["tickets"])

    @router.get("/tickets")
    async def listed(
        request: Request,
        caller: Reader,
        customer: str | None = None,
        order: str | None = None,
        owner: str | None = None,
        department: str | None = None,
        status: str | None = None,
        level: Annotated[int | None, Query(ge=1, le=4)] = None,
        tag: str | None = None,
        text: Annotated[str | None, Query(description="In number, ids, items, description or demand")] = None,
        incident: Annotated[str | None, Query(description="That links them")] = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> JSONResponse:
        _known_parameters(request)
        filters = Filters(customer, order, owner, department, status, level, tag, text, incident, _before(cursor))
        async with reading(door.engine) as tx:
            found = await tickets.listed(tx, _sight(caller), filters, limit + 1)
        last = encode_cursor(found[limit - 1].ticket_id) if len(found) > limit else None
        return page(request, [view(ticket) for ticket in found[:limit]], last)

    @router.get("/tickets/{ticket_id}")
    async def one(ticket_id: str, caller: Reader) -> JSONResponse:
        async with reading(door.engine) as tx:
            ticket = await _seen(tx, caller, ticket_id)
        return JSONResponse(view(ticket), headers={"ETag": etag(ticket)})

    @router.get("/tickets/{ticket_id}/timeline")
    async def happened(
        request: Request, ticket_id: str, caller: Reader, cursor: Cursor = None, limit: Limit = 100
    ) -> JSONResponse:
        start = _after(cursor)
        async with reading(door.engine) as tx:
            ticket = await _seen(tx, caller, ticket_id)
            rows = await timeline.page(tx, caller.tenant, ticket.ticket_id, after=start, limit=limit + 1)
        last = encode_cursor(format_instant(rows[limit - 1][0]), rows[limit - 1][1]) if len(rows) > limit else None
        return page(request, [json.loads(row[2]) for row in rows[:limit]], last)

    @router.get("/contacts/{contact_ref}")
    async def contact(contact_ref: str, caller: ContactReader) -> Response:
        async with reading(door.engine) as tx:
            found = await contacts.get(tx, caller.tenant, _known_ref(contact_ref))
        if found is None:
            raise _no_such_contact()
        told = {"contact_ref": found.contact_ref, "customer_id": found.customer_id, "contacts": found.contacts}
        extra = {"name": found.name, "language": found.language}
        return JSONResponse(told | {name: value for name, value in extra.items() if value is not None})

    return router


def _sight(caller: Principal) -> Sight:
    return access.sight(actor_of(caller))


async def _seen(tx: Tx, caller: Principal, ticket_id: str) -> Ticket:
    ticket = await tickets.get(tx, caller.tenant, known_id(ticket_id))
    if ticket is None or not access.sees(_sight(caller), ticket):
        raise no_such_ticket()
    return ticket


def _before(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return str(UUID(decode_cursor(cursor, 1)[0]))
    except (ValueError, TypeError, AttributeError) as error:
        raise _bad_cursor() from error


def _after(cursor: str | None) -> tuple[datetime, str]:
    if cursor is None:
        return _BEGINNING
    at, event_id = decode_cursor(cursor, 2)
    try:
        return parse_instant(at), str(UUID(event_id))
    except (ValueError, TypeError, AttributeError) as error:
        raise _bad_cursor() from error


def _bad_cursor() -> Problem:
    return Problem(400, "Unknown cursor", "this is no cursor of this list; start again without it")


def _no_such_contact() -> Problem:
    return Problem(404, "No such contact", "there is no contact of this reference; it may have been erased")


def _known_ref(given: str) -> str:
    try:
        return str(UUID(given))
    except ValueError as error:
        raise _no_such_contact() from error


_PARAMETERS: Final = {
    "customer", "order", "owner", "department", "status", "level", "tag", "text", "incident", "cursor", "limit",
}  # fmt: skip


def _known_parameters(request: Request) -> None:
    """Refuse a filter that nobody knows: a slip would list everything."""
    unknown = sorted(set(request.query_params) - _PARAMETERS)
    if unknown:
        told = f"is unknown; known: {', '.join(sorted(_PARAMETERS))}"
        raise problem_of(Refused(FieldProblem(name, told) for name in unknown))
    unstorable = [name for name, value in request.query_params.items() if "\x00" in value]
    if unstorable:
        raise problem_of(Refused(FieldProblem(name, "holds a NUL") for name in unstorable))
