"""The tables of the embedded log, and how they come to be.

A record's offset is taken from its partition's row, whose lock is held until commit: so offsets are gapless, and become
visible in their order. `bus_lease` holds who reads what: one row per group and partition, whose `fence` rises with every
change of hands.
"""

from typing import Any

LOCK_KEY = 7_231_001
"""The advisory lock under which tables and topics are made: members starting together would trip over each other."""

SWEEP_LOCK_KEY = 7_231_002
"""The advisory lock of the retention sweep: one at a time in the whole database."""

DDL = """
CREATE TABLE IF NOT EXISTS bus_topic (
    name text PRIMARY KEY,
    retention_s bigint
);
CREATE TABLE IF NOT EXISTS bus_partition (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL REFERENCES bus_topic (name) ON DELETE CASCADE,
    number integer NOT NULL,
    start_offset bigint NOT NULL DEFAULT 0,
    next_offset bigint NOT NULL DEFAULT 0,
    last_log_time timestamptz NOT NULL DEFAULT '-infinity',
    UNIQUE (topic, number)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS bus_record (
    partition_id integer NOT NULL REFERENCES bus_partition (id) ON DELETE CASCADE,
    "offset" bigint NOT NULL,
    log_time timestamptz NOT NULL,
    key text,
    value bytea NOT NULL,
    headers text,
    PRIMARY KEY (partition_id, "offset")
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.2);
CREATE TABLE IF NOT EXISTS bus_member (
    group_name text NOT NULL,
    member_id text NOT NULL,
    topics text[] NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (group_name, member_id)
) WITH (fillfactor = 20);
CREATE TABLE IF NOT EXISTS bus_lease (
    group_name text NOT NULL,
    partition_id integer NOT NULL REFERENCES bus_partition (id) ON DELETE CASCADE,
    member_id text,
    fence bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    next_offset bigint,
    PRIMARY KEY (group_name, partition_id)
) WITH (fillfactor = 20);
"""


async def create(connection: Any) -> None:
    """Make what is missing. Safe to call by many at once and again after every restart."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK_KEY)
        if await connection.fetchval("SELECT to_regclass('bus_lease') IS NULL"):
            await connection.execute(DDL)
