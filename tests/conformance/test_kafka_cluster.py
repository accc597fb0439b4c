"""What only Kafka has: settings of topics, a prefix for a shared cluster, and clients of other makes."""

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from tests.conformance.steps import FAST, from_the_start, numbers, read, send, values

from amends.bus.connect import connect
from amends.bus.port import Message, TopicSpec
from amends.bus.settings import BusSettings

pytestmark = [pytest.mark.servers, pytest.mark.kafka]


@pytest.fixture
def url(kafka_server):
    return f"kafka://{kafka_server.bootstrap}"


@pytest_asyncio.fixture
async def start(url):
    """Start buses with given settings, stopped at the end."""
    buses = []

    async def begin(**settings):
        buses.append(connect(url, BusSettings(**FAST | settings)))
        await buses[-1].start()
        return buses[-1]

    yield begin
    for bus in buses:
        await bus.stop()


async def test_a_topic_is_made_with_the_settings_that_decision_6_asks_for(start, kafka_server):
    bus = await start()
    name = f"conformance.{next(numbers)}"
    await bus.apply_topics([TopicSpec(name, 2, None)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap)
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    await admin.close()
    configs = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert configs["message.timestamp.type"] == "LogAppendTime"
    assert configs["retention.ms"] == "-1"
    assert configs["max.message.bytes"] == str(1_048_576 + 65_536)
    assert configs["min.insync.replicas"] == "1"


async def test_more_copies_than_brokers_are_refused_with_the_reason(start):
    bus = await start()
    with pytest.raises(Exception, match=r"conformance\.copies.*InvalidReplicationFactor"):
        await bus.apply_topics([TopicSpec("conformance.copies", 1, None, replication=3, min_insync=2)])


async def test_installations_with_different_prefixes_share_a_cluster_unseen(start, group):
    ours, theirs = await start(kafka_topic_prefix="ours."), await start(kafka_topic_prefix="theirs.")
    for bus, value in ((ours, "1"), (theirs, "2")):
        await bus.apply_topics([TopicSpec("amends.ticket.v1", 1, None)])
        await send(bus, "amends.ticket.v1", [value])
    assert await ours.topics() == {"amends.ticket.v1": 1}
    for bus, value in ((ours, "1"), (theirs, "2")):
        records = await read(await bus.consumer(group, ["amends.ticket.v1"], from_the_start), 1)
        assert (values(records), records[0].topic) == ([value], "amends.ticket.v1")


async def test_any_client_reads_the_ticket_id_as_key_and_the_attributes_as_headers(start, kafka_server):
    bus = await start()
    name = f"conformance.{next(numbers)}"
    await bus.apply_topics([TopicSpec(name, 1, None)])
    producer = await bus.producer()
    headers = (("ce_specversion", b"1.0"), ("content-type", b"application/json"))
    await producer.send([Message(name, "ticket-1", b"{}", headers)])
    client = AIOKafkaConsumer(name, bootstrap_servers=kafka_server.bootstrap, auto_offset_reset="earliest")
    await client.start()
    record = await client.getone()
    await client.stop()
    assert (record.key, record.value, record.headers) == (b"ticket-1", b"{}", headers)
    assert record.timestamp_type == 1  # LogAppendTime


async def test_stopped_producers_are_forgotten_so_that_making_them_anew_costs_nothing(start):
    bus = await start()
    for _ in range(5):
        await (await bus.producer()).stop()
    assert len(bus._open) == 1
