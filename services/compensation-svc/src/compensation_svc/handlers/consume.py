"""What arrives: a ticket's events are kept and followed, breaches are decided (DESIGN, "As of")."""

from amends.db import Tx
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import SLA_TOPIC, TICKET_TOPIC, payload, topic_of
from amends.events.sla import SlaDeadlineBreached
from amends.events.ticket import (
    TicketGoodsReturned,
    TicketLiabilityFound,
    TicketOpened,
    TicketReclassified,
    TicketResolved,
    TicketSolutionExecuted,
)
from compensation_svc.decisions.balance import executed_of, statement_of
from compensation_svc.decisions.ticket import view_of
from compensation_svc.handlers import charging, deciding
from compensation_svc.handlers.ports import Ports
from compensation_svc.store import balances, tickets


async def handle(tx: Tx, ports: Ports, event: Event) -> None:
    """Apply one event. What belongs to no ticket concerns nobody here."""
    if event.sequence is None:
        return
    topic = topic_of(event.type)
    if topic == TICKET_TOPIC:
        await _ticket(tx, ports, event, event.sequence)
    elif topic == SLA_TOPIC:
        fact = payload(event)
        if isinstance(fact, SlaDeadlineBreached):
            await _breach(tx, ports, event, fact)


async def _ticket(tx: Tx, ports: Ports, event: Event, sequence: int) -> None:
    await tickets.lock(tx, event.subject, event.tenantid)
    await tickets.keep(tx, event)
    fact = payload(event)
    await _note_refunds(tx, event, sequence, fact)
    # First what this event does by itself, then the breaches that waited for it: they came after it in event time.
    if isinstance(fact, TicketGoodsReturned | TicketSolutionExecuted | TicketResolved):
        await deciding.settle_holds(tx, ports, event.subject, event)
    if isinstance(fact, TicketLiabilityFound):
        await charging.recover(tx, ports, event.subject, event)
    for breach in await tickets.take_due(tx, event.subject, sequence):
        await deciding.breached(tx, ports, breach)


async def _breach(tx: Tx, ports: Ports, event: Event, fact: SlaDeadlineBreached) -> None:
    last = await tickets.lock(tx, event.subject, event.tenantid)
    if last < fact.as_of_sequence:
        await tickets.let_wait(tx, event, fact.as_of_sequence)
    else:
        await deciding.breached(tx, ports, event)


async def _note_refunds(tx: Tx, event: Event, sequence: int, fact: EventData) -> None:
    """Keep what an event says about its order's refunds, for this ticket's decisions and those of others."""
    match fact:
        case TicketOpened() | TicketReclassified() if fact.order is not None:
            said = statement_of(fact.order, event.time)
            await balances.state(
                tx, fact.order.order_id, said, tenant=event.tenantid, ticket_id=event.subject, sequence=sequence
            )
        case TicketSolutionExecuted() if (refunded := executed_of(fact.remedy, event.time)) is not None:
            order = view_of(await tickets.events(tx, event.subject)).order
            if order is not None:
                await balances.execute(
                    tx, order.order_id, refunded, tenant=event.tenantid, ticket_id=event.subject, sequence=sequence
                )
