"""The consumer loop: from the group's partitions to a service's handler, exactly once in effect (DESIGN 2, 10).

A poll's records of one partition share a transaction: position locked, each event arriving through the inbox, position
saved. When that fails, the records are taken one by one, so that a bad one is told apart from its neighbours: what may
heal is tried again in the partition with backoff, what cannot is kept as a dead letter and its ticket parked, and the
partition goes on.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import dead_letters, inbox
from amends.bus.port import Bus, BusError, GroupConsumer, PositionLost, Record, TopicPartition
from amends.clock import monotonic_s
from amends.db import Tx, reading, writing
from amends.errors import may_heal
from amends.events.problems import NotAnEvent
from amends.metrics import CONSUMED, CONSUMER_RETRIES, PARKED
from amends.sending import event_of
from amends.tracing import set_traceparent

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a consumer tries again. Real time; `poison_tries` is for failures that look as if they would not heal."""

    first_s: float = 0.2
    longest_s: float = 10.0
    poison_tries: int = 3

    def wait_s(self, tries: int, spread: float) -> float:
        """Return how long to wait after `tries` failures; `spread` in [0, 1) keeps instances apart."""
        return min(self.longest_s, self.first_s * 2.0 ** min(tries - 1, 16)) * (0.75 + spread / 2)


@dataclass(slots=True)
class _Lane:
    """What one partition has waiting in memory, and its record of failures."""

    records: list[Record] = field(default_factory=list)
    failures: int = 0
    not_before_s: float = 0.0


