"""Reading a whole topic of Kafka, without group or stored position."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition as KafkaPartition

from amends.bus.kafka.clients import Clients
from amends.bus.kafka.cluster import Cluster
from amends.bus.kafka.link import RETRY_S, Link
from amends.bus.kafka.records import as_record
from amends.bus.port import BusError, Record, TopicPartition, lost_position
from amends.clock import monotonic_s

Start = Literal["earliest", "latest"] | datetime | Mapping[int, int]


class KafkaReader:
    """Reads all partitions from a start that is fixed by `open`, or at the first poll when Kafka is away then."""

    def __init__(self, clients: Clients, cluster: Cluster, topic: str, start: Start) -> None:
        self._clients = clients
        self._cluster = cluster
        self._topic = topic
        self._start = start
        self._link = Link(clients.reader, clients.settings, self._take_up)
        self._positions: dict[TopicPartition, int] = {}
        self._target: dict[TopicPartition, int] | None = None
        self.stopped = False

    async def open(self) -> None:
        """Fix the start now. Does nothing when it is fixed already."""
        if self._positions:
            return
        partitions = await self._cluster.partitions(self._topic)
        if isinstance(self._start, datetime):
            self._positions = await self._cluster.seek(partitions, self._start)
        elif self._start == "latest":
            self._positions = await self._cluster.ends(partitions)
        else:
            starts = await self._cluster.starts(partitions)
            given = self._start if isinstance(self._start, Mapping) else {}
            self._positions = {where: given.get(where.partition, starts[where]) for where in partitions}

    async def poll(self, max_records: int, timeout_s: float) -> list[Record]:
        """See `amends.bus.port.Reader.poll`."""
        if self.stopped:
            raise BusError("the reader is stopped")
        until = monotonic_s() + timeout_s
        try:
            await self.open()
            while not self.stopped:
                consumer = await self._link.get(until)
                records = await self._fetch(consumer, max_records, until) if consumer is not None else []
                if records or monotonic_s() >= until:
                    return records
        except BusError:
            await asyncio.sleep(min(RETRY_S, max(0.0, until - monotonic_s())))
            raise
        return []

    async def caught_up(self) -> bool:
        """See `amends.bus.port.Reader.caught_up`."""
        await self.open()
        if self._target is None:
            self._target = await self._cluster.ends(list(self._positions))
        if any(self._positions[where] < end for where, end in self._target.items()):
            return False
        self._target = None
        return True

    async def stop(self) -> None:
        """Close, within the limit."""
        self.stopped = True
        await self._link.stop()

    async def _take_up(self, consumer: AIOKafkaConsumer) -> None:
        places = {self._there(where): offset for where, offset in self._positions.items()}
        consumer.assign(list(places))
        for there, offset in places.items():
            consumer.seek(there, offset)

    async def _fetch(self, consumer: AIOKafkaConsumer, max_records: int, until: float) -> list[Record]:
        wait_ms = int(max(0.0, until - monotonic_s()) * 1000)
        try:
            found = await consumer.getmany(timeout_ms=wait_ms, max_records=max_records)
        except OffsetOutOfRangeError as error:
            await self._check_range(error)
            return []
        except KafkaError as error:
            await self._link.drop()
            raise BusError(f"Kafka ended the reading: {type(error).__name__}: {error}") from error
        records = []
        for there, raw in found.items():
            where = TopicPartition(self._topic, there.partition)
            self._positions[where] = raw[-1].offset + 1
            records += [as_record(where, each) for each in raw]
        return records

    async def _check_range(self, error: OffsetOutOfRangeError) -> None:
        """Raise PositionLost when the position is gone; after a change of leader Kafka may say so by mistake."""
        for there, position in error.args[0].items():
            where = TopicPartition(self._topic, there.partition)
            start = (await self._cluster.starts([where]))[where]
            end = (await self._cluster.ends([where]))[where]
            if not start <= position <= end:
                raise lost_position("a reader", where, position, start, end)

    def _there(self, where: TopicPartition) -> Any:
        return KafkaPartition(self._clients.there(where.topic), where.partition)
