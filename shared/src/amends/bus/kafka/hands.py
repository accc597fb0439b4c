"""How partitions come and go between the members of a Kafka group."""

import asyncio
from collections.abc import Collection
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener

from amends.bus.kafka.liveness import Liveness
from amends.clock import monotonic_s

log = structlog.get_logger(__name__)

DRAIN_PART = 0.8
"""The part of the rebalance's timeout that a batch in hand may use; the rest is for joining again."""


class Hands(ConsumerRebalanceListener):  # type: ignore[misc]
    """Holds a rebalance until the batch in hand is done, and new partitions until their position is known.

    Called by aiokafka, which only logs what is raised here: so nothing is decided here, and new partitions stay paused
    until `poll` has taken them up. Every rebalance takes all partitions and gives all anew.
    """

    def __init__(self, rebalance_timeout_s: float, liveness: Liveness) -> None:
        self.waiting: frozenset[Any] = frozenset()
        """Assigned partitions whose position is not set yet."""
        self.positions: dict[Any, int] = {}
        """The next offset of each partition that was taken up."""
        self.tenure = 0
        """Counts rebalances, so that an answer to a question asked before one is not used after it."""
        self._drain_s = rebalance_timeout_s * DRAIN_PART
        self._liveness = liveness
        self._consumer: AIOKafkaConsumer | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self._filled_at = 0.0

    def attach(self, consumer: AIOKafkaConsumer) -> None:
        """Serve a new consumer, which holds nothing yet."""
        self._consumer = consumer
        self.lose_all()

    def lose_all(self) -> None:
        """Hold nothing more."""
        self.waiting = frozenset()
        self.positions = {}
        self.tenure += 1

    def fill(self) -> None:
        """A batch is in hand."""
        self._filled_at = monotonic_s()
        self._empty.clear()

    def full_s(self) -> float:
        """Return for how many seconds the batch has been in hand; 0 when there is none."""
        return 0.0 if self._empty.is_set() else monotonic_s() - self._filled_at

    def drop(self) -> None:
        """No batch is in hand: `poll` is called again, or never will be."""
        self._empty.set()

    async def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        """Wait for the batch in hand; then nothing is ours."""
        try:
            async with asyncio.timeout(self._drain_s):
                await self._empty.wait()
        except TimeoutError:
            log.warning("kafka_revoked_in_mid_batch", partitions=len(revoked), waited_s=self._drain_s)
        self.lose_all()

    def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        """Keep the new partitions silent until they are taken up."""
        self._liveness.heard()
        self.lose_all()
        self.waiting = frozenset(assigned)
        if self._consumer is not None:
            self._consumer.pause(*assigned)
