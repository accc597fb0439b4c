"""What the cluster holds: topics, where their partitions begin and end, and which offset belongs to a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.structs import TopicPartition as KafkaPartition

from amends.bus.kafka.clients import RECORD_OVERHEAD_BYTES, Clients, as_bus_errors
from amends.bus.kafka.link import Link
from amends.bus.port import BusError, TopicPartition, TopicSpec
from amends.clock import monotonic_s

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SHORT_RETENTION_S = 86_400
SEGMENT_MS_MIN = 60_000

Offsets = dict[TopicPartition, int]
Answer = TypeVar("Answer")


def from_millis(millis: int) -> datetime:
    """Return the instant of Kafka's milliseconds."""
    return EPOCH + millis * MILLISECOND


def to_millis(at: datetime) -> int:
    """Return the first of Kafka's milliseconds that is not before `at`."""
    return -((EPOCH - at) // MILLISECOND)


def topic_configs(spec: TopicSpec, message_bytes_max: int) -> dict[str, str]:
    """Return a topic's settings.

    Records carry the log's time, so that retention and seeking mean real time even where domain time is scaled. Kafka
    deletes whole segments: one that is kept for hours gets segments that end in time.
    """
    configs = {
        "cleanup.policy": "delete",
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(message_bytes_max + RECORD_OVERHEAD_BYTES),
        "min.insync.replicas": str(spec.min_insync),
        "unclean.leader.election.enable": "false",
        "retention.bytes": "-1",
        "retention.ms": "-1" if spec.retention_s is None else str(spec.retention_s * 1000),
    }
    if spec.retention_s is not None and spec.retention_s <= SHORT_RETENTION_S:
        configs["segment.ms"] = str(max(SEGMENT_MS_MIN, spec.retention_s * 1000 // 4))
    return configs


class Cluster:
    """Questions to the cluster that need no position, over one connection that is made at the first of them."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._settings = clients.settings
        self._link = Link(clients.reader, clients.settings)
        self._counts: dict[str, int] = {}

    async def stop(self) -> None:
        """Close the connection."""
        await self._link.stop()

    async def apply(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Make the missing topics; return their names."""
        present = await self.topics()
        missing = [spec for spec in specs if spec.name not in present]
        if not missing:
            return []
        new = [
            NewTopic(
                self._clients.there(spec.name),
                spec.partitions,
                spec.replication,
                topic_configs=topic_configs(spec, self._settings.bus_message_bytes_max),
            )
            for spec in missing
        ]
        admin = self._clients.admin()
        try:
            with as_bus_errors("make topics"):
                await admin.start()
                answer = await admin.create_topics(new)
        finally:
            await admin.close()
        return self._made(answer)

    def _made(self, answer: Any) -> list[str]:
        made = []
        for name, code, *detail in answer.topic_errors:
            error = for_code(code)
            if code == 0:
                made.append(self._clients.here(name))
            elif error is not TopicAlreadyExistsError:  # another process was faster
                raise BusError(f"Kafka refuses topic {name!r}: {error.__name__} {detail[0] if detail else ''}")
        return made

    async def topics(self) -> dict[str, int]:
        """Return name → partition count of every topic of this installation."""

        async def ask(consumer: AIOKafkaConsumer) -> dict[str, int]:
            cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - its `topics()` loses the counts
            names = [name for name in cluster.topics() if self._clients.is_ours(name)]
            return {self._clients.here(name): len(cluster.partitions_for_topic(name) or ()) for name in sorted(names)}

        return await self._ask("list topics", ask)

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """Return the partitions of a topic. BusError when there is no such topic."""
        if topic not in self._counts:
            self._counts = await self.topics()
        count = self._counts.get(topic)
        if not count:
            raise BusError(f"the bus has no topic {topic!r}: `amends topics apply` makes it")
        return [TopicPartition(topic, number) for number in range(count)]

    async def starts(self, partitions: Sequence[TopicPartition]) -> Offsets:
        """Return the first offset that each partition holds."""
        return await self._offsets("find the start of a log", partitions, lambda consumer: consumer.beginning_offsets)

    async def ends(self, partitions: Sequence[TopicPartition]) -> Offsets:
        """Return the next offset of each partition."""
        return await self._offsets("find the end of a log", partitions, lambda consumer: consumer.end_offsets)

    async def seek(self, partitions: Sequence[TopicPartition], at: datetime) -> Offsets:
        """Return the offset of each partition's first record with log time ≥ `at`, else its end."""
        millis = to_millis(at)

        async def ask(consumer: AIOKafkaConsumer) -> Mapping[Any, Any]:
            found: Mapping[Any, Any] = await consumer.offsets_for_times(dict.fromkeys(self._there(partitions), millis))
            return found

        ends = await self.ends(partitions)
        found = await self._ask("seek by time", ask)
        return {
            where: found[there].offset if found[there] is not None else ends[where]
            for where, there in zip(partitions, self._there(partitions), strict=True)
        }

    def _there(self, partitions: Sequence[TopicPartition]) -> list[KafkaPartition]:
        return [KafkaPartition(self._clients.there(topic), number) for topic, number in partitions]

    async def _offsets(
        self, doing: str, partitions: Sequence[TopicPartition], method: Callable[[AIOKafkaConsumer], Any]
    ) -> Offsets:
        async def ask(consumer: AIOKafkaConsumer) -> Mapping[Any, int]:
            found: Mapping[Any, int] = await method(consumer)(self._there(partitions))
            return found

        found = await self._ask(doing, ask)
        return {where: found[there] for where, there in zip(partitions, self._there(partitions), strict=True)}

    async def _ask(self, doing: str, ask: Callable[[AIOKafkaConsumer], Awaitable[Answer]]) -> Answer:
        timeout_s = self._settings.bus_request_timeout_s
        consumer = await self._link.get(monotonic_s() + timeout_s)
        if consumer is None:
            raise BusError(f"Kafka cannot {doing}: it does not answer")
        try:
            with as_bus_errors(doing):
                async with asyncio.timeout(timeout_s):
                    return await ask(consumer)
        except BusError:
            await self._link.drop()
            raise
