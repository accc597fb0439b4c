"""Watermarks: up to which event time everything that a service recorded is on the bus (DESIGN, "provable").

The publisher's five steps are proven in this order and in no other; each line of `advance` names its step.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from amends.bus.port import Bus, BusError, Message, Reader, TopicPartition
from amends.clock import monotonic_s
from amends.db import plain_url
from amends.events.envelope import Event
from amends.events.problems import NotAnEvent
from amends.events.registry import payload
from amends.events.schema import dataschema_uri
from amends.events.watermark import WatermarkAdvanced
from amends.ids import new_id
from amends.sending import Sender, event_of, message_of
from amends.tables import SHARDS

log = structlog.get_logger(__name__)

WATERMARK_TOPIC = "amends.watermark.v1"
EVERY_TENANT = "*"
"""A watermark speaks for all tenants of its service."""

PUBLISHER_LOCK = 0x0A4D_0001
"""Advisory lock of the one publisher per service; a second one that slipped through would do no harm."""

_SAVE = "UPDATE watermark SET up_to = GREATEST(domain_now(), up_to) RETURNING up_to"
_OLDER_WRITERS = """
    SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
    AND backend_xid IS NOT NULL AND age(backend_xid) > age($1::text::xid8::xid))
"""
_UNSENT = """
    SELECT EXISTS (SELECT 1 FROM generate_series(0, $1::int - 1) s WHERE EXISTS
    (SELECT 1 FROM outbox WHERE shard = s AND sent_at IS NULL AND time <= $2))
"""
_ACKNOWLEDGED = """
    WITH published AS (UPDATE watermark SET published_up_to = GREATEST(published_up_to, $1))
    SELECT topic, partition, next_offset FROM sent_offsets
"""


class WatermarkPublisher:
    """Publishes one service's watermarks on a direct connection of its own, while it holds the lock."""

    def __init__(
        self, database_url: str, bus: Bus, *, source: str, topics: Sequence[str], interval_s: float = 0.1
    ) -> None:
        self._url = plain_url(database_url)
        self._bus = bus
        self._source = source
        self._topics = tuple(topics)
        self._interval_s = interval_s
        self._sender = Sender(bus)
        self.published_at_s: float | None = None
        """When (monotonic seconds) this instance last published: for the age metric. None while another does."""

    async def run(self) -> None:
        """Publish until cancelled. Raises when the database is lost: the caller starts it again with backoff."""
        connection = await asyncpg.connect(self._url, timeout=5)
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", PUBLISHER_LOCK):
                await asyncio.sleep(1)
            while True:
                try:
                    await self.advance(connection)
                except BusError as error:
                    log.warning("bus away, deadlines wait", error=str(error))
                    await asyncio.sleep(1)
                await asyncio.sleep(self._interval_s)
        finally:
            await self._sender.stop()
            await connection.close(timeout=2)

    async def advance(self, connection: asyncpg.Connection) -> datetime:
        """Take one watermark through all five steps and return its instant."""
        up_to: datetime = await connection.fetchval(_SAVE)  # (1) saved, autocommit
        barrier = await connection.fetchval("SELECT pg_current_xact_id()::text")  # (2) in a new transaction
        while await connection.fetchval(_OLDER_WRITERS, barrier):  # (3) who may still write at or below it
            await asyncio.sleep(0.005)
        while await connection.fetchval(_UNSENT, SHARDS, up_to):  # (4) in later transactions
            await asyncio.sleep(0.01)
        offsets = await connection.fetch(_ACKNOWLEDGED, up_to)
        await self._publish(up_to, [(row[0], row[1], row[2]) for row in offsets])  # (5)
        self.published_at_s = monotonic_s()
        return up_to

    async def _publish(self, up_to: datetime, offsets: Sequence[tuple[str, int, int]]) -> None:
        await self._sender.send_all([self._message(topic, up_to, offsets) for topic in self._topics])

    def _message(self, topic: str, up_to: datetime, offsets: Sequence[tuple[str, int, int]]) -> Message:
        ends = {partition: end for name, partition, end in offsets if name == topic}
        data = WatermarkAdvanced(topic=topic, up_to=up_to, end_offsets=ends)
        subject, event_id = f"topic/{topic}", str(new_id())
        event = Event(
            id=event_id,
            source=self._source,
            type=data.wire_type,
            subject=subject,
            time=up_to,
            partitionkey=subject,
            tenantid=EVERY_TENANT,
            data=data.to_data(),
            dataschema=dataschema_uri(data.wire_type),
            correlationid=event_id,
        )
        return message_of(event, WATERMARK_TOPIC, self._bus.content_mode)


@dataclass(frozen=True, slots=True)
class Watermark:
    """A promise: what was recorded for the topic at or before `up_to` lies below `end_offsets` on the bus."""

    up_to: datetime
    end_offsets: Mapping[int, int]

    def covered_by(self, topic: str, positions: Mapping[TopicPartition, int]) -> bool:
        """Say whether a consumer with these next offsets has stored everything the promise is about."""
        return all(positions.get(TopicPartition(topic, p), 0) >= end for p, end in self.end_offsets.items())


class WatermarkView:
    """The watermarks that this instance has read, from the topic's end on, without group or position."""

    def __init__(self, bus: Bus, *, kept: int = 2_000) -> None:
        self._bus = bus
        self._kept = kept
        self._by_topic: dict[str, deque[Watermark]] = {}
        self._advanced = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled. Raises BusError while the bus is away: the caller starts it again with backoff."""
        reader: Reader = await self._bus.reader(WATERMARK_TOPIC, "latest")
        try:
            while True:
                for record in await reader.poll(max_records=500, timeout_s=1.0):
                    try:
                        self.add(event_of(record))
                    except NotAnEvent as error:
                        log.warning("a record on the watermark topic is no event", error=str(error))
        finally:
            await reader.stop()

    def add(self, event: Event) -> None:
        """Take note of a watermark."""
        data = payload(event)
        if not isinstance(data, WatermarkAdvanced):
            return
        kept = self._by_topic.setdefault(data.topic, deque(maxlen=self._kept))
        kept.append(Watermark(data.up_to, data.end_offsets))
        self._advanced.set()

    async def wait_for_advance(self, timeout_s: float) -> None:
        """Return at the next watermark, or after the limit."""
        self._advanced.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._advanced.wait()

    def instants(self, topic: str, after: datetime | None) -> list[datetime]:
        """Return up to which instants this topic's watermarks have spoken, oldest first, beyond one: those still kept."""
        kept = self._by_topic.get(topic, ())
        return [mark.up_to for mark in kept if after is None or mark.up_to > after]

    def reached(self, topics: Sequence[str], positions: Mapping[TopicPartition, int]) -> datetime | None:
        """Return the event time up to which *all* of these topics are stored completely; None when not known yet."""
        per_topic = [self._reached(topic, positions) for topic in topics]
        known = [at for at in per_topic if at is not None]
        return min(known) if len(known) == len(per_topic) else None

    def _reached(self, topic: str, positions: Mapping[TopicPartition, int]) -> datetime | None:
        # Neither instant nor offsets ever go back, so the newest that is covered says most; asked at every watermark.
        newest_first = reversed(self._by_topic.get(topic, ()))
        return next((w.up_to for w in newest_first if w.covered_by(topic, positions)), None)
