"""Effects exactly once, whatever is delivered twice, late, out of order, or cannot be applied at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import dead_letters, inbox
from amends.bus.port import Bus, Message
from amends.consumer import Consumer, RetryPolicy
from amends.db import Tx, reading, writing
from amends.errors import NotYet
from amends.events.envelope import Event
from amends.sending import Sender, message_of
from amends.watermark import WatermarkView

pytestmark = pytest.mark.servers

TOPIC = "amends.ticket.v1"
RETRY = RetryPolicy(first_s=0.01, longest_s=0.05)


def event(ticket: str, sequence: int, note: str = "fine") -> Event:
    return Event(
        id=str(UUID(int=hash((ticket, sequence)) & (2**128 - 1))),
        source="/amends/intake",
        type="amends.ticket.reopened.v1",
        subject=ticket,
        time=datetime(2026, 5, 13, 1, 20, tzinfo=UTC),
        partitionkey=ticket,
        tenantid="demo",
        data={"reason": note},
        sequence=sequence,
    )


@pytest.fixture
async def effects(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await tx.execute(
            text("CREATE TABLE IF NOT EXISTS effects (ticket text, sequence bigint, PRIMARY KEY (ticket, sequence))")
        )


async def apply(tx: Tx, got: Event) -> None:
    if got.data["reason"] == "poison":
        raise ValueError("this amount makes no sense")
    insert = text("INSERT INTO effects VALUES (:ticket, :sequence)")
    await tx.execute(insert, {"ticket": got.subject, "sequence": got.sequence})


async def applied(engine: AsyncEngine, ticket: str) -> list[int]:
    async with reading(engine) as tx:
        query = text("SELECT sequence FROM effects WHERE ticket = :ticket ORDER BY sequence")
        return list((await tx.execute(query, {"ticket": ticket})).scalars())


async def send(bus: Bus, *events: Event) -> None:
    sender = Sender(bus)
    await sender.send_all([message_of(e, TOPIC, bus.content_mode) for e in events])
    await sender.stop()


@asynccontextmanager
async def consuming(engine: AsyncEngine, bus: Bus, handle: inbox.Handle = apply) -> AsyncIterator[Consumer]:
    consumer = Consumer(engine, bus, group="g", topics=[TOPIC], handle=handle, retry=RETRY)
    task = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[bool]], limit_s: float = 15) -> None:
    async with asyncio.timeout(limit_s):
        while not await condition():
            await asyncio.sleep(0.02)


async def until_applied(engine: AsyncEngine, ticket: str, sequences: list[int]) -> None:
    async def done() -> bool:
        return await applied(engine, ticket) == sequences

    await until(done)


async def test_an_event_delivered_twice_has_one_effect(engine: AsyncEngine, bus: Bus, effects: None) -> None:
    await send(
        bus, event("T-1", 1), event("T-1", 1), event("T-1", 2), event("T-1", 1), event("T-1", 2), event("T-1", 3)
    )
    async with consuming(engine, bus):
        await until_applied(engine, "T-1", [1, 2, 3])


async def test_a_gap_waits_for_the_missing_event_and_skips_nothing(
    engine: AsyncEngine, bus: Bus, effects: None
) -> None:
    await send(bus, event("T-1", 1), event("T-1", 3), event("T-1", 4), event("T-2", 1))
    async with consuming(engine, bus):
        await until_applied(engine, "T-2", [1])
        await until_applied(engine, "T-1", [1])
        async with reading(engine) as tx:
            assert await inbox.is_parked(tx, "T-1")
        await send(bus, event("T-1", 2))
        await until_applied(engine, "T-1", [1, 2, 3, 4])
        async with reading(engine) as tx:
            assert not await inbox.is_parked(tx, "T-1")


async def test_poison_parks_its_ticket_with_the_cause_and_the_partition_goes_on(
    engine: AsyncEngine, bus: Bus, effects: None
) -> None:
    await send(bus, event("T-1", 1), event("T-1", 2, "poison"), event("T-1", 3), event("T-2", 1), event("T-1", 4))
    async with consuming(engine, bus):
        await until_applied(engine, "T-2", [1])

        async def queued() -> bool:
            async with reading(engine) as tx:
                return [row["queued"] for row in await dead_letters.listed(tx, "demo", 10)] == [3]

        await until(queued)
    assert await applied(engine, "T-1") == [1]
    async with reading(engine) as tx:
        [letter] = await dead_letters.listed(tx, "demo", 10)
    assert letter["cause"] == "ValueError: this amount makes no sense"
    assert letter["parked"] == "poison"

    async def mended(tx: Tx, got: Event) -> None:
        await tx.execute(text("INSERT INTO effects VALUES (:t, :s)"), {"t": got.subject, "s": got.sequence})

    async with writing(engine) as tx:
        assert await dead_letters.redrive(tx, letter["id"], mended) == 3
    assert await applied(engine, "T-1") == [1, 2, 3, 4]
    async with reading(engine) as tx:
        assert not await inbox.is_parked(tx, "T-1")


async def test_a_redrive_that_fails_again_leaves_everything_as_it_was(
    engine: AsyncEngine, bus: Bus, effects: None
) -> None:
    await send(bus, event("T-1", 1, "poison"), event("T-1", 2))
    async with consuming(engine, bus):

        async def parked() -> bool:
            async with reading(engine) as tx:
                return await inbox.is_parked(tx, "T-1")

        await until(parked)
    async with reading(engine) as tx:
        [letter] = await dead_letters.listed(tx, "demo", 10)
    with pytest.raises(ValueError, match="no sense"):
        async with writing(engine) as tx:
            await dead_letters.redrive(tx, letter["id"], apply)
    async with reading(engine) as tx:
        assert await inbox.is_parked(tx, "T-1")


async def test_a_record_that_is_no_event_is_kept_and_copied_to_the_dlq_topic(
    engine: AsyncEngine, bus: Bus, effects: None
) -> None:
    sender = Sender(bus)
    await sender.send_all([Message(TOPIC, "T-9", b"{not json", (("content-type", b"application/cloudevents+json"),))])
    await sender.stop()
    await send(bus, event("T-2", 1))
    async with consuming(engine, bus):
        await until_applied(engine, "T-2", [1])

        async def kept() -> bool:
            async with reading(engine) as tx:
                return len(await dead_letters.listed(tx, None, 10)) == 1

        await until(kept)
    copies = asyncio.create_task(dead_letters.send_copies(engine, bus, "sla", every_s=0.05))
    reader = await bus.reader(f"{TOPIC}.dlq.sla", "earliest")
    async with asyncio.timeout(10):
        while not (records := await reader.poll(10, 1.0)):
            pass
    copies.cancel()
    await reader.stop()
    assert records[0].value == b"{not json"
    assert "cause" in dict(records[0].headers)


async def test_what_may_heal_is_tried_again_in_its_partition_and_order_is_kept(
    engine: AsyncEngine, bus: Bus, effects: None
) -> None:
    tries = 0

    async def not_yet(tx: Tx, got: Event) -> None:
        nonlocal tries
        if got.sequence == 2 and tries < 5:
            tries += 1
            raise NotYet("policy version 7 of tenant demo is on its way")
        await apply(tx, got)

    await send(bus, *(event("T-1", n) for n in (1, 2, 3)))
    async with consuming(engine, bus, not_yet):
        await until_applied(engine, "T-1", [1, 2, 3])
    assert tries == 5
    async with reading(engine) as tx:
        assert await dead_letters.listed(tx, "demo", 10) == []


async def test_two_members_share_the_work_and_repeat_none_of_it(engine: AsyncEngine, bus: Bus, effects: None) -> None:
    tickets = [f"T-{n}" for n in range(24)]
    async with consuming(engine, bus), consuming(engine, bus):
        for n in (1, 2, 3):
            await send(bus, *(event(ticket, n) for ticket in tickets))
        for ticket in tickets:
            await until_applied(engine, ticket, [1, 2, 3])


async def test_a_member_that_died_in_its_transaction_leaves_no_half_effect(
    engine: AsyncEngine, bus: Bus, effects: None
) -> None:
    async def dies(tx: Tx, got: Event) -> None:
        await apply(tx, got)
        raise asyncio.CancelledError

    await send(bus, event("T-1", 1))
    consumer = Consumer(engine, bus, group="g", topics=[TOPIC], handle=dies, retry=RETRY)
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(10):
            await consumer.run()
    assert await applied(engine, "T-1") == []
    async with consuming(engine, bus):
        await until_applied(engine, "T-1", [1])


async def test_a_partition_that_another_member_has_not_stored_yet_holds_the_safe_time(
    engine: AsyncEngine, bus: Bus
) -> None:
    from amends.bus.port import TopicPartition

    view = WatermarkView(bus)
    view.add(
        Event(
            id="w1",
            source="/amends/intake",
            type="amends.watermark.advanced.v1",
            subject=f"topic/{TOPIC}",
            time=datetime(2026, 5, 13, tzinfo=UTC),
            partitionkey="w",
            tenantid="*",
            data={"topic": TOPIC, "up_to": "2026-05-13T00:00:00.000000Z", "end_offsets": {"0": 10, "1": 4}},
        )
    )
    mine = TopicPartition(TOPIC, 0)
    other = TopicPartition(TOPIC, 1)
    async with writing(engine) as tx:
        for at, offset in ((mine, 10), (other, 3)):
            await inbox.lock_position(tx, at)
            await inbox.save_position(tx, at, offset)
        assert view.reached([TOPIC], await inbox.positions(tx, [TOPIC])) is None
        await inbox.save_position(tx, other, 4)
        assert view.reached([TOPIC], await inbox.positions(tx, [TOPIC])) == datetime(2026, 5, 13, tzinfo=UTC)
        assert view.reached([TOPIC, "amends.contact.v1"], await inbox.positions(tx, [TOPIC])) is None
