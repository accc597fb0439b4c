"""What intake does with the other services' events: the timeline, the clocks it has seen, and H6."""

from amends.db import Tx
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import payload
from amends.events.ticket import TicketResolved
from intake_svc.decisions import reopening
from intake_svc.decisions.clocks_seen import clock_of, seen
from intake_svc.decisions.ticket import after
from intake_svc.handlers.desk import Desk
from intake_svc.store import clocks, tickets, timeline


async def handle(tx: Tx, desk: Desk, event: Event) -> None:
    """Take in one event of sla, compensation or notify.

    Raises:
        NotAnEvent: the data does not fit its type. PolicyMissing: heals by waiting.
    """
    fact = payload(event)
    await timeline.tell(tx, event)
    if (clock := clock_of(fact)) is not None:
        known = (await clocks.of(tx, event.subject)).get(clock)
        now_seen = seen(known, fact)
        if now_seen is not None and now_seen != known:
            await clocks.put(tx, event.subject, now_seen)
    if reopening.may_reopen(fact):
        await _reopen(tx, desk, event, fact)


async def _reopen(tx: Tx, desk: Desk, event: Event, heard: EventData) -> None:
    ticket = await tickets.lock(tx, event.tenantid, event.subject)
    if ticket is None:
        return
    policy = desk.policies.get(ticket.tenant, ticket.policy_version)
    resolved_at = await timeline.last_time(tx, ticket.ticket_id, TicketResolved.wire_type)
    fact = reopening.reopened_by(ticket, heard, policy, heard_at=event.time, resolved_at=resolved_at)
    if fact is None:
        return
    at = await desk.outbox.now(tx, ticket.ticket_id)
    await tickets.save(tx, after(ticket, fact, levels_up=reopening.levels_up(policy)))
    await desk.outbox.publish(tx, ticket.ticket_id, [fact], tenant=ticket.tenant, at=at, cause=event)
