"""A member of a group on Kafka."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from aiokafka.structs import TopicPartition as KafkaPartition

from amends.bus.kafka.clients import Clients, as_bus_errors
from amends.bus.kafka.cluster import Cluster
from amends.bus.kafka.hands import Hands
from amends.bus.kafka.link import RETRY_S, Link
from amends.bus.kafka.liveness import Liveness
from amends.bus.kafka.records import as_record
from amends.bus.port import BusError, Record, StartAt, TopicPartition, lost_position
from amends.clock import monotonic_s

SLICE_S = 0.1
"""How long one wait for records lasts, so that partitions that arrive meanwhile are soon taken up."""
REBALANCE_GRACE_S = 0.1
"""How much longer it may last while a rebalance holds it up."""

log = structlog.get_logger(__name__)


class KafkaConsumer:
    """Polls its share; positions come from `start_at` at every assignment, never from Kafka."""

    def __init__(
        self, clients: Clients, cluster: Cluster, *, group: str, topics: Sequence[str], start_at: StartAt
    ) -> None:
        self._clients = clients
        self._cluster = cluster
        self._settings = clients.settings
        self._group = group
        self._topics = [clients.there(topic) for topic in topics]
        self._start_at = start_at
        self._liveness = Liveness()
        self._hands = Hands(self._settings.bus_rebalance_timeout_s, self._liveness)
        self._link = Link(lambda: clients.member(group), self._settings, self._join)
        self.stopped = False
        self._watchdog = asyncio.create_task(self._leave_when_stuck(), name=f"kafka-watchdog-{group}")

    async def poll(self, max_records: int, timeout_s: float) -> dict[TopicPartition, list[Record]]:
        """See `amends.bus.port.GroupConsumer.poll`."""
        if self.stopped:
            raise BusError("the consumer is stopped")
        until = monotonic_s() + timeout_s
        self._hands.drop()
        try:
            while not self.stopped:
                consumer = await self._link.get(until)
                if consumer is not None:
                    await self._take_up(consumer)
                    records = await self._fetch(consumer, max_records, until)
                    if records:
                        self._hands.fill()
                        return records
                if monotonic_s() >= until:
                    break
        except BusError:
            await asyncio.sleep(min(RETRY_S, max(0.0, until - monotonic_s())))
            raise
        return {}

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """See `amends.bus.port.GroupConsumer.commit`."""
        consumer = self._link.consumer
        if consumer is None:
            raise BusError("Kafka cannot store a position: there is no connection")
        offsets = {
            there: offset
            for (topic, number), offset in positions.items()
            if (there := KafkaPartition(self._clients.there(topic), number)) in self._hands.positions
        }
        if not offsets:
            return
        tenure = self._hands.tenure
        try:
            with as_bus_errors("store a position"):
                async with asyncio.timeout(self._settings.bus_request_timeout_s):
                    await consumer.commit(offsets)
        except BusError as error:
            if not isinstance(error.__cause__, CommitFailedError | IllegalStateError):
                raise
            log.warning("kafka_fenced", group=self._group, cause=str(error.__cause__))
            if self._hands.tenure == tenure:  # else a rebalance has given us partitions anew meanwhile
                self._hands.lose_all()

    async def rewind(self, partition: TopicPartition, offset: int) -> None:
        """See `amends.bus.port.GroupConsumer.rewind`."""
        there = KafkaPartition(self._clients.there(partition.topic), partition.partition)
        if there in self._hands.positions and self._link.consumer is not None:
            self._seek(self._link.consumer, there, offset)

    def assigned(self) -> frozenset[TopicPartition]:
        """Return the partitions that this member holds and has taken up."""
        return frozenset(self._here(there) for there in self._hands.positions)

    def alive_age_s(self) -> float:
        """Return seconds since the group last answered this member."""
        return self._liveness.age_s()

    async def stop(self) -> None:
        """Leave the group, within the limit."""
        self.stopped = True
        self._hands.drop()
        self._watchdog.cancel()
        await asyncio.wait([self._watchdog])
        await self._link.stop()
        self._hands.lose_all()

    async def _leave_when_stuck(self) -> None:
        """Give everything up when one batch takes too long: the others must not wait for ever."""
        while True:
            await asyncio.sleep(self._settings.bus_group_heartbeat_s)
            if self._hands.full_s() > self._settings.bus_poll_interval_s_max and self._hands.positions:
                log.warning("kafka_batch_stuck", group=self._group, since_s=self._hands.full_s())
                self._hands.lose_all()
                await self._link.drop()

    async def _join(self, consumer: AIOKafkaConsumer) -> None:
        self._liveness.watch(consumer)
        self._hands.attach(consumer)
        consumer.subscribe(self._topics, listener=self._hands)

    async def _take_up(self, consumer: AIOKafkaConsumer) -> None:
        """Set the position of what was assigned: the stored one, else the log's start."""
        waiting, tenure = self._hands.waiting, self._hands.tenure
        if not waiting:
            return
        names = sorted(self._here(there) for there in waiting)
        stored = await self._start_at(names)
        starts = await self._cluster.starts(names)
        if self._hands.tenure != tenure:
            return
        for name in names:
            if stored.get(name, starts[name]) < starts[name]:
                raise lost_position(f"group {self._group}", name, stored[name], starts[name])
        for there in waiting:
            name = self._here(there)
            self._seek(consumer, there, stored.get(name, starts[name]))
        consumer.resume(*waiting)
        self._hands.waiting = frozenset()

    def _seek(self, consumer: AIOKafkaConsumer, there: Any, offset: int) -> None:
        try:
            consumer.seek(there, offset)
        except IllegalStateError:
            return  # It was taken from us in this moment.
        self._hands.positions[there] = offset

    async def _fetch(
        self, consumer: AIOKafkaConsumer, max_records: int, until: float
    ) -> dict[TopicPartition, list[Record]]:
        wait_s = min(SLICE_S, max(0.0, until - monotonic_s()))
        try:
            async with asyncio.timeout(wait_s + REBALANCE_GRACE_S):
                found = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=max_records)
        except (TimeoutError, NoOffsetForPartitionError):
            return {}  # A rebalance is under way, or just over: what came of it is taken up next.
        except OffsetOutOfRangeError as error:
            await self._check_range(error)
            return {}
        except KafkaError as error:
            await self._link.drop()
            self._hands.lose_all()
            raise BusError(f"Kafka ended the membership: {type(error).__name__}: {error}") from error
        records = {}
        for there, raw in found.items():
            if there in self._hands.positions:  # else it was assigned just now, and is not taken up yet
                self._hands.positions[there] = raw[-1].offset + 1
                records[self._here(there)] = [as_record(self._here(there), each) for each in raw]
        return records

    async def _check_range(self, error: OffsetOutOfRangeError) -> None:
        """Raise PositionLost when the position is gone; after a change of leader Kafka may say so by mistake."""
        for there, position in error.args[0].items():
            name = self._here(there)
            start = (await self._cluster.starts([name]))[name]
            end = (await self._cluster.ends([name]))[name]
            if not start <= position <= end:
                raise lost_position(f"group {self._group}", name, position, start, end)

    def _here(self, there: Any) -> TopicPartition:
        return TopicPartition(self._clients.here(there.topic), there.partition)
