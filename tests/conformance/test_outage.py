"""The broker goes away and comes back: what was acknowledged stays, and everybody recovers by themselves."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.conformance.brokers import KafkaBroker, PostgresBroker
from tests.conformance.conftest import BUSES
from tests.conformance.steps import FAST, LIMIT_S, from_the_start, make_topic, read, send, until, values

from amends.bus.connect import connect
from amends.bus.port import Ack, BusError, Message, TopicPartition
from amends.bus.settings import BusSettings
from amends.clock import monotonic_s
from amends_cli.local.kafka import LocalKafka
from amends_cli.local.postgres import LocalPostgres


@pytest.fixture(scope="module", params=BUSES)
def mortal(request, tmp_path_factory):
    """A server of this module's own: the others must not notice its outages."""
    folder = tmp_path_factory.mktemp("mortal")
    server = LocalPostgres(folder) if request.param == "postgres" else LocalKafka(folder)
    # The kernel ends a server when the *thread* that started it ends: this one outlives every test.
    with ThreadPoolExecutor(1) as starter:
        starter.submit(server.start).result()
        broker = PostgresBroker(server, "bus") if request.param == "postgres" else KafkaBroker(server)
        broker.starter = starter
        yield broker
        server.stop()


@pytest.fixture
def broker(mortal):
    if not mortal.server.alive():
        mortal.starter.submit(mortal.server.start).result()
    yield mortal
    mortal.thaw()


async def restart(broker):
    await asyncio.get_running_loop().run_in_executor(broker.starter, broker.server.start)


async def healed_topic(bus, partitions=6):
    """A new topic, once the broker has recovered from the test before: Kafka lets one back after some seconds."""

    async def made():
        try:
            return await make_topic(bus, partitions)
        except BusError:
            return None

    return await until(made)


async def polled(consumer):
    """Poll as a service's loop does: a bus that is away is not the end."""
    try:
        return await consumer.poll(100, 0.2)
    except BusError:
        return {}


async def resend(producer, messages):
    """Send as the relay does: from the first that failed, until all are acknowledged."""
    left = list(messages)

    async def all_landed():
        answers = await producer.send(left)
        while answers and isinstance(answers[0], Ack):
            answers.pop(0)
            left.pop(0)
        return not left

    await until(all_landed, limit_s=2 * LIMIT_S)


async def test_after_a_crash_of_the_broker_everything_acknowledged_is_there_and_work_goes_on(bus, broker, group):
    topic = await healed_topic(bus)
    await send(bus, topic, [f"a{n}" for n in range(20)], key=lambda value: value)
    consumer = await bus.consumer(group, [topic], from_the_start)
    came = await read(consumer, 20)
    producer = await bus.producer()
    broker.server.kill()
    messages = [Message(topic, "ticket", f"b{n}".encode()) for n in range(20)]
    sending = asyncio.create_task(resend(producer, messages))
    assert await polled(consumer) == {}
    positions = {(record.topic, record.partition): record.offset + 1 for record in came}
    with pytest.raises(BusError):  # It passes: ours stands.
        await consumer.commit({TopicPartition(*where): offset for where, offset in positions.items()})
    await restart(broker)
    await sending

    async def everything():
        for records in (await polled(consumer)).values():
            came.extend(records)
        return set(values(came)) == {f"{letter}{n}" for letter in "ab" for n in range(20)}

    await until(everything)
    # What came twice came in order each time: the first time that each value came is the order it was sent in.
    first_seen = list(dict.fromkeys(value for value in values(came) if value.startswith("b")))
    assert first_seen == [f"b{n}" for n in range(20)]


async def test_while_the_broker_is_frozen_a_send_ends_within_its_limit_and_later_ones_pass(bus, broker):
    topic = await healed_topic(bus)
    producer = await bus.producer()
    await producer.send([Message(topic, "ticket", b"before")])
    broker.freeze()
    began = monotonic_s()
    (answer,) = await producer.send([Message(topic, "ticket", b"during")])
    assert isinstance(answer, BusError)
    assert monotonic_s() - began < FAST["bus_send_timeout_s"] + 6
    broker.thaw()
    await resend(producer, [Message(topic, "ticket", b"after")])
    reader = await bus.reader(topic, "earliest")
    found = []

    async def came():
        found.extend(await reader.poll(10, 0.2))
        return "after" in values(found)

    await until(came)
    assert values(found)[0] == "before"


async def test_liveness_ages_while_the_broker_is_frozen_and_recovers(bus, broker, group):
    topic = await healed_topic(bus)
    consumer = await bus.consumer(group, [topic], from_the_start)

    async def assigned():
        await polled(consumer)
        return len(consumer.assigned()) == 6

    await until(assigned)
    broker.freeze()

    async def old():
        await polled(consumer)
        return consumer.alive_age_s() > 3

    await until(old)
    broker.thaw()

    async def young():
        await polled(consumer)
        return consumer.alive_age_s() < 1 and len(consumer.assigned()) == 6

    await until(young)
    await send(bus, topic, ["after"])
    assert values(await read(consumer, 1)) == ["after"]


async def test_what_starts_while_the_broker_is_away_works_once_it_is_back(broker, bus, settings, group):
    topic = await healed_topic(bus)
    await send(bus, topic, ["1"])
    broker.server.kill()
    late = connect(broker.url, settings)
    began = monotonic_s()
    await late.start()
    producer = await late.producer()
    consumer = await late.consumer(group, [topic], from_the_start)
    reader = await late.reader(topic, "earliest")
    assert monotonic_s() - began < 10
    (answer,) = await producer.send([Message(topic, "ticket", b"2")])
    assert isinstance(answer, BusError)
    assert await polled(consumer) == {}
    with pytest.raises(BusError):
        await late.end_offsets(topic)
    await restart(broker)
    await resend(producer, [Message(topic, "ticket", b"2")])
    came, read_too = [], []

    async def everything():
        for records in (await polled(consumer)).values():
            came.extend(records)
        try:
            read_too.extend(await reader.poll(10, 0.2))
        except BusError:
            return False
        return values(came)[-1:] == values(read_too)[-1:] == ["2"]

    await until(everything)
    assert values(came)[0] == values(read_too)[0] == "1"
    await late.stop()


@pytest.mark.parametrize("outage", ["frozen", "gone"])
async def test_everything_stops_within_its_limit_though_the_broker_is_away(broker, outage, group):
    bus = connect(broker.url, BusSettings(**FAST))
    await bus.start()
    topic = await healed_topic(bus)
    await send(bus, topic, ["1"])
    consumer = await bus.consumer(group, [topic], from_the_start)
    reader = await bus.reader(topic, "earliest")
    await read(consumer, 1)
    await reader.poll(10, 1)
    producer = await bus.producer()
    broker.freeze() if outage == "frozen" else broker.server.kill()
    sending = asyncio.create_task(producer.send([Message(topic, "ticket", b"2")]))
    await asyncio.sleep(0)
    began = monotonic_s()
    await bus.stop()
    (answer,) = await sending
    assert isinstance(answer, BusError)
    # Each has 2 s to stop and 4 s to be cut off, all at once; then the connections 2 s; some more for a busy machine.
    assert monotonic_s() - began < 12
