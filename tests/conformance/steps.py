"""The steps that conformance tests are made of."""

import asyncio
import itertools

from amends.bus.port import Ack, Message, TopicSpec
from amends.clock import monotonic_s

FAST = {
    "bus_group_lease_s": 3.0,
    "bus_group_heartbeat_s": 0.2,
    "bus_request_timeout_s": 5.0,
    "bus_send_timeout_s": 8.0,
    "bus_stop_timeout_s": 2.0,
    "bus_rebalance_timeout_s": 6.0,
}
LIMIT_S = 60.0
"""No test waits that long on a machine that has nothing else to do."""
numbers = itertools.count(1)


async def make_topic(bus, partitions=6):
    name = f"conformance.{next(numbers)}"
    await bus.apply_topics([TopicSpec(name, partitions, None)])
    return name


async def from_the_start(_partitions):
    return {}


async def send(bus, topic, values, key="ticket"):
    """Send text values under one key (or the key that a function gives) and return where they landed."""
    producer = await bus.producer()
    key_of = key if callable(key) else lambda _value: key
    answers = await producer.send([Message(topic, key_of(value), value.encode()) for value in values])
    assert all(isinstance(answer, Ack) for answer in answers), answers
    return answers


async def until(condition, limit_s=LIMIT_S):
    """Wait until an async condition gives something true, and return that."""
    end = monotonic_s() + limit_s
    while not (outcome := await condition()):
        assert monotonic_s() < end, f"not within {limit_s} s: {condition}"
        await asyncio.sleep(0.02)
    return outcome


async def read(consumer, count, limit_s=LIMIT_S, commit=False):
    """Poll until `count` records have come; return them in the order in which they came."""
    records = []

    async def enough():
        found = await consumer.poll(100, 0.2)
        for batch in found.values():
            records.extend(batch)
        if commit and found:
            await consumer.commit({where: batch[-1].offset + 1 for where, batch in found.items()})
        return len(records) >= count

    await until(enough, limit_s)
    return records


async def read_all(reader, count, limit_s=LIMIT_S):
    """The same for a reader."""
    records = []

    async def enough():
        records.extend(await reader.poll(100, 0.2))
        return len(records) >= count

    await until(enough, limit_s)
    return records


def values(records):
    return [record.value.decode() for record in records]
