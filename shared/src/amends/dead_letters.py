"""Dead letters: what could not be applied, with its cause; listed, shown, copied to the DLQ topic and redriven.

The row is the truth; the copy on `<topic>.dlq.<group>` is for tools, and one that cannot be sent blocks nothing.
"""

import asyncio
import base64
import json
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import inbox
from amends.bus.port import Bus, BusError, Message, Record
from amends.db import Tx, writing
from amends.events.codec import decode
from amends.events.envelope import Event
from amends.ids import new_id
from amends.sending import Sender

log = structlog.get_logger(__name__)

_INSERT = text("""
    INSERT INTO dead_letters (id, topic, partition, log_offset, key, value, headers, ticket_id, tenant, cause)
    VALUES (:id, :topic, :partition, :offset, :key, :value, :headers, :ticket, :tenant, :cause)
""")
_UNCOPIED = text("""
    SELECT id, topic, key, value, headers, cause FROM dead_letters
    WHERE copied_at IS NULL ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED
""")
_LIST = text("""
    SELECT d.id, d.topic, d.partition, d.log_offset, d.key, d.ticket_id, d.tenant, d.cause, d.at, d.redriven_at,
        p.reason AS parked,
        (SELECT count(*) FROM parked_events e WHERE e.ticket_id = d.ticket_id) AS queued
    FROM dead_letters d LEFT JOIN parked_tickets p ON p.dead_letter_id = d.id
    WHERE (CAST(:tenant AS text) IS NULL OR d.tenant = :tenant OR d.tenant IS NULL)
    ORDER BY d.at DESC, d.id DESC LIMIT :limit
""")


async def keep(tx: Tx, record: Record, event: Event | None, cause: str) -> UUID:
    """Keep a record that cannot be applied, and park its ticket: the event waits first in the ticket's queue."""
    letter = new_id()
    ticket = event.subject if event is not None else record.key
    values = {
        "id": letter,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "value": record.value,
        "headers": headers_to_json(record),
        "ticket": ticket,
        "tenant": event.tenantid if event is not None else None,
        "cause": cause,
    }
    await tx.execute(_INSERT, values)
    if ticket is not None:
        await inbox.park(tx, ticket, reason="poison", cause=cause, dead_letter_id=letter)
        if event is not None:
            await inbox.queue(tx, event)
    return letter


def headers_to_json(record: Record) -> str:
    """Write headers as a JSON list of [name, base64]."""
    return json.dumps([[name, base64.b64encode(value).decode()] for name, value in record.headers])


def headers_from_json(written: str) -> tuple[tuple[str, bytes], ...]:
    """Read what `headers_to_json` wrote."""
    return tuple((name, base64.b64decode(value)) for name, value in json.loads(written))


async def listed(tx: Tx, tenant: str | None, limit: int) -> list[dict[str, Any]]:
    """Return the newest dead letters of a tenant (and those whose tenant cannot be told)."""
    rows = (await tx.execute(_LIST, {"tenant": tenant, "limit": limit})).mappings()
    return [dict(row) for row in rows]


async def redrive(tx: Tx, letter_id: UUID, handle: inbox.Handle) -> int | None:
    """Apply the parked ticket's queue in the order it came and unpark the ticket.

    Returns how many events were applied, None when there is no such letter. An exception of the handler leaves
    everything as it was: the caller's transaction rolls back.
    """
    query = text("SELECT ticket_id, value, headers FROM dead_letters WHERE id = :id FOR UPDATE")
    letter = (await tx.execute(query, {"id": letter_id})).first()
    if letter is None:
        return None
    applied = await _apply_queue(tx, letter, handle)
    await tx.execute(text("UPDATE dead_letters SET redriven_at = now() WHERE id = :id"), {"id": letter_id})
    return applied


async def _apply_queue(tx: Tx, letter: Any, handle: inbox.Handle) -> int:
    ticket_id = letter[0]
    decode(headers_from_json(letter[2]), bytes(letter[1]))  # what is no event cannot be redriven: NotAnEvent says why
    await tx.execute(text("DELETE FROM parked_tickets WHERE ticket_id = :ticket"), {"ticket": ticket_id})
    drained = text("DELETE FROM parked_events WHERE ticket_id = :ticket RETURNING position, event")
    rows = (await tx.execute(drained, {"ticket": ticket_id})).all()
    applied = 0
    for _, event in sorted(rows, key=lambda row: row[0]):
        arrival = await inbox.arrive(tx, decode((), event.encode()), handle)
        applied += arrival is inbox.Arrival.APPLIED
    return applied


async def send_copies(engine: AsyncEngine, bus: Bus, group: str, *, every_s: float = 1.0) -> None:
    """Copy new dead letters to their DLQ topics until cancelled. At least once; failures wait for the next round."""
    sender = Sender(bus)
    try:
        while True:
            try:
                await _send_round(engine, sender, group)
            except BusError as error:
                log.warning("dead letters not copied to the bus yet", error=str(error))
            await asyncio.sleep(every_s)
    finally:
        await sender.stop()


async def _send_round(engine: AsyncEngine, sender: Sender, group: str) -> None:
    async with writing(engine) as tx:
        rows = (await tx.execute(_UNCOPIED)).all()
        ids = [row[0] for row in rows]
        # Marked before they are sent: a transaction must not wait for the network. A copy is for tools only.
        await tx.execute(text("UPDATE dead_letters SET copied_at = now() WHERE id = ANY(:ids)"), {"ids": ids})
    if not rows:
        return
    messages = [
        Message(
            f"{topic}.dlq.{group}", key or "", bytes(value), (*headers_from_json(headers), ("cause", cause.encode()))
        )
        for _, topic, key, value, headers, cause in rows
    ]
    try:
        await sender.send_all(messages)
    except BusError:
        async with writing(engine) as tx:
            await tx.execute(text("UPDATE dead_letters SET copied_at = NULL WHERE id = ANY(:ids)"), {"ids": ids})
        raise
