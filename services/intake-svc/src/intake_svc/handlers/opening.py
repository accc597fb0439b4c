"""Opening a ticket, in the transaction it is given."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amends.db import Tx
from amends.policy.book import PublishedPolicy
from intake_svc.decisions.access import Actor
from intake_svc.decisions.numbers import Serial, category_of, ticket_no
from intake_svc.decisions.opening import CustomerIn, OpenTicket, looks_back, opened, read_opening
from intake_svc.decisions.refusals import AlreadyOpened
from intake_svc.decisions.ticket import Ticket, as_opened
from intake_svc.handlers import groups
from intake_svc.handlers.desk import Desk
from intake_svc.store import contacts, tickets
from intake_svc.store.contacts import Contact


async def open_ticket(
    tx: Tx, desk: Desk, actor: Actor, raw: Mapping[str, Any], *, policy: PublishedPolicy, serial: Serial
) -> Ticket:
    """Open a ticket under a policy, the newest of the tenant, which it pins.

    Raises:
        Refused: with everything that is wrong with the request.
        AlreadyOpened: the opener used this `external_id` before.
        EventTooLarge: the ticket does not fit into an event.
    """
    ticket_id = str(desk.make_id())
    at = await desk.outbox.now(tx, ticket_id)
    request = read_opening(raw, policy.policy, desk.limits, at)
    contact_ref = str(desk.make_id()) if request.customer and request.customer.personal else None
    fact = opened(
        request,
        policy=policy.policy,
        policy_version=policy.version,
        ticket_no=ticket_no(serial, category_of(policy.policy, request.case_type, request.complaint_code)),
        contact_ref=contact_ref,
        repeated=await _repeated(tx, actor.tenant, request, policy, request.accepted(at)),
        now=at,
    )
    ticket = as_opened(
        fact,
        at,
        ticket_id=ticket_id,
        tenant=actor.tenant,
        opened_by=actor.opener,
        level_given=request.level,
        tags_given=request.tags,
        description=request.description,
        demand=request.demand,
    )
    if not await tickets.insert(tx, ticket):
        external_id = str(request.external_id)
        known = await tickets.opened_as(tx, actor.tenant, actor.opener, external_id)
        raise AlreadyOpened(external_id, known)
    if request.customer and contact_ref:
        await contacts.put(tx, actor.tenant, contact_of(request.customer, contact_ref))
    await groups.note(tx, ticket, policy.policy, at)
    await desk.outbox.publish(tx, ticket_id, [fact], tenant=actor.tenant, at=at)
    return ticket


def contact_of(customer: CustomerIn, contact_ref: str) -> Contact:
    """Return what is kept of a customer under a reference."""
    return Contact(contact_ref, customer.customer_id, customer.name, customer.contacts, customer.language)


async def _repeated(tx: Tx, tenant: str, request: OpenTicket, policy: PublishedPolicy, accepted: datetime) -> bool:
    back = looks_back(policy.policy, request.kind)
    if back is None or request.order is None:
        return False
    return await tickets.accepted_between(tx, tenant, request.order.order_id, request.kind, accepted - back, accepted)
