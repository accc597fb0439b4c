"""Who pays for what was issued: the responsible party, once it is found (RULEBOOK B, Payer)."""

from datetime import datetime

from amends.db import Tx
from amends.events.data import EventData
from amends.events.envelope import Event
from compensation_svc.decisions.charging import charge_for
from compensation_svc.decisions.ticket import TicketView, view_of
from compensation_svc.handlers.balancing import post
from compensation_svc.handlers.ports import Ports
from compensation_svc.store import remedies, remedy_changes, tickets
from compensation_svc.store.remedies import Remedy


async def charge(tx: Tx, ports: Ports, remedy: Remedy, view: TicketView, at: datetime) -> list[EventData]:
    """Write down who is charged for an issued remedy and return the fact to publish; nothing if nobody is known yet."""
    if remedy.charged_at is not None:
        return []
    charge = charge_for(str(remedy.remedy_id), remedy.rule, *remedy.money, view)
    if charge is None:
        return []
    party = charge.fact.party
    await post(tx, ports, remedy, charge.movement, at)
    await remedy_changes.change(tx, remedy.remedy_id, charged_kind=party.kind, charged_id=party.id, charged_at=at)
    return [charge.fact]


async def recover(tx: Tx, ports: Ports, ticket_id: str, cause: Event) -> None:
    """Recover from suspense what was issued before the responsible party was found; the ticket is locked."""
    open_ones = [one for one in await remedies.of_ticket(tx, ticket_id) if one.state == "issued"]
    if not open_ones:
        return
    view = view_of(await tickets.events(tx, ticket_id))
    at = await ports.outbox.now(tx, ticket_id)
    facts = [fact for remedy in open_ones for fact in await charge(tx, ports, remedy, view, at)]
    await ports.outbox.publish(tx, ticket_id, facts, tenant=view.tenant, at=at, cause=cause)
