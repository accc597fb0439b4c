"""Topics and their partitions in the embedded log, remembered: partition counts are fixed at birth."""

from collections.abc import Sequence
from datetime import datetime

from amends.bus.port import BusError, TopicSpec
from amends.bus.postgres import schema
from amends.bus.postgres.database import LogDatabase

PARTITIONS = "SELECT id FROM bus_partition WHERE topic = $1 ORDER BY number"
TOPICS = "SELECT topic, count(*) AS partitions FROM bus_partition GROUP BY topic ORDER BY topic"
NEW_TOPIC = "INSERT INTO bus_topic (name, retention_s) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name"
NEW_PARTITIONS = "INSERT INTO bus_partition (topic, number) SELECT $1, n FROM generate_series(0, $2::int - 1) AS n"
ENDS = "SELECT id, start_offset, next_offset FROM bus_partition WHERE id = ANY($1::int[])"
# Log time never falls within a partition and offsets have no gaps, so halving finds the place without an index on time.
SEEK = """
WITH RECURSIVE search (low, high) AS (
    SELECT start_offset, next_offset FROM bus_partition WHERE id = $1
    UNION ALL
    SELECT CASE WHEN r.log_time < $2 THEN r."offset" + 1 ELSE s.low END,
           CASE WHEN r.log_time < $2 THEN s.high ELSE r."offset" END
    FROM search s JOIN bus_record r ON r.partition_id = $1 AND r."offset" = (s.low + s.high) / 2
    WHERE s.low < s.high
)
SELECT low FROM search WHERE low = high LIMIT 1
"""


class Directory:
    """Which topics there are, and where each partition begins and ends."""

    def __init__(self, database: LogDatabase) -> None:
        self._database = database
        self._partitions: dict[str, tuple[int, ...]] = {}

    async def partitions(self, topic: str) -> tuple[int, ...]:
        """Return the row ids of a topic's partitions, by partition number. BusError when there is no such topic."""
        known = self._partitions.get(topic)
        if known is None:
            rows = await self._database.fetch(PARTITIONS, topic)
            if not rows:
                raise BusError(f"the bus has no topic {topic!r}: `amends topics apply` makes it")
            known = self._partitions[topic] = tuple(row["id"] for row in rows)
        return known

    def forget(self) -> None:
        """Ask again next time: a remembered partition was gone, so the log is another one."""
        self._partitions.clear()

    async def apply(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Make the missing topics, all or none; return their names."""
        made = []
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", schema.LOCK_KEY)
            for spec in specs:
                if await connection.fetchval(NEW_TOPIC, spec.name, spec.retention_s):
                    await connection.execute(NEW_PARTITIONS, spec.name, spec.partitions)
                    made.append(spec.name)
        return made

    async def topics(self) -> dict[str, int]:
        """Return name → partition count of every topic."""
        return {row["topic"]: row["partitions"] for row in await self._database.fetch(TOPICS)}

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """Return partition number → (first offset held, next offset)."""
        ids = await self.partitions(topic)
        rows = {row["id"]: row for row in await self._database.fetch(ENDS, list(ids))}
        if len(rows) != len(ids):
            self.forget()
            raise BusError(f"the partitions of {topic!r} are gone")
        return {number: (rows[id_]["start_offset"], rows[id_]["next_offset"]) for number, id_ in enumerate(ids)}

    async def seek(self, topic: str, at: datetime) -> dict[int, int]:
        """Return partition number → the offset of the first record with log time ≥ `at`, else the log's end."""
        found = {}
        for number, id_ in enumerate(await self.partitions(topic)):
            rows = await self._database.fetch(SEEK, id_, at)
            found[number] = rows[0]["low"]
        return found
