"""What a breach stands on: no event appears at or below a watermark that was published before it was visible."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.bus.port import Bus
from amends.db import claiming, plain_url, writing
from amends.events.schema import dataschema_uri
from amends.events.ticket import TicketReopened
from amends.events.watermark import WatermarkAdvanced
from amends.outbox import EventTooLarge, Outbox
from amends.relay import Relay
from amends.sending import event_of
from amends.watermark import Watermark, WatermarkPublisher
from amends_cli.local.postgres import LocalPostgres

pytestmark = pytest.mark.servers

OUTBOX = Outbox("/amends/intake")
TOPIC = "amends.ticket.v1"


async def record(engine: AsyncEngine, ticket: str, count: int = 1) -> list:
    async with writing(engine) as tx:
        at = await OUTBOX.now(tx, ticket)
        facts = [TicketReopened(reason=f"r{i}") for i in range(count)]
        return await OUTBOX.publish(tx, ticket, facts, tenant="demo", at=at)


async def relayed(database: str, bus: Bus) -> None:
    """Send until the outbox is empty."""
    relay = Relay(database, bus)
    connection = await asyncpg.connect(plain_url(database))
    async with asyncio.timeout(10):
        while await relay.sweep(connection):
            pass
    await connection.close()


def publisher(database: str, bus: Bus) -> WatermarkPublisher:
    return WatermarkPublisher(database, bus, source="/amends/intake", topics=[TOPIC])


async def advance(database: str, bus: Bus) -> datetime:
    connection = await asyncpg.connect(plain_url(database))
    try:
        return await publisher(database, bus).advance(connection)
    finally:
        await connection.close()


async def test_sequences_count_by_one_and_times_never_stand_still(engine: AsyncEngine) -> None:
    first = await record(engine, "T-1", 3)
    second = await record(engine, "T-1", 2)
    events = first + second
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert all(a.time < b.time for a, b in pairwise(events))


async def test_a_rolled_back_transaction_leaves_no_gap_in_the_sequence(engine: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with writing(engine) as tx:
            at = await OUTBOX.now(tx, "T-1")
            await OUTBOX.publish(tx, "T-1", [TicketReopened(reason="lost")], tenant="demo", at=at)
            raise ZeroDivisionError
    assert [event.sequence for event in await record(engine, "T-1")] == [1]


async def test_no_event_time_is_taken_before_the_transaction_has_its_xid(engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError, match="has its xid already"):
        async with claiming(engine) as tx:
            await OUTBOX.now(tx, "T-1")


async def test_an_event_above_the_limit_is_refused_when_it_is_written(engine: AsyncEngine) -> None:
    small = Outbox("/amends/intake", event_bytes_max=1024)
    with pytest.raises(EventTooLarge, match="above the limit of 1024"):
        async with writing(engine) as tx:
            at = await small.now(tx, "T-1")
            await small.publish(tx, "T-1", [TicketReopened(reason="x" * 2000)], tenant="demo", at=at)


async def test_the_relay_sends_each_ticket_in_order_of_its_sequence(
    database: str, engine: AsyncEngine, bus: Bus
) -> None:
    for i in range(30):
        await record(engine, f"T-{i % 3}", 2)
    await relayed(database, bus)
    reader = await bus.reader(TOPIC, "earliest")
    seen: dict[str, list[int]] = {}
    async with asyncio.timeout(10):
        while sum(map(len, seen.values())) < 60:
            for got in await reader.poll(100, 1.0):
                event = event_of(got)
                seen.setdefault(event.subject, []).append(event.sequence or 0)
    await reader.stop()
    assert all(sequences == list(range(1, 21)) for sequences in seen.values())


async def test_a_transaction_that_took_its_time_before_the_watermark_is_waited_for(
    database: str, engine: AsyncEngine, bus: Bus
) -> None:
    async with writing(engine) as tx:
        at = await OUTBOX.now(tx, "T-1")
        advancing = asyncio.create_task(advance(database, bus))
        done, _ = await asyncio.wait({advancing}, timeout=0.5)
        assert not done, "the watermark went past a transaction that may still write below it"
        await OUTBOX.publish(tx, "T-1", [TicketReopened(reason="late commit")], tenant="demo", at=at)
    done, _ = await asyncio.wait({advancing}, timeout=0.5)
    assert not done, "the watermark went past an event that the bus has not acknowledged"
    await relayed(database, bus)
    async with asyncio.timeout(5):
        up_to = await advancing
    assert at <= up_to
    assert await bus.end_offsets(TOPIC) != dict.fromkeys(range(6), 0)


async def test_an_event_recorded_after_the_watermark_was_saved_is_above_it(
    database: str, engine: AsyncEngine, bus: Bus
) -> None:
    up_to = await advance(database, bus)
    [event] = await record(engine, "T-1")
    assert event.time > up_to


async def test_a_clock_that_steps_back_puts_no_event_below_a_watermark(
    database: str, engine: AsyncEngine, bus: Bus
) -> None:
    up_to = await advance(database, bus)
    await step_clock(engine, -timedelta(hours=1))
    [event] = await record(engine, "T-1")
    assert event.time == up_to + timedelta(microseconds=1)
    await relayed(database, bus)
    assert await advance(database, bus) >= up_to


async def step_clock(engine: AsyncEngine, by: timedelta) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    insert = text(
        "INSERT INTO time_anchor (real, virtual, scale) VALUES (:real, :virtual, 1) "
        "ON CONFLICT (one) DO UPDATE SET real = excluded.real, virtual = excluded.virtual"
    )
    async with writing(engine) as tx:
        await tx.execute(insert, {"real": now, "virtual": now + by})


async def test_two_publishers_never_contradict_each_other(database: str, engine: AsyncEngine, bus: Bus) -> None:
    async def write() -> None:
        for i in range(40):
            await record(engine, f"T-{i % 7}")

    async def send(relay: Relay) -> None:
        connection = await asyncpg.connect(plain_url(database))
        try:
            while not writing_done.is_set() or await relay.sweep(connection):
                await relay.sweep(connection)
                await asyncio.sleep(0)
        finally:
            await connection.close()

    async def mark() -> list[datetime]:
        return [await advance(database, bus) for _ in range(15)]

    writing_done = asyncio.Event()
    sending = asyncio.create_task(send(Relay(database, bus)))
    marks = [asyncio.create_task(mark()) for _ in range(2)]
    await write()
    writing_done.set()
    async with asyncio.timeout(20):
        await asyncio.gather(sending, *marks)
    await promise_holds(bus, 40)


async def promise_holds(bus: Bus, events: int) -> None:
    """Every published watermark: no event with time ≤ up_to stands at or above its end offset."""
    log = await bus.reader(TOPIC, "earliest")
    promises = await bus.reader("amends.watermark.v1", "earliest")
    placed: list[tuple[int, int, datetime]] = []
    async with asyncio.timeout(10):
        while len(placed) < events:
            placed += [(r.partition, r.offset, event_of(r).time) for r in await log.poll(200, 1.0)]
        marks = [event_of(r) for r in await promises.poll(500, 1.0)]
    await log.stop()
    await promises.stop()
    assert marks
    assert {(mark.correlationid == mark.id, mark.dataschema, mark.sequence) for mark in marks} == {
        (True, dataschema_uri(WatermarkAdvanced.wire_type), None)
    }
    for mark in marks:
        up_to = datetime.fromisoformat(mark.data["up_to"])
        ends = {int(p): end for p, end in mark.data["end_offsets"].items()}
        assert all(offset < ends.get(partition, 0) for partition, offset, time in placed if time <= up_to)


async def test_a_long_transaction_in_another_database_does_not_hold_the_watermark(
    database: str, bus: Bus, postgres_server: LocalPostgres
) -> None:
    postgres_server.create_database("elsewhere")
    elsewhere = await asyncpg.connect(plain_url(postgres_server.url("elsewhere")))
    transaction = elsewhere.transaction()
    await transaction.start()
    await elsewhere.fetchval("SELECT pg_current_xact_id()::text")
    async with asyncio.timeout(5):
        await advance(database, bus)
    await transaction.rollback()
    await elsewhere.close()
    postgres_server.drop_database("elsewhere")


async def test_a_second_relay_beside_the_first_shares_the_shards_and_loses_nothing(
    database: str, engine: AsyncEngine, bus: Bus
) -> None:
    for i in range(60):
        await record(engine, f"T-{i}")
    await asyncio.gather(relayed(database, bus), relayed(database, bus))
    async with engine.connect() as connection:
        unsent = (await connection.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))).scalar_one()
    assert unsent == 0
    assert sum((await bus.end_offsets(TOPIC)).values()) == 60


@pytest.mark.parametrize(
    ("stored", "covered"),
    [({}, False), ({0: 5}, False), ({0: 5, 1: 2}, False), ({0: 5, 1: 3}, True), ({0: 9, 1: 9}, True)],
)
def test_a_watermark_counts_only_when_every_partition_is_stored_up_to_its_end(
    stored: dict[int, int], covered: bool
) -> None:
    from amends.bus.port import TopicPartition

    mark = Watermark(datetime(2026, 1, 1, tzinfo=UTC), {0: 5, 1: 3})
    assert mark.covered_by("t", {TopicPartition("t", p): o for p, o in stored.items()}) is covered
