"""The relay: sends what the outbox holds, per shard in the order of each ticket's sequence (DESIGN 3).

A shard is held by an advisory lock on a direct connection of the relay's own, for one batch at a time, so that several
instances of a service share the shards. A failed send stops the shard, and the producer is made anew. If the lock is
lost unseen, the worst is a duplicate, which every consumer drops by sequence.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from itertools import takewhile

import asyncpg
import structlog

from amends.bus.port import Ack, Bus, BusError, Message
from amends.db import plain_url
from amends.events.codec import decode
from amends.sending import Sender, message_of
from amends.tables import SHARDS

log = structlog.get_logger(__name__)

SHARD_LOCK_CLASS = 0x0A4D
"""First key of the advisory locks that hold shards; the second is the shard."""

_BUSY_SHARDS = """
    SELECT s FROM generate_series(0, $1::int - 1) s
    WHERE EXISTS (SELECT 1 FROM outbox WHERE shard = s AND sent_at IS NULL)
"""
_BATCH = """
    SELECT id, topic, key, event FROM outbox WHERE shard = $1 AND sent_at IS NULL ORDER BY time, id LIMIT $2
"""
_ACKNOWLEDGE = """
    WITH sent AS (UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY($1::uuid[]))
    INSERT INTO sent_offsets AS o (topic, partition, next_offset)
    SELECT topic, partition, max(next_offset)
    FROM unnest($2::text[], $3::int[], $4::bigint[]) AS a (topic, partition, next_offset)
    GROUP BY topic, partition ORDER BY topic, partition
    ON CONFLICT (topic, partition) DO UPDATE SET next_offset = GREATEST(o.next_offset, excluded.next_offset)
"""


class Relay:
    """One instance's relay. `wake` it after a commit; it also looks by itself every `sweep_s`."""

    def __init__(self, database_url: str, bus: Bus, *, batch: int = 500, sweep_s: float = 0.25) -> None:
        self._url = plain_url(database_url)
        self._bus = bus
        self._batch = batch
        self._sweep_s = sweep_s
        self._wake = asyncio.Event()
        self._sender = Sender(bus)

    def wake(self) -> None:
        """Say that something was committed."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Raises when the database is lost: the caller starts it again with backoff."""
        connection = await asyncpg.connect(self._url, timeout=5)
        try:
            while True:
                self._wake.clear()
                try:
                    moved = await self.sweep(connection)
                except BusError as error:
                    log.warning("bus away, the outbox keeps the events", error=str(error))
                    await asyncio.sleep(self._sweep_s * 4)
                    continue
                if not moved:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._sweep_s):
                            await self._wake.wait()
        finally:
            await self._sender.stop()
            await connection.close(timeout=2)

    async def sweep(self, connection: asyncpg.Connection) -> int:
        """Send one batch of every shard that has something and is free; return how many were acknowledged."""
        moved = 0
        for (shard,) in await connection.fetch(_BUSY_SHARDS, SHARDS):
            if await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", SHARD_LOCK_CLASS, shard):
                try:
                    moved += await self._send_shard(connection, shard)
                finally:
                    await connection.execute("SELECT pg_advisory_unlock($1, $2)", SHARD_LOCK_CLASS, shard)
        return moved

    async def _send_shard(self, connection: asyncpg.Connection, shard: int) -> int:
        rows = await connection.fetch(_BATCH, shard, self._batch)
        if not rows:
            return 0
        answers = await self._sender.send([self._message(row) for row in rows])
        acknowledged = list(takewhile(lambda pair: isinstance(pair[1], Ack), zip(rows, answers, strict=True)))
        await self._acknowledge(connection, acknowledged)
        if len(acknowledged) < len(rows):
            raise next(answer for answer in answers if isinstance(answer, BusError))
        return len(rows)

    async def _acknowledge(
        self, connection: asyncpg.Connection, pairs: Sequence[tuple[asyncpg.Record, Ack | BusError]]
    ) -> None:
        landed = [(row, ack) for row, ack in pairs if isinstance(ack, Ack)]
        if landed:
            await connection.execute(
                _ACKNOWLEDGE,
                [row["id"] for row, _ in landed],
                [row["topic"] for row, _ in landed],
                [ack.partition for _, ack in landed],
                [ack.offset + 1 for _, ack in landed],
            )

    def _message(self, row: asyncpg.Record) -> Message:
        return message_of(decode((), row["event"].encode()), row["topic"], self._bus.content_mode)
