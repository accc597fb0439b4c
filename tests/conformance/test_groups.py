"""Members that share the partitions of a topic: they join, leave, die, freeze and get stuck, and nothing is lost."""

import asyncio

import pytest
from tests.conformance.steps import FAST, from_the_start, make_topic, read, send, until, values

from amends.bus.connect import connect
from amends.bus.port import BusError, TopicPartition
from amends.bus.settings import BusSettings

ALL = range(6)


def by_value(value):
    return f"ticket-{value}"


async def polled(*consumers):
    """Poll everybody once, as their loops would, and return what came, per consumer."""
    return await asyncio.gather(*(consumer.poll(100, 0.1) for consumer in consumers))


async def share(first, second, topic):
    """Poll both until they share the six partitions evenly; return all that came meanwhile."""
    came = []

    async def even():
        for found in await polled(first, second):
            came.extend(record for records in found.values() for record in records)
        return len(first.assigned()) == len(second.assigned()) == 3

    await until(even)
    assert first.assigned() | second.assigned() == {TopicPartition(topic, number) for number in ALL}
    return came


async def test_one_member_gets_every_partition(bus, topic, group):
    await send(bus, topic, [f"{n}" for n in range(60)], key=by_value)
    consumer = await bus.consumer(group, [topic], from_the_start)
    assert {record.partition for record in await read(consumer, 60)} == set(ALL)
    assert consumer.assigned() == {TopicPartition(topic, number) for number in ALL}


async def test_a_member_reads_several_topics(bus, topic, group):
    other = await make_topic(bus, partitions=1)
    await send(bus, topic, ["a"])
    await send(bus, other, ["b"])
    records = await read(await bus.consumer(group, [topic, other], from_the_start), 2)
    assert {(record.topic, record.value) for record in records} == {(topic, b"a"), (other, b"b")}


async def test_two_groups_each_get_everything(bus, topic, group):
    await send(bus, topic, ["1", "2", "3"])
    for name in (group, f"{group}-other"):
        assert values(await read(await bus.consumer(name, [topic], from_the_start), 3)) == ["1", "2", "3"]


async def test_the_stored_position_counts_not_what_was_told_to_the_bus(bus, topic, group):
    landed = (await send(bus, topic, ["0", "1", "2", "3"]))[0]
    where = TopicPartition(topic, landed.partition)
    first = await bus.consumer(group, [topic], from_the_start)
    await read(first, 4, commit=True)
    await first.stop()

    async def stored(partitions):
        assert where in partitions
        return {where: 2}

    assert values(await read(await bus.consumer(group, [topic], stored), 2)) == ["2", "3"]


async def test_what_was_told_to_the_bus_alone_is_no_position(bus, topic, group):
    await send(bus, topic, ["0", "1"])
    first = await bus.consumer(group, [topic], from_the_start)
    await read(first, 2, commit=True)
    await first.stop()
    assert values(await read(await bus.consumer(group, [topic], from_the_start), 2)) == ["0", "1"]


async def test_a_store_that_is_away_is_asked_again_and_nothing_is_read_before_it_answers(bus, topic, group):
    await send(bus, topic, ["0", "1", "2"])
    asked = []

    async def away_at_first(partitions):
        asked.append(partitions)
        if len(asked) == 1:
            raise BusError("the store is away")
        return {partition: 1 for partition in partitions if (await bus.end_offsets(topic))[partition.partition]}

    consumer = await bus.consumer(group, [topic], away_at_first)

    async def refused():
        try:
            assert await consumer.poll(10, 0.2) == {}
        except BusError as error:
            return str(error)

    assert "the store is away" in await until(refused)
    assert consumer.assigned() == frozenset()
    assert values(await read(consumer, 2)) == ["1", "2"]


async def test_rewind_gives_the_same_records_again(bus, topic, group):
    landed = (await send(bus, topic, ["0", "1", "2"]))[0]
    consumer = await bus.consumer(group, [topic], from_the_start)
    await read(consumer, 3)
    await consumer.rewind(TopicPartition(topic, landed.partition), 1)
    assert values(await read(consumer, 2)) == ["1", "2"]


async def test_a_joining_member_takes_its_share_and_nothing_is_lost(bus, another_bus, topic, group):
    first = await bus.consumer(group, [topic], from_the_start)
    await send(bus, topic, [f"a{n}" for n in range(50)], key=by_value)
    came = await read(first, 50)
    second = await another_bus.consumer(group, [topic], from_the_start)
    await send(bus, topic, [f"b{n}" for n in range(50)], key=by_value)
    came += await share(first, second, topic)
    await send(bus, topic, [f"c{n}" for n in range(50)], key=by_value)

    async def everything():
        for found in await polled(first, second):
            came.extend(record for records in found.values() for record in records)
        return {value for value in values(came) if value[0] == "c"} == {f"c{n}" for n in range(50)}

    await until(everything)
    assert set(values(came)) == {f"{letter}{n}" for letter in "abc" for n in range(50)}
    assert not first.assigned() & second.assigned()


