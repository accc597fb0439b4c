"""One suite, two buses: every test here runs on the embedded log and on real Kafka."""

import asyncio
import itertools
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from amends.bus.connect import connect
from amends.bus.port import Ack, Message, TopicSpec
from amends.bus.settings import BusSettings
from amends.clock import monotonic_s
from tests.conformance.brokers import KafkaBroker, PostgresBroker

BUSES = [
    pytest.param("postgres", marks=pytest.mark.servers),
    pytest.param("kafka", marks=[pytest.mark.servers, pytest.mark.kafka]),
]
FAST = {
    "bus_group_lease_s": 2.0,
    "bus_group_heartbeat_s": 0.2,
    "bus_request_timeout_s": 3.0,
    "bus_send_timeout_s": 6.0,
    "bus_stop_timeout_s": 2.0,
    "bus_rebalance_timeout_s": 6.0,
}
MEMBER = Path(__file__).with_name("member.py")
_numbers = itertools.count(1)


@pytest.fixture(params=BUSES)
def broker(request):
    if request.param == "postgres":
        return PostgresBroker(request.getfixturevalue("postgres_server"), "conformance")
    return KafkaBroker(request.getfixturevalue("kafka_server"))


@pytest.fixture
def settings():
    return BusSettings(**FAST)


@pytest_asyncio.fixture
async def bus(broker, settings):
    bus = connect(broker.url, settings)
    await bus.start()
    yield bus
    await bus.stop()


@pytest_asyncio.fixture
async def another_bus(broker, settings):
    """A second connection, as another process would have it."""
    bus = connect(broker.url, settings)
    await bus.start()
    yield bus
    await bus.stop()


@pytest.fixture
def group():
    return f"group-{next(_numbers)}"


@pytest_asyncio.fixture
async def topic(bus):
    """A topic of its own for the test: 6 partitions, kept for ever."""
    return await make_topic(bus)


async def make_topic(bus, partitions=6):
    name = f"conformance.{next(_numbers)}"
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


async def until(condition, limit_s=15.0):
    """Wait until an async condition gives something true, and return that."""
    end = monotonic_s() + limit_s
    while not (outcome := await condition()):
        assert monotonic_s() < end, f"not within {limit_s} s: {condition}"
        await asyncio.sleep(0.02)
    return outcome


async def read(consumer, count, limit_s=15.0, commit=False):
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


async def read_all(reader, count, limit_s=15.0):
    """The same for a reader."""
    records = []

    async def enough():
        records.extend(await reader.poll(100, 0.2))
        return len(records) >= count

    await until(enough, limit_s)
    return records


def values(records):
    return [record.value.decode() for record in records]


class Member:
    """A member in a process of its own: see member.py."""

    def __init__(self, process):
        self._process = process

    async def ask(self, command, **words):
        self._process.stdin.write(json.dumps({"command": command, **words}).encode() + b"\n")
        answer = await asyncio.wait_for(self._process.stdout.readline(), 20)
        return json.loads(answer)

    async def read(self, count, limit_s=15.0):
        """[topic, partition, [[offset, value], …]] of every batch until `count` records have come."""
        batches = []

        async def enough():
            answer = await self.ask("poll", max_records=100, timeout_s=0.2)
            batches.extend(answer if isinstance(answer, list) else [])
            return sum(len(records) for *_, records in batches) >= count

        await until(enough, limit_s)
        return batches

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    async def kill(self):
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@pytest_asyncio.fixture
async def start_member(broker):
    """Start members in processes of their own, killed at the end."""
    members = []

    async def start(group, topics):
        order = json.dumps({"url": broker.url, "group": group, "topics": topics, "settings": FAST})
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(MEMBER), order, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        members.append(Member(process))
        return members[-1]

    yield start
    for member in members:
        await member.kill()
