"""Anybody's Kafka client reads the topics as CloudEvents: plain aiokafka and the CloudEvents SDK, nothing of ours."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from tests.e2e.api import Api
from tests.e2e.suite import Suite

pytestmark = [pytest.mark.e2e, pytest.mark.kafka]

SOURCES = {
    "amends.ticket.v1": "/amends/intake",
    "amends.sla.v1": "/amends/sla",
    "amends.compensation.v1": "/amends/compensation",
    "amends.contact.v1": "/amends/notify",
}
REQUIRED = {"id", "source", "type", "subject", "time", "tenantid", "correlationid"}
ABOUT_A_TENANT = {"amends.ticket.robot_switched.v1"}


@pytest.mark.only_on("kafka")
async def test_every_topic_reads_as_cloudevents_with_the_ticket_id_as_key(suite: Suite, api: Api) -> None:
    ticket = await api.open_and_ask("abnormal_refund")
    await api.until_issued(ticket, within_s=60)

    read = [record async for record in _whole_topics(suite.endpoints["bus"].removeprefix("kafka://"))]

    ours = [record for record in read if record.key == ticket.encode()]
    assert {record.topic for record in ours} == set(SOURCES)
    for record in read:
        message = kafka.KafkaMessage(dict(record.headers), record.key, record.value)
        event = kafka.from_kafka(message, JSONFormat())
        attributes = event.get_attributes()
        assert set(attributes) >= REQUIRED
        assert ("sequence" in attributes) is (attributes["type"] not in ABOUT_A_TENANT)
        assert attributes["specversion"] == "1.0"
        assert attributes["datacontenttype"] == "application/json"
        assert record.key.decode() == attributes["subject"] == attributes["partitionkey"]
        assert attributes["source"] == SOURCES[record.topic]
        assert isinstance(event.get_data(), dict)
    opened = next(record for record in ours if dict(record.headers)["ce_type"] == b"amends.ticket.opened.v1")
    assert json.loads(opened.value)["order"]["items"][0]["name"] == "茶杯"
    assert len({record.partition for record in ours if record.topic == "amends.ticket.v1"}) == 1


async def _whole_topics(bootstrap: str) -> AsyncIterator[ConsumerRecord]:
    """Read all data topics from their start to the end that they have now."""
    consumer = AIOKafkaConsumer(*SOURCES, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        async with asyncio.timeout(30):
            while not all([await consumer.position(p) >= ends[p] for p in partitions]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        yield record
    finally:
        await consumer.stop()
