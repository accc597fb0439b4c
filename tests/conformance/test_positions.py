"""A position that the log no longer holds stops the consumer with a message (DESIGN, decision 3)."""

import pytest
from tests.conformance.steps import from_the_start, make_topic, read, read_all, send, until, values

from amends.bus.port import BusError, PositionLost, TopicPartition


async def lost(poll):
    """Poll until the position is lost; anything else that comes is a failure."""

    async def once():
        try:
            assert not await poll(10, 0.2)
        except PositionLost as error:
            return str(error)

    return await until(once)


async def test_a_position_below_the_logs_start_stops_the_consumer_with_a_message(broker, bus, group):
    topic = await make_topic(bus, partitions=1)
    await send(bus, topic, [f"{n}" for n in range(10)])
    await broker.cut_front(topic, 0, 6)

    async def stored(_partitions):
        return {TopicPartition(topic, 0): 4}

    consumer = await bus.consumer(group, [topic], stored)
    message = await lost(consumer.poll)
    assert f"group {group} stands at offset 4 of {topic}[0], but offsets 4 to 5 are deleted" in message
    assert "GET /v1/events" in message
    assert await lost(consumer.poll)  # and it stays stopped


async def test_a_position_that_retention_overtakes_stops_the_consumer(broker, bus, group):
    topic = await make_topic(bus, partitions=1)
    await send(bus, topic, ["0", "1"])
    consumer = await bus.consumer(group, [topic], from_the_start)
    await read(consumer, 2)
    await consumer.rewind(TopicPartition(topic, 0), 0)
    await send(bus, topic, ["2", "3"])
    await broker.cut_front(topic, 0, 3)
    await consumer.rewind(TopicPartition(topic, 0), 1)
    assert "offsets 1 to 2 are deleted" in await lost(consumer.poll)


async def test_a_position_beyond_the_logs_end_stops_the_consumer(bus, group):
    topic = await make_topic(bus, partitions=1)
    await send(bus, topic, ["0", "1"])

    async def of_another_log(_partitions):
        return {TopicPartition(topic, 0): 7}

    consumer = await bus.consumer(group, [topic], of_another_log)
    assert "stands at offset 7" in await lost(consumer.poll)


async def test_a_position_at_either_edge_of_the_log_is_held(broker, bus, group):
    topic = await make_topic(bus, partitions=2)
    for key in ("a", "b", "c", "d"):
        await send(bus, topic, ["0", "1", "2"], key=key)
    ends = await bus.end_offsets(topic)
    await broker.cut_front(topic, 0, 2)

    async def at_the_edges(_partitions):
        return {TopicPartition(topic, 0): 2, TopicPartition(topic, 1): ends[1]}

    consumer = await bus.consumer(group, [topic], at_the_edges)
    records = await read(consumer, ends[0] - 2)
    assert {(record.partition, record.offset) for record in records} == {(0, n) for n in range(2, ends[0])}
    assert await consumer.poll(10, 0.3) == {}


async def test_without_a_stored_position_reading_starts_at_the_logs_start(broker, bus, group):
    topic = await make_topic(bus, partitions=1)
    await send(bus, topic, ["0", "1", "2"])
    await broker.cut_front(topic, 0, 1)
    assert values(await read(await bus.consumer(group, [topic], from_the_start), 2)) == ["1", "2"]
    assert values(await read_all(await bus.reader(topic, "earliest"), 2)) == ["1", "2"]


async def test_a_reader_from_offsets_that_are_gone_says_so(broker, bus):
    topic = await make_topic(bus, partitions=1)
    await send(bus, topic, ["0", "1", "2"])
    await broker.cut_front(topic, 0, 2)
    reader = await bus.reader(topic, {0: 1})
    assert "a reader stands at offset 1" in await lost(reader.poll)


async def test_a_lost_position_is_told_from_a_bus_that_is_away():
    assert issubclass(PositionLost, BusError)
    with pytest.raises(PositionLost):
        raise PositionLost
