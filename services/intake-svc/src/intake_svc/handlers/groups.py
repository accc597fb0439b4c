"""Group complaints (J3): noting what a ticket counts for, finding its group, linking a ticket. Each in its transaction.

A group is kept before any of its tickets is linked, and each ticket is linked in a transaction of its own: none waits
for another's, and whoever stops in between leaves the rest to be linked later.
"""

from datetime import datetime

from amends.db import Tx
from amends.events.data import EventData
from amends.policy.model import Policy
from intake_svc.decisions.groups import Complaint, Group, Incident, complaint_of, gathered, joined, linked
from intake_svc.decisions.ticket import Ticket
from intake_svc.handlers.desk import Desk
from intake_svc.store import groups, tickets


async def note(tx: Tx, ticket: Ticket, policy: Policy, at: datetime) -> None:
    """Keep what a ticket counts for, from when it was opened or classified anew."""
    if (complaint := complaint_of(policy, ticket, at)) is not None:
        await groups.count(tx, ticket.tenant, complaint)


async def find_group(tx: Tx, desk: Desk, tenant: str, ticket_id: str) -> bool:
    """Look at a complaint that waits: it joins an incident, begins one with others alike, or stands alone.

    False: another instance is at the tenant's complaints.

    Raises:
        PolicyMissing: heals by waiting.
    """
    if not await groups.hold(tx, tenant):
        return False
    if (taken := await groups.take(tx, ticket_id)) is None:
        return True
    complaint, version = taken
    if (rule := desk.policies.get(tenant, version).groups) is None:
        return True
    about = await groups.incidents_about(tx, tenant, complaint)
    incident = joined(complaint, about, rule)
    others = () if incident else await groups.alike(tx, tenant, complaint, rule.within)
    group = Group((complaint,), frozenset(), incident) if incident else gathered(complaint, others, rule)
    if group is not None:
        await _keep(tx, tenant, complaint, group, str(desk.make_id()))
    return True


async def _keep(tx: Tx, tenant: str, complaint: Complaint, group: Group, new_id: str) -> None:
    at = complaint.accepted_at
    known = group.incident or Incident(new_id, at, at)
    incident = known.with_tickets(*(one.accepted_at for one in group.tickets))
    members = [one.ticket_id for one in group.tickets]
    await groups.keep(tx, tenant, complaint.category, incident, subjects=group.subjects, tickets=members)


async def link(tx: Tx, desk: Desk, tenant: str, ticket_id: str) -> bool:
    """Link a ticket to the incidents that it belongs to, once; True when anything was published.

    Raises:
        PolicyMissing: heals by waiting.
    """
    ticket = await tickets.lock(tx, tenant, ticket_id)
    wanted = [] if ticket is None else await groups.unlinked_of(tx, tenant, ticket_id)
    if ticket is None or not wanted:
        return False
    at = await desk.outbox.now(tx, ticket_id)
    policy = desk.policies.get(tenant, ticket.policy_version)
    facts: list[EventData] = []
    for incident_id in wanted:
        ticket, told = linked(ticket, incident_id, policy)
        facts += told
        await groups.linked(tx, tenant, ticket_id, incident_id)
    if facts:
        await tickets.save(tx, ticket)
        await desk.outbox.publish(tx, ticket_id, facts, tenant=tenant, at=at)
    return bool(facts)
