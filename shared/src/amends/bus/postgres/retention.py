"""Deleting what is past its retention, a bounded piece at a time."""

import structlog

from amends.bus.port import BusError
from amends.bus.postgres import schema
from amends.bus.postgres.database import LogDatabase
from amends.bus.settings import BusSettings

PIECES_MAX = 200
"""Pieces of one sweep: the rest waits for the next one."""

EXPIRED = """
SELECT p.id, t.retention_s
FROM bus_partition p JOIN bus_topic t ON t.name = p.topic
JOIN bus_record r ON r.partition_id = p.id AND r."offset" = p.start_offset
WHERE r.log_time < clock_timestamp() - make_interval(secs => t.retention_s)
ORDER BY p.id
"""
# One statement deletes and moves the start, so no reader sees a start that is no longer held. Log time never falls, so
# what is expired lies at the front.
DELETE_PIECE = """
WITH expired AS (
    SELECT r.partition_id, r."offset"
    FROM bus_partition p JOIN bus_record r ON r.partition_id = p.id
        AND r."offset" >= p.start_offset AND r."offset" < p.start_offset + $3::bigint
    WHERE p.id = $1 AND r.log_time < clock_timestamp() - make_interval(secs => $2)
), gone AS (
    DELETE FROM bus_record r USING expired e
    WHERE r.partition_id = e.partition_id AND r."offset" = e."offset" RETURNING r."offset"
)
UPDATE bus_partition SET start_offset = greatest(start_offset, (SELECT max("offset") + 1 FROM gone))
WHERE id = $1 AND EXISTS (SELECT FROM gone) RETURNING start_offset
"""

log = structlog.get_logger(__name__)


async def sweep(database: LogDatabase, settings: BusSettings) -> int:
    """Delete expired records and return in how many pieces. Another process that sweeps already makes this one idle."""
    piece = settings.bus_log_sweep_records_max
    pieces = 0
    for row in await database.fetch(EXPIRED):
        while pieces < PIECES_MAX and await _delete_piece(database, row["id"], float(row["retention_s"]), piece):
            pieces += 1
    return pieces


async def _delete_piece(database: LogDatabase, id_: int, retention_s: float, piece: int) -> bool:
    async with database.connection() as connection, connection.transaction():
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", schema.SWEEP_LOCK_KEY):
            return False
        return await connection.fetchval(DELETE_PIECE, id_, retention_s, piece) is not None


async def sweep_once(database: LogDatabase, settings: BusSettings) -> None:
    """Sweep, and leave what fails to the next time."""
    try:
        pieces = await sweep(database, settings)
    except BusError as error:
        log.warning("bus_sweep_failed", cause=str(error))
        return
    if pieces:
        log.debug("bus_swept", pieces=pieces)
