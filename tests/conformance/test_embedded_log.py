"""What only the embedded log has: its own schema, leases with fences, and its own sweep of what is past its retention."""

import asyncio

import asyncpg
import pytest
from tests.conformance.steps import FAST, from_the_start, make_topic, numbers, read, read_all, send, until, values

from amends.bus.connect import connect
from amends.bus.port import TopicPartition, TopicSpec
from amends.bus.postgres.database import LogDatabase
from amends.bus.postgres.retention import sweep
from amends.bus.settings import BusSettings

pytestmark = pytest.mark.servers


@pytest.fixture
def settings():
    return BusSettings(**FAST | {"bus_log_sweep_records_max": 3})


@pytest.fixture
async def bus(fresh_database, settings):
    bus = connect(fresh_database, settings)
    await bus.start()
    yield bus
    await bus.stop()


@pytest.fixture
async def sql(fresh_database, bus):
    connection = await asyncpg.connect(fresh_database)
    yield connection
    await connection.close()


@pytest.fixture
async def database(fresh_database, settings):
    database = LogDatabase(fresh_database, settings)
    await database.start()
    yield database
    await database.stop()


async def kept_for_an_hour(bus):
    name = f"conformance.{next(numbers)}"
    await bus.apply_topics([TopicSpec(name, 1, 3600)])
    return name


async def age(sql, topic, below):
    """Make the records of offsets below `below` two hours old."""
    await sql.execute(
        """UPDATE bus_record SET log_time = log_time - interval '2 hours'
           WHERE "offset" < $2 AND partition_id = (SELECT id FROM bus_partition WHERE topic = $1)""",
        topic,
        below,
    )


async def test_processes_that_start_at_once_on_an_empty_database_do_not_trip_over_each_other(fresh_database, settings):
    buses = [connect(fresh_database, settings) for _ in range(6)]
    await asyncio.gather(*(bus.start() for bus in buses))
    made = await asyncio.gather(*(bus.apply_topics([TopicSpec("t", 6, None)]) for bus in buses))
    assert [name for names in made for name in names] == ["t"]
    assert await buses[0].topics() == {"t": 6}
    await asyncio.gather(*(bus.stop() for bus in buses))


async def test_the_sweep_deletes_what_is_past_its_retention_piece_by_piece(bus, sql, database, settings):
    topic = await kept_for_an_hour(bus)
    await send(bus, topic, [f"{n}" for n in range(10)])
    await age(sql, topic, below=8)
    assert await sweep(database, settings) == 3  # 8 records in pieces of 3
    assert await sql.fetchval("SELECT start_offset FROM bus_partition WHERE topic = $1", topic) == 8
    assert values(await read_all(await bus.reader(topic, "earliest"), 2)) == ["8", "9"]
    assert await bus.end_offsets(topic) == {0: 10}
    assert await sweep(database, settings) == 0


async def test_a_log_that_is_swept_empty_goes_on_at_its_next_offset(bus, sql, database, settings):
    topic = await kept_for_an_hour(bus)
    await send(bus, topic, ["0", "1"])
    await age(sql, topic, below=2)
    await sweep(database, settings)
    assert await (await bus.reader(topic, "earliest")).caught_up()
    assert (await send(bus, topic, ["2"]))[0].offset == 2


async def test_what_is_kept_for_ever_is_not_swept(bus, sql, database, settings):
    topic = await make_topic(bus, partitions=1)
    await send(bus, topic, ["0", "1"])
    await age(sql, topic, below=2)
    assert await sweep(database, settings) == 0
    assert values(await read_all(await bus.reader(topic, "earliest"), 2)) == ["0", "1"]


async def test_the_sweep_runs_by_itself(fresh_database, sql, bus):
    brisk = connect(fresh_database, BusSettings(**FAST | {"bus_log_sweep_s": 0.1}))
    await brisk.start()
    topic = await kept_for_an_hour(bus)
    await send(bus, topic, ["0", "1"])
    await age(sql, topic, below=1)

    async def swept():
        return await sql.fetchval("SELECT start_offset FROM bus_partition WHERE topic = $1", topic) == 1

    await until(swept)
    await brisk.stop()


async def test_the_fence_rises_whenever_a_partition_changes_hands(bus, sql, group):
    topic = await make_topic(bus, partitions=1)
    fences = []
    for _ in range(3):
        member = await bus.consumer(group, [topic], from_the_start)
        await until(lambda member=member: _assigned(member))
        fences.append(await sql.fetchval("SELECT fence FROM bus_lease WHERE group_name = $1", group))
        await member.stop()
    assert fences == [1, 2, 3]


async def _assigned(member):
    await member.poll(1, 0.05)
    return member.assigned()


async def test_who_holds_an_old_fence_neither_reads_nor_commits(bus, sql, group):
    topic = await make_topic(bus, partitions=1)
    member = await bus.consumer(group, [topic], from_the_start)
    await send(bus, topic, ["0"])
    await read(member, 1)
    takeover = """UPDATE bus_lease SET member_id = 'another', fence = fence + 1,
                  expires_at = clock_timestamp() + interval '1 hour' WHERE group_name = $1"""
    await sql.execute(takeover, group)
    await send(bus, topic, ["1"])
    await member.commit({TopicPartition(topic, 0): 1})
    assert await sql.fetchval("SELECT next_offset FROM bus_lease WHERE group_name = $1", group) is None
    assert await member.poll(10, 0.3) == {}
    assert member.assigned() == frozenset()


async def test_members_that_read_different_topics_share_each_among_its_readers(bus, group):
    both, one = await make_topic(bus), await make_topic(bus)
    wide = await bus.consumer(group, [both, one], from_the_start)
    narrow = await bus.consumer(group, [both], from_the_start)

    async def settled():
        await asyncio.gather(wide.poll(1, 0.05), narrow.poll(1, 0.05))
        return len(wide.assigned()) == 9 and len(narrow.assigned()) == 3

    await until(settled)
    assert {where.topic for where in narrow.assigned()} == {both}
