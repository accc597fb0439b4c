"""Reading a whole topic without a group: policies, watermarks, replay."""

from datetime import timedelta

import pytest
from tests.conformance.steps import from_the_start, make_topic, read, read_all, send, until, values

from amends.bus.port import BusError, TopicPartition


async def test_earliest_gives_everything_and_knows_when_it_has_caught_up(bus, topic):
    await send(bus, topic, [f"{n}" for n in range(250)], key=lambda value: value)
    reader = await bus.reader(topic, "earliest")
    assert not await reader.caught_up()
    assert sorted(values(await read_all(reader, 250)), key=int) == [f"{n}" for n in range(250)]
    assert await reader.caught_up()


async def test_a_reader_of_an_empty_topic_has_caught_up(bus, topic):
    reader = await bus.reader(topic, "earliest")
    assert await reader.caught_up()
    assert await reader.poll(10, 0.1) == []


async def test_caught_up_means_the_end_as_it_was_asked_for(bus, topic):
    await send(bus, topic, ["1"])
    reader = await bus.reader(topic, "earliest")
    assert not await reader.caught_up()  # asked here: the end is after "1"
    await send(bus, topic, ["2"])
    assert values(await read_all(reader, 1))[0] == "1"
    await until(reader.caught_up)


async def test_latest_gives_only_what_comes_after_it_was_opened(bus, topic):
    await send(bus, topic, ["old"])
    reader = await bus.reader(topic, "latest")
    await send(bus, topic, ["new"])
    assert values(await read_all(reader, 1)) == ["new"]


async def test_replay_from_a_time_starts_at_the_first_record_of_that_log_time(bus):
    topic = await make_topic(bus, partitions=1)
    for n in range(5):
        await send(bus, topic, [f"{n}"])
    all_records = await read_all(await bus.reader(topic, "earliest"), 5)
    at = all_records[2].log_time
    expected = [record.value.decode() for record in all_records if record.log_time >= at]
    assert values(await read_all(await bus.reader(topic, at), len(expected))) == expected
    before = all_records[0].log_time - timedelta(days=1)
    assert values(await read_all(await bus.reader(topic, before), 5)) == ["0", "1", "2", "3", "4"]
    future = await bus.reader(topic, all_records[-1].log_time + timedelta(seconds=1))
    await send(bus, topic, ["5"])
    assert values(await read_all(future, 1)) == ["5"]


async def test_offsets_start_each_partition_where_told_and_the_others_at_their_start(bus, topic):
    landed = (await send(bus, topic, ["0", "1", "2"], key="a"))[0].partition
    await send(bus, topic, [f"x{n}" for n in range(30)], key=lambda value: value)
    reader = await bus.reader(topic, {landed: 2})
    found = values(await read_all(reader, 31))
    assert "0" not in found
    assert "1" not in found
    assert {"2", *(f"x{n}" for n in range(30))} == set(found)


async def test_two_readers_and_a_group_do_not_disturb_each_other(bus, another_bus, topic, group):
    await send(bus, topic, ["1", "2", "3"])
    first, second = await bus.reader(topic, "earliest"), await another_bus.reader(topic, "earliest")
    consumer = await bus.consumer(group, [topic], from_the_start)
    assert values(await read(consumer, 3)) == ["1", "2", "3"]
    assert values(await read_all(first, 3)) == ["1", "2", "3"]
    assert values(await read_all(second, 3)) == ["1", "2", "3"]


async def test_end_offsets_tell_the_next_offset_of_every_partition(bus, topic):
    assert await bus.end_offsets(topic) == dict.fromkeys(range(6), 0)
    landed = (await send(bus, topic, ["1", "2"]))[-1]
    assert await bus.end_offsets(topic) == dict.fromkeys(range(6), 0) | {landed.partition: 2}
    assert landed.offset == 1
    assert TopicPartition(topic, landed.partition) == (topic, landed.partition)


async def test_the_end_of_a_topic_that_does_not_exist_is_an_error(bus):
    with pytest.raises(BusError, match=r"conformance\.nowhere"):
        await bus.end_offsets("conformance.nowhere")
