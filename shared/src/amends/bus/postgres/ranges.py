"""Reading ranges of the embedded log, for members of groups and lone readers alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amends.bus.port import Record, TopicPartition, lost_position
from amends.bus.postgres.database import LogDatabase
from amends.bus.postgres.producer import decode_headers
from amends.bus.settings import BusSettings

HEADS = """
SELECT p.id, p.start_offset, p.next_offset
FROM unnest($1::int[], $2::bigint[]) AS w (id, position)
JOIN bus_partition p ON p.id = w.id AND p.next_offset <> w.position
"""
# A member reads only what it still holds: the fence is compared in the statement that finds the work.
LEASED_HEADS = """
SELECT p.id, p.start_offset, p.next_offset
FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS w (id, position, fence)
JOIN bus_partition p ON p.id = w.id AND p.next_offset <> w.position
JOIN bus_lease l ON l.group_name = $4 AND l.partition_id = w.id AND l.member_id = $5 AND l.fence = w.fence
"""
# Large values are measured where they lie; only those within the limit are fetched.
RANGES = """
SELECT r.*
FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS w (id, first, beyond)
CROSS JOIN LATERAL (
    SELECT s.* FROM (
        SELECT b.*, sum(octet_length(b.value)) OVER (ORDER BY b."offset") - octet_length(b.value) AS bytes_before
        FROM bus_record b WHERE b.partition_id = w.id AND b."offset" >= w.first AND b."offset" < w.beyond
    ) s WHERE s.bytes_before < $4
) r
ORDER BY r.partition_id, r."offset"
"""


@dataclass(frozen=True, slots=True)
class Head:
    """What a partition holds beyond a position: offsets from `position` up to, not including, `next_offset`."""

    id: int
    position: int
    start_offset: int
    next_offset: int


def check_held(head: Head, where: TopicPartition, reader: str) -> None:
    """Raise PositionLost when the log does not hold the position: deleted by retention, or another log."""
    if not head.start_offset <= head.position <= head.next_offset:
        raise lost_position(reader, where, head.position, head.start_offset, head.next_offset)


def allot(heads: Sequence[Head], records_max: int) -> dict[int, tuple[int, int]]:
    """Share `records_max` among partitions that have something: id → (first, beyond). Earlier heads take first."""
    ranges: dict[int, tuple[int, int]] = {}
    left = records_max
    for head in heads:
        count = min(left, head.next_offset - head.position)
        if count > 0:
            ranges[head.id] = (head.position, head.position + count)
            left -= count
    return ranges


def rotated(ids: Sequence[int], after: int | None) -> list[int]:
    """Put the partition that was served last at the end, so that a deep one does not starve the others."""
    ordered = sorted(ids)
    return [id_ for id_ in ordered if after is None or id_ > after] + [
        id_ for id_ in ordered if after is not None and id_ <= after
    ]


def as_heads(rows: Sequence[Any], positions: Mapping[int, int], order: Sequence[int]) -> list[Head]:
    """Pair what the log answered with our positions, in the given order."""
    found = {row["id"]: row for row in rows}
    return [
        Head(id_, positions[id_], found[id_]["start_offset"], found[id_]["next_offset"])
        for id_ in order
        if id_ in found
    ]


class RangeReader:
    """Fetches ranges of records within the limit of bytes."""

    def __init__(self, database: LogDatabase, settings: BusSettings) -> None:
        self._database = database
        self._settings = settings

    async def read(
        self, ranges: Mapping[int, tuple[int, int]], names: Mapping[int, TopicPartition]
    ) -> dict[int, list[Record]]:
        """Return partition id → records, without a gap from the range's first offset on, maybe fewer than asked."""
        rows = await self._database.fetch(
            RANGES,
            list(ranges),
            [first for first, _ in ranges.values()],
            [beyond for _, beyond in ranges.values()],
            min(self._settings.bus_partition_fetch_bytes_max, self._settings.bus_fetch_bytes_max // len(ranges)),
        )
        found: dict[int, list[Record]] = {}
        for row in rows:
            id_ = row["partition_id"]
            records = found.setdefault(id_, [])
            if row["offset"] == ranges[id_][0] + len(records):
                records.append(_record(row, names[id_]))
        return {id_: records for id_, records in found.items() if records}


def _record(row: Any, where: TopicPartition) -> Record:
    return Record(
        topic=where.topic,
        partition=where.partition,
        offset=row["offset"],
        key=row["key"],
        value=row["value"],
        headers=decode_headers(row["headers"]),
        log_time=row["log_time"],
    )
