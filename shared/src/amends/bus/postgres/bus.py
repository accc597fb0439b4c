"""The embedded bus: a durable log in a PostgreSQL database of its own (DESIGN, decision 6)."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal, TypeVar

from amends.bus.port import BusError, StartAt, TopicSpec
from amends.bus.postgres.consumer import LogConsumer
from amends.bus.postgres.database import LogDatabase
from amends.bus.postgres.directory import Directory
from amends.bus.postgres.producer import LogProducer
from amends.bus.postgres.reader import LogReader
from amends.bus.postgres.retention import sweep_once
from amends.bus.settings import BusSettings

Opened = TypeVar("Opened", LogConsumer, LogReader)


class PostgresBus:
    """A connection to the embedded log at a `postgresql://` URL, whose database is the bus's own."""

    content_mode: Literal["binary", "structured"] = "structured"

    def __init__(self, url: str, settings: BusSettings) -> None:
        self._settings = settings
        self._database = LogDatabase(url, settings)
        self._directory = Directory(self._database)
        self._open: list[LogConsumer | LogReader] = []
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """See `amends.bus.port.Bus.start`."""
        await self._database.start()
        self._sweeper = asyncio.create_task(self._sweep(), name="bus-retention")

    async def stop(self) -> None:
        """Stop what was opened here, then the connections, each within its limit."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        await asyncio.gather(*(each.stop() for each in self._open))
        self._open.clear()
        await self._database.stop()

    async def producer(self) -> LogProducer:
        """See `amends.bus.port.Bus.producer`."""
        return LogProducer(self._database, self._directory, self._settings)

    async def consumer(self, group: str, topics: Sequence[str], start_at: StartAt) -> LogConsumer:
        """See `amends.bus.port.Bus.consumer`."""
        return self._keep(
            LogConsumer(self._database, self._directory, self._settings, group=group, topics=topics, start_at=start_at)
        )

    async def reader(
        self, topic: str, start: Literal["earliest", "latest"] | datetime | Mapping[int, int]
    ) -> LogReader:
        """See `amends.bus.port.Bus.reader`."""
        reader = self._keep(LogReader(self._database, self._directory, self._settings, topic, start))
        with suppress(BusError):  # The first poll tries again, and says so.
            await reader.open()
        return reader

    async def apply_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """See `amends.bus.port.Bus.apply_topics`."""
        return await self._directory.apply(specs)

    async def topics(self) -> dict[str, int]:
        """See `amends.bus.port.Bus.topics`."""
        return await self._directory.topics()

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """See `amends.bus.port.Bus.end_offsets`."""
        return {number: end for number, (_, end) in (await self._directory.bounds(topic)).items()}

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._settings.bus_log_sweep_s)
            await sweep_once(self._database, self._settings)

    def _keep(self, opened: Opened) -> Opened:
        """Remember what `stop` has to stop, and forget what was stopped."""
        self._open = [each for each in self._open if not each.stopped]
        self._open.append(opened)
        return opened
