"""Large messages pass, oversize ones are refused alone (DESIGN, decision 3)."""

from tests.conformance.steps import from_the_start, read

from amends.bus.port import Ack, Message, MessageTooLarge

KIB = 1024


async def test_events_of_500_kib_pass_whole(bus, topic, group):
    producer = await bus.producer()
    bodies = [bytes([n]) * (500 * KIB) for n in range(12)]
    answers = await producer.send([Message(topic, f"ticket-{n % 3}", body) for n, body in enumerate(bodies)])
    assert all(isinstance(answer, Ack) for answer in answers)
    records = await read(await bus.consumer(group, [topic], from_the_start), 12)
    assert sorted(record.value for record in records) == bodies


async def test_an_oversize_message_is_refused_and_its_neighbours_pass(bus, topic, group):
    producer = await bus.producer()
    too_large = b"x" * (1024 * KIB + 1)
    answers = await producer.send(
        [Message(topic, "t", b"before"), Message(topic, "t", too_large), Message(topic, "t", b"after")]
    )
    assert [type(answer) for answer in answers] == [Ack, MessageTooLarge, Ack]
    assert "the bus takes 1048576" in str(answers[1])
    records = await read(await bus.consumer(group, [topic], from_the_start), 2)
    assert [record.value for record in records] == [b"before", b"after"]


async def test_a_message_of_exactly_the_limit_passes(bus, topic, group):
    producer = await bus.producer()
    body = b"x" * (1024 * KIB - len("ticket"))
    (answer,) = await producer.send([Message(topic, "ticket", body)])
    assert isinstance(answer, Ack)
    (record,) = await read(await bus.consumer(group, [topic], from_the_start), 1)
    assert record.value == body


async def test_one_poll_holds_no_more_than_asked(bus, topic, group):
    producer = await bus.producer()
    await producer.send([Message(topic, f"ticket-{n}", b"x") for n in range(100)])
    consumer = await bus.consumer(group, [topic], from_the_start)
    sizes = []
    while sum(sizes) < 100:
        found = await consumer.poll(7, 1.0)
        sizes.append(sum(len(records) for records in found.values()))
    assert max(sizes) <= 7
