"""What a service does beside its job: reading policies, measuring itself, forgetting what it may forget."""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import inbox
from amends.bus.port import Bus, Record, TopicPartition
from amends.clock import monotonic_s
from amends.db import claiming, reading
from amends.events.codec import decode, encode_structured
from amends.events.problems import NotAnEvent
from amends.metrics import CONSUMER_LAG, OUTBOX_AGE_S, OUTBOX_UNSENT, PARKED_NOW, WATERMARK_AGE_S
from amends.policy.book import PolicyBook
from amends.sending import event_of
from amends.watermark import WatermarkPublisher

log = structlog.get_logger(__name__)

POLICY_TOPIC = "amends.policy.v1"
KEPT_DAYS = 30
"""How long event ids and idempotency keys are kept (CONTRACT §6, DESIGN 2)."""

_OUTBOX = text("""
    SELECT count(*), COALESCE(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)
    FROM outbox WHERE sent_at IS NULL
""")
_COPY = text("""
    INSERT INTO policy_copies (tenant, version, event) VALUES (:tenant, :version, :event) ON CONFLICT DO NOTHING
""")
_FORGET = (
    """DELETE FROM inbox_ids WHERE id IN
    (SELECT id FROM inbox_ids WHERE seen_at < now() - :days * interval '1 day' LIMIT 5000)""",
    """DELETE FROM idempotency WHERE scope IN
    (SELECT scope FROM idempotency WHERE at < now() - :days * interval '1 day' LIMIT 5000)""",
)


async def read_policies(engine: AsyncEngine, bus: Bus, book: PolicyBook, known: asyncio.Event) -> None:
    """Keep the book up to date from the policy topic's start, without group or position (DESIGN 11).

    A copy of each is kept, so that a service that starts while the bus is away goes on with what it knew. `known` is set
    once the topic has been read to its end, or there are copies.
    """
    async with reading(engine) as tx:
        for (written,) in await tx.execute(text("SELECT event FROM policy_copies ORDER BY tenant, version")):
            book.add(decode((), written.encode()))
            known.set()
    reader = await bus.reader(POLICY_TOPIC, "earliest")
    try:
        while True:
            for record in await reader.poll(max_records=100, timeout_s=1.0):
                await _take_policy(engine, book, record)
            if not known.is_set() and await reader.caught_up():
                known.set()
    finally:
        await reader.stop()


async def _take_policy(engine: AsyncEngine, book: PolicyBook, record: Record) -> None:
    try:
        event = event_of(record)
        entry = book.add(event)
    except (NotAnEvent, ValueError) as error:
        log.error("a record on the policy topic is not usable", offset=record.offset, error=str(error))
        return
    values = {"tenant": entry.tenant, "version": entry.version, "event": encode_structured(event).decode()}
    async with claiming(engine) as tx:
        await tx.execute(_COPY, values)


async def measure(
    engine: AsyncEngine, bus: Bus, topics: Sequence[str], publisher: WatermarkPublisher, *, every_s: float = 5.0
) -> None:
    """Refresh the gauges until cancelled."""
    while True:
        async with reading(engine) as tx:
            unsent, age_s = (await tx.execute(_OUTBOX)).one()
            parked = (
                await tx.execute(text("SELECT reason, count(*) AS tickets FROM parked_tickets GROUP BY reason"))
            ).all()
            stored = await inbox.positions(tx, topics)
        OUTBOX_UNSENT.set(unsent)
        OUTBOX_AGE_S.set(float(age_s))
        if publisher.published_at_s is not None:
            WATERMARK_AGE_S.set(monotonic_s() - publisher.published_at_s)
        counts = {"gap": 0, "poison": 0} | {row.reason: row.tickets for row in parked}
        for reason, count in counts.items():
            PARKED_NOW.labels(reason).set(count)
        for topic in topics:
            for partition, end in (await bus.end_offsets(topic)).items():
                behind = end - stored.get(TopicPartition(topic, partition), 0)
                CONSUMER_LAG.labels(topic, str(partition)).set(max(0, behind))
        await asyncio.sleep(every_s)


async def forget(engine: AsyncEngine, *, every_s: float = 3600.0) -> None:
    """Delete what is older than it must be kept, in small batches, until cancelled."""
    while True:
        for statement in _FORGET:
            deleted = 1
            while deleted:
                async with claiming(engine) as tx:
                    deleted = (await tx.execute(text(statement), {"days": KEPT_DAYS})).rowcount
        await asyncio.sleep(every_s)
