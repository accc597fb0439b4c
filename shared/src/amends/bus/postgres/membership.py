"""A member's part in a group of the embedded log: leases with fencing tokens, and no protocol between members.

Every heartbeat a member says that it lives, extends its leases, looks who else lives, and takes what falls to it and is
free. What falls to another it gives back between two batches. A lease that ran out may be taken by another: its fence
then rises, and the former holder can neither read nor commit with the old one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from amends.bus.port import TopicPartition
from amends.bus.postgres.database import LogDatabase
from amends.bus.postgres.directory import Directory
from amends.bus.postgres.sharing import fair_share
from amends.clock import monotonic_s

LOCK_GROUP = "SELECT pg_advisory_xact_lock(hashtextextended('amends-bus-group:' || $1, 0))"
SIGN_ON = """
INSERT INTO bus_member (group_name, member_id, topics, expires_at)
VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (group_name, member_id) DO UPDATE SET expires_at = excluded.expires_at
"""
FORGET_DEAD = "DELETE FROM bus_member WHERE group_name = $1 AND expires_at < clock_timestamp()"
LIVING = "SELECT member_id, topics FROM bus_member WHERE group_name = $1"
EXTEND = """
UPDATE bus_lease SET expires_at = clock_timestamp() + make_interval(secs => $3)
WHERE group_name = $1 AND member_id = $2 RETURNING partition_id, fence
"""
TAKE = """
INSERT INTO bus_lease AS held (group_name, partition_id, member_id, fence, expires_at)
SELECT $1, id, $2, 1, clock_timestamp() + make_interval(secs => $3) FROM unnest($4::int[]) AS id
ON CONFLICT (group_name, partition_id) DO UPDATE
SET member_id = excluded.member_id, fence = held.fence + 1, expires_at = excluded.expires_at
WHERE held.member_id IS NULL OR held.expires_at < clock_timestamp()
RETURNING partition_id, fence
"""
GIVE_BACK = """
UPDATE bus_lease SET member_id = NULL
WHERE group_name = $1 AND member_id = $2 AND partition_id = ANY($3::int[])
"""
COMMIT = """
UPDATE bus_lease l SET next_offset = w.next_offset
FROM unnest($3::int[], $4::bigint[], $5::bigint[]) AS w (id, fence, next_offset)
WHERE l.group_name = $1 AND l.member_id = $2 AND l.partition_id = w.id AND l.fence = w.fence
RETURNING l.partition_id
"""
SIGN_OFF = "DELETE FROM bus_member WHERE group_name = $1 AND member_id = $2"

log = structlog.get_logger(__name__)


class Membership:
    """Which partitions this member holds, with their fences. Only `beat` and `give_back_surplus` change hands."""

    def __init__(
        self,
        database: LogDatabase,
        directory: Directory,
        *,
        group: str,
        member: str,
        topics: Sequence[str],
        lease_s: float,
    ) -> None:
        self.group = group
        self.member = member
        self.fences: dict[int, int] = {}
        self.names: dict[int, TopicPartition] = {}
        self._database = database
        self._directory = directory
        self._topics = tuple(topics)
        self._lease_s = lease_s
        self._share: frozenset[int] = frozenset()
        self._heard_at = monotonic_s()
        self._valid_until = 0.0

    def alive_age_s(self) -> float:
        """Return seconds since the group last heard from this member."""
        return monotonic_s() - self._heard_at

    def is_valid(self) -> bool:
        """Whether the leases still run by our own clock, which started before the server's."""
        return monotonic_s() < self._valid_until

    async def beat(self) -> None:
        """Say that we live, extend what we hold, take what is ours and free."""
        partitions = {topic: await self._directory.partitions(topic) for topic in self._topics}
        self.names = {id_: TopicPartition(topic, n) for topic, ids in partitions.items() for n, id_ in enumerate(ids)}
        began = monotonic_s()
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(LOCK_GROUP, self.group)
            await connection.execute(SIGN_ON, self.group, self.member, self._topics, self._lease_s)
            await connection.execute(FORGET_DEAD, self.group)
            rows = await connection.fetch(LIVING, self.group)
            living = {row["member_id"]: row["topics"] for row in rows}
            held = _fences(await connection.fetch(EXTEND, self.group, self.member, self._lease_s))
            share = fair_share(self.member, living, partitions)
            wanted = sorted(share - held.keys())
            taken = {}
            if wanted:
                taken = _fences(await connection.fetch(TAKE, self.group, self.member, self._lease_s, wanted))
        self._adopt(held | taken)
        self._share = share
        self._heard_at = monotonic_s()
        self._valid_until = began + self._lease_s

    async def give_back_surplus(self) -> None:
        """Free what falls to another member now. Call it between batches only."""
        surplus = [id_ for id_ in self.fences if id_ not in self._share]
        if not surplus:
            return
        await self._database.fetch(GIVE_BACK, self.group, self.member, surplus)
        for id_ in surplus:
            del self.fences[id_]

    async def commit(self, positions: Mapping[int, int]) -> None:
        """Store positions of what we hold; what another holds by now is dropped here."""
        mine = {id_: position for id_, position in positions.items() if id_ in self.fences}
        fences = [self.fences[id_] for id_ in mine]
        rows = await self._database.fetch(COMMIT, self.group, self.member, list(mine), fences, list(mine.values()))
        kept = {row["partition_id"] for row in rows}
        for id_, fence in zip(mine, fences, strict=True):
            if id_ not in kept and self.fences.get(id_) == fence:
                log.warning("bus_lease_lost", group=self.group, partition=self.names[id_], fence=fence)
                del self.fences[id_]

    async def leave(self) -> None:
        """Free everything at once, so that others need not wait for the lease to run out."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(GIVE_BACK, self.group, self.member, list(self.names))
            await connection.execute(SIGN_OFF, self.group, self.member)
        self.fences = {}

    def _adopt(self, fences: dict[int, int]) -> None:
        for id_ in self.fences.keys() - fences.keys():
            log.warning("bus_lease_lost", group=self.group, partition=self.names.get(id_), fence=self.fences[id_])
        self.fences = fences


def _fences(rows: Sequence[Any]) -> dict[int, int]:
    return {row["partition_id"]: row["fence"] for row in rows}
