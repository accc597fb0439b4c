"""A ticket's events 1…n as they came, and the breaches that wait for some of them."""

from collections.abc import Sequence

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import decode, encode_structured
from amends.events.envelope import Event

_LOCK = text("""
    INSERT INTO tickets AS t (ticket_id, tenant, last_sequence) VALUES (:ticket, :tenant, 0)
    ON CONFLICT (ticket_id) DO UPDATE SET last_sequence = t.last_sequence RETURNING last_sequence
""")
_KEEP = text("INSERT INTO ticket_events (ticket_id, sequence, event) VALUES (:ticket, :sequence, :event)")
_ADVANCE = text("UPDATE tickets SET last_sequence = :sequence WHERE ticket_id = :ticket")
_EVENTS = text("""
    SELECT event FROM ticket_events WHERE ticket_id = :ticket AND sequence > :after
    AND (CAST(:up_to AS bigint) IS NULL OR sequence <= :up_to) ORDER BY sequence
""")
_WAIT = text("""
    INSERT INTO pending_breaches (ticket_id, sla_sequence, as_of_sequence, event)
    VALUES (:ticket, :sla_sequence, :as_of, :event) ON CONFLICT DO NOTHING
""")
_TAKE_DUE = text("""
    DELETE FROM pending_breaches WHERE ticket_id = :ticket AND as_of_sequence <= :sequence
    RETURNING sla_sequence, event
""")


async def lock(tx: Tx, ticket_id: str, tenant: str) -> int:
    """Lock a ticket until the transaction ends, known or not, and return the last sequence kept of it."""
    return (await tx.execute(_LOCK, {"ticket": ticket_id, "tenant": tenant})).scalar_one()  # type: ignore[no-any-return]


async def tenant_of(tx: Tx, ticket_id: str) -> str | None:
    """Return whose ticket it is; None for one that never came here."""
    query = text("SELECT tenant FROM tickets WHERE ticket_id = :ticket AND last_sequence > 0")
    return (await tx.execute(query, {"ticket": ticket_id})).scalar()


async def keep(tx: Tx, event: Event) -> None:
    """Keep a ticket's next event; the ticket is locked, and the inbox has seen to the order."""
    values = {"ticket": event.subject, "sequence": event.sequence}
    await tx.execute(_KEEP, values | {"event": encode_structured(event).decode()})
    await tx.execute(_ADVANCE, values)


async def events(tx: Tx, ticket_id: str, *, after: int = 0, up_to: int | None = None) -> Sequence[Event]:
    """Return a ticket's events with `after` < sequence ≤ `up_to`, in order."""
    rows = await tx.execute(_EVENTS, {"ticket": ticket_id, "after": after, "up_to": up_to})
    return [decode((), row[0].encode()) for row in rows]


async def let_wait(tx: Tx, breach: Event, as_of_sequence: int) -> None:
    """Keep a breach until the ticket's events up to `as_of_sequence` are here."""
    values = {"ticket": breach.subject, "sla_sequence": breach.sequence or 0, "as_of": as_of_sequence}
    await tx.execute(_WAIT, values | {"event": encode_structured(breach).decode()})


async def take_due(tx: Tx, ticket_id: str, sequence: int) -> Sequence[Event]:
    """Take out the breaches whose events are now here, in the order sla declared them."""
    rows = (await tx.execute(_TAKE_DUE, {"ticket": ticket_id, "sequence": sequence})).all()
    return [decode((), row[1].encode()) for row in sorted(rows, key=lambda row: row[0])]
