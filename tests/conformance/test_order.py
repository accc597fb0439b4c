"""What a log promises to who sends and who reads: order, offsets, and the message as it was."""

import asyncio
from collections import defaultdict

from tests.conformance.steps import from_the_start, make_topic, read, read_all, send, values

from amends.bus.port import Ack, BusError, Message


async def test_messages_of_one_key_come_in_the_order_they_were_sent(bus, topic, group):
    keys = [f"ticket-{n}" for n in range(20)]
    sent = [(keys[n % 20], f"{n}") for n in range(400)]
    producer = await bus.producer()
    await producer.send([Message(topic, key, value.encode()) for key, value in sent])
    records = await read(await bus.consumer(group, [topic], from_the_start), 400)
    came = defaultdict(list)
    for record in records:
        came[record.key].append(record.value.decode())
    assert {key: [value for other, value in sent if other == key] for key in keys} == came


async def test_one_key_has_one_partition_whoever_sends(bus, another_bus, topic):
    landed = set()
    for each in (bus, another_bus):
        for _ in range(3):
            answers = await send(each, topic, ["a", "b"], key="ticket-7")
            landed |= {answer.partition for answer in answers}
    assert len(landed) == 1


async def test_keys_spread_over_all_partitions(bus, topic):
    answers = await send(bus, topic, [f"{n}" for n in range(200)], key=lambda value: f"ticket-{value}")
    assert {answer.partition for answer in answers} == set(range(6))


async def test_an_answer_tells_where_each_message_landed(bus, topic):
    sent = [f"{n}" for n in range(100)]
    answers = await send(bus, topic, sent, key=lambda value: value)
    reader = await bus.reader(topic, "earliest")
    found = {(record.partition, record.offset): record.value.decode() for record in await read_all(reader, 100)}
    assert [found[answer.partition, answer.offset] for answer in answers] == sent


async def test_offsets_start_at_0_and_have_no_gap_though_many_send_at_once(bus, another_bus, topic):
    producers = [await each.producer() for each in (bus, another_bus) for _ in range(3)]

    async def work(name, producer):
        for n in range(20):
            messages = [Message(topic, f"key-{k}", f"{name} {n} {k}".encode()) for k in range(5)]
            assert all(isinstance(answer, Ack) for answer in await producer.send(messages))

    await asyncio.gather(*(work(name, producer) for name, producer in enumerate(producers)))
    records = await read_all(await bus.reader(topic, "earliest"), 600)
    offsets = defaultdict(list)
    for record in records:
        offsets[record.partition].append(record.offset)
    assert {partition: list(range(len(found))) for partition, found in offsets.items()} == offsets
    assert {partition: end for partition, end in (await bus.end_offsets(topic)).items() if end} == {
        partition: len(found) for partition, found in offsets.items()
    }
    for name in range(6):  # and each producer's own order stands, key by key
        for k in range(5):
            mine = [value for value in values(records) if value.startswith(f"{name} ") and value.endswith(f" {k}")]
            assert mine == [f"{name} {n} {k}" for n in range(20)]


async def test_key_value_and_headers_come_as_they_were_sent(bus, topic, group):
    headers = (
        ("ce_type", b"amends.ticket.opened.v1"),
        ("ce_subject", "工单".encode()),
        ("raw", b"\x00\xff"),
        ("empty", b""),
    )
    producer = await bus.producer()
    await producer.send([Message(topic, "工单-1", "退款 ¥300".encode(), headers), Message(topic, "工单-1", b"")])
    first, second = await read(await bus.consumer(group, [topic], from_the_start), 2)
    assert (first.key, first.value.decode(), first.headers) == ("工单-1", "退款 ¥300", headers)
    assert (second.value, second.headers, second.topic) == (b"", (), topic)


async def test_log_time_never_falls_within_a_partition(bus):
    topic = await make_topic(bus, partitions=1)
    for n in range(10):
        await send(bus, topic, [f"{n}"])
    times = [record.log_time for record in await read_all(await bus.reader(topic, "earliest"), 10)]
    assert times == sorted(times)
    assert times[0].utcoffset().total_seconds() == 0


async def test_nothing_sent_is_nothing_answered(bus):
    assert await (await bus.producer()).send([]) == []


async def test_a_topic_that_does_not_exist_is_an_error_and_the_producer_goes_on(bus, topic):
    producer = await bus.producer()
    (answer,) = await producer.send([Message("conformance.nowhere", "k", b"v")])
    assert isinstance(answer, BusError)
    (answer,) = await producer.send([Message(topic, "k", b"v")])
    assert isinstance(answer, Ack)
