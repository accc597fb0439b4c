"""The inbox: effects exactly once under delivery at least once (DESIGN 2, 10).

Per (source, ticket) the last `sequence` is kept: last + 1 applies, ≤ last is a duplicate, a gap parks the ticket until
the missing event is there. An event that cannot be applied parks its ticket with the cause; later events of that ticket
queue behind it, in order, and are applied when it is redriven. Events without a sequence are told apart by id.

While a ticket is parked none of its timers fires and no new money call starts: ask `is_parked`, or join
`parked_tickets` in SQL.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from uuid import UUID

from sqlalchemy import text

from amends.bus.port import TopicPartition
from amends.db import Tx
from amends.events.codec import decode, encode_structured
from amends.events.envelope import Event

Handle = Callable[[Tx, Event], Awaitable[None]]
"""A service's handler of one event: load, decide, save, in the transaction it is given."""


class Arrival(Enum):
    """What became of an event that arrived."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    QUEUED = "queued"


_ENSURE_POSITION = text("""
    INSERT INTO positions (topic, partition, next_offset) VALUES (:topic, :partition, -1) ON CONFLICT DO NOTHING
""")
_LOCK_POSITION = text("SELECT next_offset FROM positions WHERE topic = :topic AND partition = :partition FOR UPDATE")
_SAVE_POSITION = text("UPDATE positions SET next_offset = :next WHERE topic = :topic AND partition = :partition")
_LOCK_SEQUENCE = text("""
    INSERT INTO inbox_sequences AS i (source, ticket_id, last_sequence) VALUES (:source, :ticket, 0)
    ON CONFLICT (source, ticket_id) DO UPDATE SET last_sequence = i.last_sequence
    RETURNING last_sequence, (SELECT reason FROM parked_tickets WHERE ticket_id = :ticket)
""")
_SAVE_SEQUENCE = text("""
    UPDATE inbox_sequences SET last_sequence = :sequence WHERE source = :source AND ticket_id = :ticket
""")
_SEEN_ID = text("INSERT INTO inbox_ids (id) VALUES (:id) ON CONFLICT DO NOTHING RETURNING id")
_PARK = text("""
    INSERT INTO parked_tickets (ticket_id, reason, cause, dead_letter_id) VALUES (:ticket, :reason, :cause, :letter)
    ON CONFLICT (ticket_id) DO UPDATE SET reason = excluded.reason, cause = excluded.cause,
        dead_letter_id = excluded.dead_letter_id
    WHERE parked_tickets.reason = 'gap'
""")
_QUEUE = text("""
    INSERT INTO parked_events (ticket_id, source, sequence, event_id, event)
    VALUES (:ticket, :source, :sequence, :id, :event) ON CONFLICT (event_id) DO NOTHING
""")
_NEXT_QUEUED = text("""
    DELETE FROM parked_events WHERE ticket_id = :ticket AND source = :source AND sequence = :sequence RETURNING event
""")
_UNPARK_GAP = text("""
    DELETE FROM parked_tickets p WHERE p.ticket_id = :ticket AND p.reason = 'gap'
    AND NOT EXISTS (SELECT 1 FROM parked_events e WHERE e.ticket_id = p.ticket_id)
""")


async def lock_position(tx: Tx, at: TopicPartition) -> int | None:
    """Lock a partition's stored position and return the next offset to process; None when it has none yet.

    Every member of the group takes this lock first: a fenced member that still holds records waits here, then sees that
    they are done.
    """
    where = {"topic": at.topic, "partition": at.partition}
    await tx.execute(_ENSURE_POSITION, where)
    stored: int = (await tx.execute(_LOCK_POSITION, where)).scalar_one()
    return None if stored < 0 else stored


async def save_position(tx: Tx, at: TopicPartition, next_offset: int) -> None:
    """Store the next offset, in the transaction of what came before it."""
    await tx.execute(_SAVE_POSITION, {"topic": at.topic, "partition": at.partition, "next": next_offset})


async def positions(tx: Tx, topics: Sequence[str]) -> Mapping[TopicPartition, int]:
    """Return the stored next offsets of these topics."""
    query = text("SELECT topic, partition, next_offset FROM positions WHERE topic = ANY(:topics) AND next_offset >= 0")
    rows = await tx.execute(query, {"topics": list(topics)})
    return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}


async def arrive(tx: Tx, event: Event, handle: Handle) -> Arrival:
    """Apply the event if it is the next of its ticket and source; drop a duplicate; queue what must wait."""
    if event.sequence is None:
        return await _arrive_unnumbered(tx, event, handle)
    where = {"source": event.source, "ticket": event.subject}
    last, parked = (await tx.execute(_LOCK_SEQUENCE, where)).one()
    if event.sequence <= last:
        return Arrival.DUPLICATE
    if parked == "poison" or event.sequence > last + 1:
        if parked is None:
            cause = f"event {event.sequence} of {event.source} came, {last + 1} is missing"
            await park(tx, event.subject, reason="gap", cause=cause)
        await queue(tx, event)
        return Arrival.QUEUED
    await handle(tx, event)
    await _apply_queued(tx, event, handle, gap=parked == "gap")
    return Arrival.APPLIED


async def park(tx: Tx, ticket_id: str, *, reason: str, cause: str, dead_letter_id: UUID | None = None) -> None:
    """Park a ticket: `gap` heals when the missing event arrives, `poison` waits for a redrive."""
    await tx.execute(_PARK, {"ticket": ticket_id, "reason": reason, "cause": cause, "letter": dead_letter_id})


async def queue(tx: Tx, event: Event) -> None:
    """Keep an event of a parked ticket for later."""
    values = {"ticket": event.subject, "source": event.source, "sequence": event.sequence, "id": event.id}
    await tx.execute(_QUEUE, values | {"event": encode_structured(event).decode()})


async def is_parked(tx: Tx, ticket_id: str) -> bool:
    """Say whether the ticket is parked, for whatever reason."""
    query = text("SELECT EXISTS (SELECT 1 FROM parked_tickets WHERE ticket_id = :ticket)")
    return bool((await tx.execute(query, {"ticket": ticket_id})).scalar_one())


async def _arrive_unnumbered(tx: Tx, event: Event, handle: Handle) -> Arrival:
    if (await tx.execute(_SEEN_ID, {"id": event.id})).first() is None:
        return Arrival.DUPLICATE
    await handle(tx, event)
    return Arrival.APPLIED


async def _apply_queued(tx: Tx, event: Event, handle: Handle, *, gap: bool) -> None:
    """Apply what had waited for this very event, as long as it follows without another gap."""
    where = {"source": event.source, "ticket": event.subject}
    last = event.sequence or 0
    while gap and (row := (await tx.execute(_NEXT_QUEUED, where | {"sequence": last + 1})).first()):
        await handle(tx, decode((), row[0].encode()))
        last += 1
    await tx.execute(_SAVE_SEQUENCE, where | {"sequence": last})
    if gap:
        await tx.execute(_UNPARK_GAP, {"ticket": event.subject})
