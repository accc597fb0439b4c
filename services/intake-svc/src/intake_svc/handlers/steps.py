"""Taking a step on a ticket: load, decide, save, publish, in the transaction it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.db import Tx
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.parts import Evidence
from amends.events.ticket import TicketEvidenceAdded, TicketExtended, TicketLinked, TicketResolved, TicketReviewed
from amends.policy.model import Policy
from intake_svc.decisions import access, life, reopening, reviews
from intake_svc.decisions.access import Actor
from intake_svc.decisions.classification import classified, read_classification, reclassified
from intake_svc.decisions.extension import extended
from intake_svc.decisions.refusals import NoSuchTicket, WrongState
from intake_svc.decisions.steps import Step, read_step, taken
from intake_svc.decisions.ticket import Ticket, after
from intake_svc.handlers.desk import Desk
from intake_svc.handlers.groups import note
from intake_svc.handlers.opening import contact_of
from intake_svc.store import clocks, contacts, evidence, groups, tickets
from intake_svc.store.evidence import EvidenceFile

Precondition = Callable[[Ticket], None]
"""What the request demands of the ticket before anything is decided: `If-Match`. Raises what the door understands."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken."""

    event: Event
    ticket: Ticket


async def take_step(
    tx: Tx, desk: Desk, actor: Actor, ticket_id: str, noun: str, raw: Mapping[str, Any], *, demand: Precondition
) -> Taken:
    """Take any step but `evidence`, which brings a file.

    Raises:
        NoSuchTicket, Refused, WrongState, NotYours, EventTooLarge; PolicyMissing (heals by waiting).
    """
    ticket = await _held(tx, actor, ticket_id, demand)
    at = await desk.outbox.now(tx, ticket_id)
    if noun == "classification":
        return await _classify(tx, desk, ticket, raw, at)
    fact = read_step(noun, raw, desk.limits, at)
    try:
        life.must_allow(ticket, noun)
        fact = await _by_rule(tx, desk, actor, ticket, fact)
        fact = taken(ticket, Step(noun, actor, fact))
    except WrongState as error:
        left = reviews.without_waiting(error.allowed, ticket, _policy(desk, ticket))
        raise WrongState(str(error), left) from error
    up = reopening.levels_up(_policy(desk, ticket)) if noun == "reopening" else 0
    return await _record(tx, desk, after(ticket, fact, levels_up=up), fact, at)


async def _by_rule(tx: Tx, desk: Desk, actor: Actor, ticket: Ticket, fact: EventData) -> EventData:
    """Return the fact as the rules of the ticket's policy let it stand: extensions (C5), reviews (E5)."""
    match fact:
        case TicketExtended():
            return extended(ticket, fact, actor, _policy(desk, ticket), await clocks.of(tx, ticket.ticket_id))
        case TicketReviewed():
            return reviews.reviewed(ticket, fact, actor, _policy(desk, ticket))
        case TicketResolved():
            reviews.must_be_reviewed(ticket, _policy(desk, ticket))
    return fact


async def add_evidence(
    tx: Tx, desk: Desk, actor: Actor, ticket_id: str, file: EvidenceFile, *, demand: Precondition
) -> Taken:
    """Keep a file and say that it came. Raises as `take_step`."""
    ticket = await _held(tx, actor, ticket_id, demand)
    life.must_allow(ticket, "evidence")
    at = await desk.outbox.now(tx, ticket_id)
    fact = TicketEvidenceAdded(evidence=(Evidence(id=file.evidence_id, kind=file.kind, sha256=file.sha256),))
    await evidence.insert(tx, actor.tenant, ticket_id, file)
    return await _record(tx, desk, after(ticket, fact), fact, at)


async def _held(tx: Tx, actor: Actor, ticket_id: str, demand: Precondition) -> Ticket:
    ticket = await tickets.lock(tx, actor.tenant, ticket_id)
    if ticket is None or not access.sees(access.sight(actor), ticket):
        raise NoSuchTicket(ticket_id)
    demand(ticket)
    return ticket


async def _classify(tx: Tx, desk: Desk, ticket: Ticket, raw: Mapping[str, Any], at: datetime) -> Taken:
    policy = _policy(desk, ticket)
    asked = read_classification(raw, policy, desk.limits, at)
    life.must_allow(ticket, "classification")
    changed = reclassified(ticket, asked, policy, new_ref=str(desk.make_id()))
    if asked.customer and asked.customer.personal and changed.contact_ref:
        await contacts.put(tx, ticket.tenant, contact_of(asked.customer, changed.contact_ref))
    ticket = classified(ticket, changed)
    await groups.forget(tx, ticket.ticket_id)
    await note(tx, ticket, policy, at)
    return await _record(tx, desk, ticket, changed.fact, at)


async def _record(tx: Tx, desk: Desk, ticket: Ticket, fact: EventData, at: datetime) -> Taken:
    await tickets.save(tx, ticket)
    if isinstance(fact, TicketLinked):
        await groups.linked(tx, ticket.tenant, ticket.ticket_id, fact.incident_id)
    (event,) = await desk.outbox.publish(tx, ticket.ticket_id, [fact], tenant=ticket.tenant, at=at)
    return Taken(event, ticket)


def _policy(desk: Desk, ticket: Ticket) -> Policy:
    return desk.policies.get(ticket.tenant, ticket.policy_version)
