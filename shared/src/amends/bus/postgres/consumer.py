"""A member of a group on the embedded log."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from amends.bus.port import BusError, Record, StartAt, TopicPartition
from amends.bus.postgres.database import LogDatabase
from amends.bus.postgres.directory import Directory
from amends.bus.postgres.membership import Membership
from amends.bus.postgres.pace import Pace
from amends.bus.postgres.ranges import LEASED_HEADS, RangeReader, allot, as_heads, check_held, rotated
from amends.bus.settings import BusSettings
from amends.clock import monotonic_s
from amends.ids import new_id

log = structlog.get_logger(__name__)


class LogConsumer:
    """Polls its share of the partitions; a task of its own keeps the leases alive while a batch is in hand.

    A partition is given back, and a new one taken up, only inside `poll`: then no batch of it is in hand.
    """

    def __init__(
        self,
        database: LogDatabase,
        directory: Directory,
        settings: BusSettings,
        *,
        group: str,
        topics: Sequence[str],
        start_at: StartAt,
    ) -> None:
        self._database = database
        self._directory = directory
        self._settings = settings
        self._start_at = start_at
        self._ranges = RangeReader(database, settings)
        self._pace = Pace(settings)
        self._membership = Membership(
            database, directory, group=group, member=str(new_id()), topics=topics, lease_s=settings.bus_group_lease_s
        )
        self._positions: dict[int, tuple[int, int]] = {}
        """Partition id → (fence, next offset): a position is good for one tenure only."""
        self._served_last: int | None = None
        self._polled_at = monotonic_s()
        self._hands = asyncio.Lock()
        self.stopped = False
        self._heartbeat = asyncio.create_task(self._keep_alive(), name=f"bus-lease-{group}")

    async def poll(self, max_records: int, timeout_s: float) -> dict[TopicPartition, list[Record]]:
        """See `amends.bus.port.GroupConsumer.poll`."""
        if self.stopped:
            raise BusError("the consumer is stopped")
        until = monotonic_s() + timeout_s
        try:
            while not self.stopped:
                self._polled_at = monotonic_s()
                await self._settle()
                records = await self._fetch(max_records)
                if records:
                    self._pace.busy()
                    return records
                if not await self._pace.idle(until):
                    break
        except BusError:
            await self._pace.idle(until)
            raise
        finally:
            self._polled_at = monotonic_s()
        return {}

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """See `amends.bus.port.GroupConsumer.commit`."""
        ids = {name: id_ for id_, name in self._membership.names.items()}
        await self._membership.commit({ids[name]: offset for name, offset in positions.items() if name in ids})

    async def rewind(self, partition: TopicPartition, offset: int) -> None:
        """See `amends.bus.port.GroupConsumer.rewind`."""
        for id_, (fence, _) in self._held().items():
            if self._membership.names[id_] == partition:
                self._positions[id_] = (fence, offset)

    def assigned(self) -> frozenset[TopicPartition]:
        """Return the partitions that this member holds and has taken up."""
        return frozenset(self._membership.names[id_] for id_ in self._held())

    def alive_age_s(self) -> float:
        """Return seconds since the group last heard from this member."""
        return self._membership.alive_age_s()

    async def stop(self) -> None:
        """Give everything back, within the limit; when the bus is away, the leases run out by themselves."""
        if self.stopped:
            return
        self.stopped = True
        self._heartbeat.cancel()
        await asyncio.wait([self._heartbeat])
        try:
            async with asyncio.timeout(self._settings.bus_stop_timeout_s):
                await self._membership.leave()
        except (BusError, TimeoutError) as error:
            log.warning("bus_leave_failed", group=self._membership.group, cause=str(error))
        self._positions.clear()

    def _held(self) -> dict[int, tuple[int, int]]:
        fences = self._membership.fences
        return {id_: held for id_, held in self._positions.items() if fences.get(id_) == held[0]}

    async def _settle(self) -> None:
        """Give back what falls to others and take up what has come to us, at its stored position."""
        async with self._hands:
            if not self._membership.is_valid():
                await self._membership.beat()
            await self._membership.give_back_surplus()
        self._positions = self._held()
        fresh = {id_: fence for id_, fence in self._membership.fences.items() if id_ not in self._positions}
        if not fresh:
            return
        names = {id_: self._membership.names[id_] for id_ in fresh}
        stored = await self._start_at(sorted(names.values()))
        starts: dict[str, dict[int, tuple[int, int]]] = {}
        for topic in {name.topic for name in names.values() if name not in stored}:
            starts[topic] = await self._directory.bounds(topic)
        for id_, fence in fresh.items():
            name = names[id_]
            position = stored[name] if name in stored else starts[name.topic][name.partition][0]
            self._positions[id_] = (fence, position)

    async def _fetch(self, max_records: int) -> dict[TopicPartition, list[Record]]:
        held = self._held()
        if not held:
            return {}
        order = rotated(list(held), self._served_last)
        positions = {id_: position for id_, (_, position) in held.items()}
        rows = await self._database.fetch(
            LEASED_HEADS,
            order,
            [positions[id_] for id_ in order],
            [held[id_][0] for id_ in order],
            self._membership.group,
            self._membership.member,
        )
        names = self._membership.names
        heads = as_heads(rows, positions, order)
        for head in heads:
            check_held(head, names[head.id], f"group {self._membership.group}")
        ranges = allot(heads, max_records)
        if not ranges:
            return {}
        found = await self._ranges.read(ranges, names)
        for id_, records in found.items():
            self._positions[id_] = (held[id_][0], records[-1].offset + 1)
            self._served_last = id_
        return {names[id_]: records for id_, records in found.items()}

    async def _keep_alive(self) -> None:
        away = False
        while True:
            await asyncio.sleep(self._settings.bus_group_heartbeat_s)
            if monotonic_s() - self._polled_at > self._settings.bus_poll_interval_s_max:
                continue  # A member that is stuck in a batch must not keep its partitions from the others for ever.
            try:
                async with self._hands:
                    await self._membership.beat()
                away = False
            except BusError as error:
                if not away:
                    log.warning("bus_heartbeat_failed", group=self._membership.group, cause=str(error))
                away = True
