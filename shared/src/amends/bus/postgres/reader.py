"""Reading a whole topic of the embedded log, without group or stored position."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from amends.bus.port import BusError, Record, TopicPartition
from amends.bus.postgres.database import LogDatabase
from amends.bus.postgres.directory import Directory
from amends.bus.postgres.pace import Pace
from amends.bus.postgres.ranges import HEADS, RangeReader, allot, as_heads, check_held, rotated
from amends.bus.settings import BusSettings
from amends.clock import monotonic_s

Start = Literal["earliest", "latest"] | datetime | Mapping[int, int]


class LogReader:
    """Reads all partitions from a start that is fixed by `open`, or at the first poll when the bus is away then."""

    def __init__(
        self, database: LogDatabase, directory: Directory, settings: BusSettings, topic: str, start: Start
    ) -> None:
        self._database = database
        self._directory = directory
        self._topic = topic
        self._start = start
        self._ranges = RangeReader(database, settings)
        self._pace = Pace(settings)
        self._names: dict[int, TopicPartition] = {}
        self._positions: dict[int, int] = {}
        self._served_last: int | None = None
        self._target: dict[int, int] | None = None
        self.stopped = False

    async def open(self) -> None:
        """Fix the start now. Does nothing when it is fixed already."""
        if self._positions:
            return
        ids = await self._directory.partitions(self._topic)
        bounds = await self._directory.bounds(self._topic)
        if isinstance(self._start, datetime):
            offsets: Mapping[int, int] = await self._directory.seek(self._topic, self._start)
        elif isinstance(self._start, Mapping):
            offsets = {number: self._start.get(number, start) for number, (start, _) in bounds.items()}
        else:
            side = 0 if self._start == "earliest" else 1
            offsets = {number: bound[side] for number, bound in bounds.items()}
        self._names = {id_: TopicPartition(self._topic, number) for number, id_ in enumerate(ids)}
        self._positions = {id_: offsets[number] for number, id_ in enumerate(ids)}

    async def poll(self, max_records: int, timeout_s: float) -> list[Record]:
        """See `amends.bus.port.Reader.poll`."""
        if self.stopped:
            raise BusError("the reader is stopped")
        until = monotonic_s() + timeout_s
        try:
            while not self.stopped:
                await self.open()
                records = await self._fetch(max_records)
                if records:
                    self._pace.busy()
                    return records
                if not await self._pace.idle(until):
                    break
        except BusError:
            await self._pace.idle(until)
            raise
        return []

    async def caught_up(self) -> bool:
        """See `amends.bus.port.Reader.caught_up`."""
        await self.open()
        if self._target is None:
            bounds = await self._directory.bounds(self._topic)
            self._target = {number: bound[1] for number, bound in bounds.items()}
        target = self._target
        if any(self._positions[id_] < target[name.partition] for id_, name in self._names.items()):
            return False
        self._target = None
        return True

    async def stop(self) -> None:
        """Let a poll that is under way return."""
        self.stopped = True

    async def _fetch(self, max_records: int) -> list[Record]:
        order = rotated(list(self._positions), self._served_last)
        rows = await self._database.fetch(HEADS, order, [self._positions[id_] for id_ in order])
        heads = as_heads(rows, self._positions, order)
        for head in heads:
            check_held(head, self._names[head.id], "a reader")
        ranges = allot(heads, max_records)
        if not ranges:
            return []
        found = await self._ranges.read(ranges, self._names)
        for id_, records in found.items():
            self._positions[id_] = records[-1].offset + 1
            self._served_last = id_
        return [record for records in found.values() for record in records]
