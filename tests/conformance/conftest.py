"""One suite, two buses: every test here runs on the embedded log and on real Kafka."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
import pytest_asyncio
from tests.conformance.brokers import KafkaBroker, PostgresBroker
from tests.conformance.members import Member
from tests.conformance.steps import FAST, make_topic, numbers

from amends.bus.connect import connect
from amends.bus.settings import BusSettings

BUSES = [
    pytest.param("postgres", marks=pytest.mark.servers),
    pytest.param("kafka", marks=[pytest.mark.servers, pytest.mark.kafka]),
]
MEMBER = Path(__file__).with_name("member.py")


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
    return f"group-{next(numbers)}"


@pytest_asyncio.fixture
async def topic(bus):
    """A topic of its own for the test: 6 partitions, kept for ever."""
    return await make_topic(bus)


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
