"""Events as they arrived: stored in any order, read in event time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import decode, encode_structured
from amends.events.envelope import Event
from sla_svc.decisions.robot import Switch

_NEW_TICKET = text("""
    INSERT INTO tickets (ticket_id, tenant, policy_version) VALUES (:ticket, :tenant, :version) ON CONFLICT DO NOTHING
""")
_KEEP = text("""
    INSERT INTO events (id, ticket_id, time, event) VALUES (:id, :ticket, :time, :event) ON CONFLICT DO NOTHING
""")
_KEEP_SWITCH = text("""
    INSERT INTO robot_switches (tenant, time, is_on) VALUES (:tenant, :time, :is_on) ON CONFLICT DO NOTHING
""")
_UNAPPLIED = text("""
    SELECT ticket_id, event FROM events WHERE ticket_id = ANY(:tickets) AND applied_at IS NULL AND time <= :up_to
""")
_APPLIED = text("UPDATE events SET applied_at = clock_timestamp() WHERE id = ANY(:ids)")
_LAST = text("SELECT event FROM events WHERE ticket_id = :ticket ORDER BY time DESC, id DESC LIMIT 1")
_SWITCHES = text("SELECT tenant, time, is_on FROM robot_switches WHERE tenant = ANY(:tenants) ORDER BY time")


async def add_ticket(tx: Tx, ticket_id: str, tenant: str, policy_version: int) -> None:
    """Make the ticket's row, without clocks yet."""
    await tx.execute(_NEW_TICKET, {"ticket": ticket_id, "tenant": tenant, "version": policy_version})


async def keep(tx: Tx, event: Event) -> None:
    """Store an event of a ticket until its time has come."""
    written = encode_structured(event).decode()
    await tx.execute(_KEEP, {"id": event.id, "ticket": event.subject, "time": event.time, "event": written})


async def keep_switch(tx: Tx, tenant: str, at: datetime, *, is_on: bool) -> None:
    """Store that a tenant's robot was switched."""
    await tx.execute(_KEEP_SWITCH, {"tenant": tenant, "time": at, "is_on": is_on})


async def unapplied(tx: Tx, tickets: Sequence[str], up_to: datetime) -> dict[str, list[Event]]:
    """Return what these tickets have waiting at or before an instant, in no order."""
    waiting: dict[str, list[Event]] = {ticket: [] for ticket in tickets}
    for ticket, written in await tx.execute(_UNAPPLIED, {"tickets": list(tickets), "up_to": up_to}):
        waiting[ticket].append(decode((), written.encode()))
    return waiting


async def mark_applied(tx: Tx, ids: Sequence[str]) -> None:
    """Note that these events have been applied."""
    if ids:
        await tx.execute(_APPLIED, {"ids": list(ids)})


async def last(tx: Tx, ticket_id: str) -> Event | None:
    """Return the ticket's latest stored event."""
    written = (await tx.execute(_LAST, {"ticket": ticket_id})).scalar()
    return None if written is None else decode((), written.encode())


async def switches(tx: Tx, tenants: Sequence[str]) -> dict[str, list[Switch]]:
    """Return when the robots of these tenants were switched, oldest first."""
    found: dict[str, list[Switch]] = {tenant: [] for tenant in tenants}
    for tenant, at, is_on in await tx.execute(_SWITCHES, {"tenants": list(tenants)}):
        found[tenant].append((at, is_on))
    return found