async def test_a_partition_changes_hands_only_after_the_batch_in_hand(bus, another_bus, topic, group):
    first = await bus.consumer(group, [topic], from_the_start)
    await send(bus, topic, [f"{n}" for n in range(60)], key=by_value)
    batch = await until(lambda: first.poll(100, 0.2))  # in hand from here on
    second = await another_bus.consumer(group, [topic], from_the_start)
    for _ in range(10):
        found = await second.poll(100, 0.2)
        assert not found.keys() & batch.keys()
    await share(first, second, topic)


async def test_a_leaving_member_hands_over_at_once(bus, another_bus, topic, group):
    first = await bus.consumer(group, [topic], from_the_start)
    second = await another_bus.consumer(group, [topic], from_the_start)
    await share(first, second, topic)
    await first.stop()

    async def alone():
        await second.poll(100, 0.1)
        return len(second.assigned()) == 6

    await until(alone)
    await send(bus, topic, ["1", "2", "3"], key=by_value)
    assert sorted(values(await read(second, 3))) == ["1", "2", "3"]


async def test_records_of_a_member_that_crashed_before_its_commit_come_again(bus, topic, group, start_member):
    await send(bus, topic, [f"{n}" for n in range(30)], key=by_value)
    member = await start_member(group, [topic])
    await member.read(30)  # it has them all, and stored no position
    await member.kill()
    heir = await bus.consumer(group, [topic], from_the_start)
    assert sorted(values(await read(heir, 30)), key=int) == [f"{n}" for n in range(30)]


async def test_a_member_that_dies_beside_another_loses_nothing(bus, topic, group, start_member):
    survivor = await bus.consumer(group, [topic], from_the_start)
    member = await start_member(group, [topic])

    async def shared():
        await survivor.poll(100, 0.1)
        await member.ask("poll", max_records=1, timeout_s=0.1)
        return len(survivor.assigned()) == len(await member.ask("assigned")) == 3

    await until(shared)
    await send(bus, topic, [f"{n}" for n in range(60)], key=by_value)
    batches = await member.read(1)
    taken = {value for *_, records in batches for _, value in records}
    assert taken
    await member.kill()
    came = set(values(await read(survivor, 60)))
    assert taken <= came == {f"{n}" for n in range(60)}


async def test_a_frozen_member_is_fenced_in_mid_batch_and_says_so_afterwards(bus, topic, group, start_member):
    await send(bus, topic, [f"{n}" for n in range(30)], key=by_value)
    member = await start_member(group, [topic])
    batches = await member.read(30)
    member.freeze()  # with everything in hand
    heir = await bus.consumer(group, [topic], from_the_start)
    assert sorted(values(await read(heir, 30)), key=int) == [f"{n}" for n in range(30)]
    member.thaw()
    positions = [[topic, number, records[-1][0] + 1] for topic, number, records in batches]
    assert await member.ask("commit", positions=positions) == []
    assert len(heir.assigned()) == 6

    async def shared_again():
        await heir.poll(100, 0.1)
        await member.ask("poll", max_records=100, timeout_s=0.1)
        return len(heir.assigned()) == len(await member.ask("assigned")) == 3

    await until(shared_again)


async def test_a_member_stuck_in_a_batch_gives_its_partitions_up(broker, bus, topic, group):
    impatient = connect(broker.url, BusSettings(**FAST | {"bus_poll_interval_s_max": 1.0}))
    await impatient.start()
    stuck = await impatient.consumer(group, [topic], from_the_start)
    await send(bus, topic, [f"{n}" for n in range(30)], key=by_value)
    await read(stuck, 1)  # and it never polls again
    heir = await bus.consumer(group, [topic], from_the_start)
    assert sorted(values(await read(heir, 30)), key=int) == [f"{n}" for n in range(30)]
    await impatient.stop()


@pytest.mark.parametrize("count", [3])
async def test_more_members_than_partitions_leave_some_idle(bus, another_bus, group, count):
    topic = await make_topic(bus, partitions=1)
    members = [await another_bus.consumer(group, [topic], from_the_start) for _ in range(count)]

    async def settled():
        await polled(*members)
        return sorted(len(member.assigned()) for member in members) == [0, 0, 1]

    await until(settled)
    assert max(member.alive_age_s() for member in members) < 3


async def test_a_member_that_the_group_hears_is_alive(bus, topic, group):
    consumer = await bus.consumer(group, [topic], from_the_start)

    async def assigned():
        await consumer.poll(1, 0.1)
        return consumer.assigned()

    await until(assigned)
    assert consumer.alive_age_s() < 3