class Consumer:
    """One member of a service's group. `after_commit` wakes what the events may have given work to."""

    def __init__(
        self,
        engine: AsyncEngine,
        bus: Bus,
        *,
        group: str,
        topics: Sequence[str],
        handle: inbox.Handle,
        after_commit: Callable[[], None] = lambda: None,
        retry: RetryPolicy = RetryPolicy(),
        batch: int = 200,
    ) -> None:
        self._engine = engine
        self._bus = bus
        self._group = group
        self._topics = tuple(topics)
        self._handle = handle
        self._after_commit = after_commit
        self._retry = retry
        self._batch = batch
        self._lanes: dict[TopicPartition, _Lane] = {}
        self._member: GroupConsumer | None = None

    @property
    def alive_age_s(self) -> float | None:
        """Seconds since the group heard from this member; None before it joined."""
        return self._member.alive_age_s() if self._member else None

    async def run(self) -> None:
        """Consume until cancelled. Raises PositionLost (stop and say so) or what the caller restarts it for."""
        member = await self._bus.consumer(self._group, self._topics, self._stored_positions)
        self._member = member
        self._lanes.clear()
        try:
            while True:
                await self._round(member)
        finally:
            self._member = None
            await member.stop()

    async def _stored_positions(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        async with reading(self._engine) as tx:
            stored = await inbox.positions(tx, self._topics)
        return {at: stored[at] for at in partitions if at in stored}

    async def _round(self, member: GroupConsumer) -> None:
        waiting = any(lane.records for lane in self._lanes.values())
        try:
            polled = await member.poll(self._batch, 0.1 if waiting else 1.0)
        except PositionLost:
            raise
        except BusError as error:
            log.warning("bus away, the consumer waits", error=str(error))
            await asyncio.sleep(1)
            return
        await self._take_in(member, polled)
        for at in [at for at in self._lanes if at not in member.assigned()]:
            del self._lanes[at]
        for at, lane in self._lanes.items():
            if lane.records and lane.not_before_s <= monotonic_s():
                await self._work(member, at, lane)

    async def _take_in(self, member: GroupConsumer, polled: Mapping[TopicPartition, list[Record]]) -> None:
        for at, records in polled.items():
            lane = self._lanes.setdefault(at, _Lane())
            if len(lane.records) + len(records) > self._batch * 4:
                # The lane is stuck: the log keeps what does not fit here.
                await member.rewind(at, records[0].offset)
                await asyncio.sleep(self._retry.first_s)
            else:
                lane.records.extend(records)

    async def _work(self, member: GroupConsumer, at: TopicPartition, lane: _Lane) -> None:
        records = lane.records[: self._batch]
        try:
            await self._apply(at, records)
            lane.failures = 0
        except PositionLost:
            raise
        except Exception as error:
            done = await self._one_by_one(at, records, lane, error)
            records = records[:done]
        lane.records = lane.records[len(records) :]
        if records:
            CONSUMED.labels(at.topic).inc(len(records))
            self._after_commit()
            await self._commit(member, at, records[-1].offset + 1)

    async def _commit(self, member: GroupConsumer, at: TopicPartition, next_offset: int) -> None:
        try:
            await member.commit({at: next_offset})
        except BusError as error:
            log.info("position not told to the bus; ours stands", error=str(error))

    async def _one_by_one(self, at: TopicPartition, records: list[Record], lane: _Lane, first: Exception) -> int:
        """Apply what can be applied and return how many records are done with; set the lane's backoff otherwise."""
        log.info(
            "a batch failed, taking its records one by one", topic=at.topic, partition=at.partition, error=repr(first)
        )
        for index, record in enumerate(records):
            try:
                await self._apply(at, [record])
                lane.failures = 0
            except PositionLost:
                raise
            except Exception as error:
                lane.failures += 1
                if self._heals(error, lane.failures):
                    self._back_off(lane, record, error)
                    return index
                await self._give_up(at, record, error)
                lane.failures = 0
        return len(records)

    def _heals(self, error: Exception, tries: int) -> bool:
        if isinstance(error, NotAnEvent):
            return False
        return may_heal(error) or tries < self._retry.poison_tries

    def _back_off(self, lane: _Lane, record: Record, error: Exception) -> None:
        wait_s = self._retry.wait_s(lane.failures, random.random())  # noqa: S311 - jitter, not a secret
        lane.not_before_s = monotonic_s() + wait_s
        CONSUMER_RETRIES.labels(record.topic).inc()
        log.warning(
            "an event waits in its partition",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            ticket=record.key,
            tries=lane.failures,
            wait_s=round(wait_s, 2),
            error=repr(error),
        )

    async def _apply(self, at: TopicPartition, records: Sequence[Record]) -> None:
        async with writing(self._engine) as tx:
            start = await inbox.lock_position(tx, at)
            fresh = [record for record in records if start is None or record.offset >= start]
            if not fresh:
                return
            if start is not None and fresh[0].offset > start:
                raise PositionLost(
                    f"{at.topic}/{at.partition}: stored position {start}, but the log gave {fresh[0].offset}; "
                    f"events between them were never seen. Restore them from GET /v1/events of the owning service."
                )
            for record in fresh:
                await self._arrive(tx, record)
            await inbox.save_position(tx, at, fresh[-1].offset + 1)

    async def _arrive(self, tx: Tx, record: Record) -> None:
        event = event_of(record)
        set_traceparent(event.traceparent)
        arrival = await inbox.arrive(tx, event, self._handle)
        if arrival is inbox.Arrival.QUEUED:
            log.warning("an event queues behind its parked ticket", ticket=event.subject, id=event.id)

    async def _give_up(self, at: TopicPartition, record: Record, error: Exception) -> None:
        """Keep the record as a dead letter and go on, in one transaction with the position."""
        try:
            event = event_of(record)
        except NotAnEvent:
            event = None
        async with writing(self._engine) as tx:
            start = await inbox.lock_position(tx, at)
            if start is not None and record.offset < start:
                return
            letter = await dead_letters.keep(tx, record, event, f"{type(error).__name__}: {error}")
            await inbox.save_position(tx, at, record.offset + 1)
        PARKED.inc()
        log.error(
            "an event cannot be applied; its ticket is parked. See `amends dlq show` and redrive it when it is mended.",
            ticket=record.key,
            letter=str(letter),
            topic=record.topic,
            offset=record.offset,
            exc_info=error,
        )
