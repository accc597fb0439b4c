"""A clean stop: fast, complete, and harmless to repeat."""

import asyncio

from tests.conformance.steps import from_the_start, make_topic, read, send

from amends.bus.connect import connect
from amends.bus.port import BusError, Message
from amends.clock import monotonic_s


async def test_a_stop_is_quick_and_leaves_no_task_behind(broker, settings, group):
    before = asyncio.all_tasks()
    bus = connect(broker.url, settings)
    await bus.start()
    topic = await make_topic(bus)
    await send(bus, topic, ["1"])
    consumer = await bus.consumer(group, [topic], from_the_start)
    await read(consumer, 1)
    reader = await bus.reader(topic, "earliest")
    await reader.poll(1, 1)
    began = monotonic_s()
    await bus.stop()
    assert monotonic_s() - began < 5
    assert {task.get_name() for task in asyncio.all_tasks() - before} == set()


async def test_a_poll_under_way_returns_when_the_consumer_stops(bus, topic, group):
    consumer = await bus.consumer(group, [topic], from_the_start)
    polling = asyncio.create_task(consumer.poll(10, 10.0))
    await asyncio.sleep(0.5)
    await consumer.stop()
    done, _ = await asyncio.wait([polling], timeout=10)
    assert done
    polling.exception()  # it may say that it was stopped


async def test_stopping_twice_is_stopping_once(bus, topic, group):
    consumer = await bus.consumer(group, [topic], from_the_start)
    reader = await bus.reader(topic, "earliest")
    producer = await bus.producer()
    for each in (consumer, reader, producer):
        await each.stop()
        await each.stop()
    assert consumer.assigned() == frozenset()


async def test_after_the_stop_nothing_is_sent(broker, settings):
    bus = connect(broker.url, settings)
    await bus.start()
    topic = await make_topic(bus)
    producer = await bus.producer()
    await bus.stop()
    (answer,) = await producer.send([Message(topic, "ticket", b"1")])
    assert isinstance(answer, BusError)
