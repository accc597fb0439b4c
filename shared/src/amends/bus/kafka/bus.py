"""The bus for production: Apache Kafka (DESIGN, decisions 6 and 9)."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal, TypeVar

from amends.bus.kafka.clients import Clients
from amends.bus.kafka.cluster import Cluster
from amends.bus.kafka.consumer import KafkaConsumer
from amends.bus.kafka.producer import KafkaSender
from amends.bus.kafka.quiet import calm_aiokafka
from amends.bus.kafka.reader import KafkaReader
from amends.bus.port import BusError, StartAt, TopicSpec
from amends.bus.settings import BusSettings

Opened = TypeVar("Opened", KafkaSender, KafkaConsumer, KafkaReader)


class KafkaBus:
    """A connection to the cluster at `kafka://host:port,…`. Everything connects at its first use."""

    content_mode: Literal["binary", "structured"] = "binary"

    def __init__(self, url: str, settings: BusSettings) -> None:
        self._clients = Clients(url, settings)
        self._cluster = Cluster(self._clients)
        self._open: list[KafkaSender | KafkaConsumer | KafkaReader] = []

    async def start(self) -> None:
        """See `amends.bus.port.Bus.start`."""
        calm_aiokafka()

    async def stop(self) -> None:
        """Stop what was opened here, each within its limit, all at once."""
        await asyncio.gather(*(each.stop() for each in self._open), self._cluster.stop())
        self._open.clear()

    async def producer(self) -> KafkaSender:
        """See `amends.bus.port.Bus.producer`."""
        return self._keep(KafkaSender(self._clients))

    async def consumer(self, group: str, topics: Sequence[str], start_at: StartAt) -> KafkaConsumer:
        """See `amends.bus.port.Bus.consumer`."""
        return self._keep(KafkaConsumer(self._clients, self._cluster, group=group, topics=topics, start_at=start_at))

    async def reader(
        self, topic: str, start: Literal["earliest", "latest"] | datetime | Mapping[int, int]
    ) -> KafkaReader:
        """See `amends.bus.port.Bus.reader`."""
        reader = self._keep(KafkaReader(self._clients, self._cluster, topic, start))
        with suppress(BusError):  # The first poll tries again, and says so.
            await reader.open()
        return reader

    async def apply_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """See `amends.bus.port.Bus.apply_topics`."""
        return await self._cluster.apply(specs)

    async def topics(self) -> dict[str, int]:
        """See `amends.bus.port.Bus.topics`."""
        return await self._cluster.topics()

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """See `amends.bus.port.Bus.end_offsets`."""
        ends = await self._cluster.ends(await self._cluster.partitions(topic))
        return {where.partition: end for where, end in ends.items()}

    def _keep(self, opened: Opened) -> Opened:
        """Remember what `stop` has to stop, and forget what was stopped: producers are made anew after every failure."""
        self._open = [each for each in self._open if not each.stopped]
        self._open.append(opened)
        return opened
