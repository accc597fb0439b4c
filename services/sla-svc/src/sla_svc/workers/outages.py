"""Watching the ticket watermark for jumps (DESIGN, "An intake outage"), whoever of the instances was there to see them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.bus.port import Bus, Record
from amends.clock import monotonic_s, real_now
from amends.db import claiming, reading
from amends.events.problems import NotAnEvent
from amends.events.registry import TICKET_TOPIC, payload
from amends.events.watermark import WatermarkAdvanced
from amends.sending import event_of
from amends.watermark import WATERMARK_TOPIC, WatermarkView
from sla_svc.decisions.outages import jumps
from sla_svc.store import outages
from sla_svc.store.outages import Seen

log = structlog.get_logger(__name__)

ReadBack = Callable[[datetime, datetime], Awaitable[Sequence[datetime]]]
"""(from a real instant, until a watermark's domain instant) → the ticket watermarks on the bus between, in order."""

SAVED_EVERY_S = 5.0
"""How often (real time) what was seen is written down; a restart reads the rest back from the bus."""
_MARGIN = timedelta(seconds=60)


def read_back_from(bus: Bus) -> ReadBack:
    """Return how ticket watermarks are read back that came while no instance listened; the bus keeps an hour of them."""

    async def read(since: datetime, until: datetime) -> Sequence[datetime]:
        found: list[datetime] = []
        reader = await bus.reader(WATERMARK_TOPIC, since)
        try:
            while not (found and found[-1] >= until):
                records = await reader.poll(max_records=1000, timeout_s=1.0)
                found += [at for record in records if (at := _ticket_watermark(record)) is not None]
                if not records and await reader.caught_up():
                    break
        finally:
            await reader.stop()
        return found

    return read


def _ticket_watermark(record: Record) -> datetime | None:
    try:
        data = payload(event_of(record))
    except NotAnEvent:
        return None
    return data.up_to if isinstance(data, WatermarkAdvanced) and data.topic == TICKET_TOPIC else None


@dataclass(slots=True)
class OutageWatch:
    """One instance's watch. `hold_after`: in domain time; a larger jump is an outage.

    What nobody saw and the bus has forgotten counts as a jump: a remedy too many waits for a person then, none is paid
    because intake was away.
    """

    engine: AsyncEngine
    watermarks: WatermarkView
    read_back: ReadBack
    hold_after: timedelta
    _last: Seen | None = None
    _saved_s: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Watch until cancelled, also while a long round of the applier is under way."""
        while True:
            await self.watermarks.wait_for_advance(1.0)
            await self.note()

    async def note(self) -> None:
        """Take note of the ticket watermarks that have come since the last time; then every jump among them is kept.

        Raises what the database or the bus raises; nothing may be applied beyond what was not noted.
        """
        async with self._lock:
            came = self.watermarks.instants(TICKET_TOPIC, None if self._last is None else self._last.up_to)
            if not came:
                return
            found = jumps([*await self._until(came[0]), *came], self.hold_after)
            if found or monotonic_s() - self._saved_s >= SAVED_EVERY_S:
                async with claiming(self.engine) as tx:
                    await outages.add(tx, found)
                    await outages.see(tx, TICKET_TOPIC, came[-1])
                self._saved_s = monotonic_s()
            for outage in found:
                told = {"since": outage.since.isoformat(), "until": outage.until.isoformat()}
                log.warning("intake was away: deadlines in this time wait for a person", **told)
            self._last = Seen(came[-1], real_now())

    async def _until(self, first: datetime) -> list[datetime]:
        """Return the watermarks from the last that was seen, here or by another instance, up to the first that has come.

        A silence may be ours: an instance that was away, a reader that had lost the bus. What the bus has kept says.
        """
        last = self._last
        if last is None:
            async with reading(self.engine) as tx:
                last = await outages.seen(tx, TICKET_TOPIC)
        if last is None:
            return []
        if first - last.up_to <= self.hold_after:
            return [last.up_to]
        missed = await self.read_back(last.seen_at - _MARGIN, first)
        return [last.up_to, *(at for at in missed if last.up_to < at < first)]
