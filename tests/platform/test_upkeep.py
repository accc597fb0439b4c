"""Policies are known again after a restart, bus or no bus."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import upkeep
from amends.bus.connect import connect
from amends.bus.port import Bus
from amends.events.envelope import Event
from amends.policy.book import PolicyBook
from amends.policy.load import default_policy
from amends.sending import Sender, message_of

pytestmark = pytest.mark.servers


def published(version: int) -> Event:
    return Event(
        id=f"policy-{version}",
        source="/amends/sla",
        type="amends.policy.published.v1",
        subject="tenant/demo",
        time=datetime(2026, 5, 13, tzinfo=UTC),
        partitionkey=f"tenant/demo/{version}",
        tenantid="demo",
        data={"version": version, "body": default_policy().body()},
    )


@asynccontextmanager
async def reading_policies(engine: AsyncEngine, bus: Bus, book: PolicyBook, known: asyncio.Event):
    task = asyncio.create_task(upkeep.read_policies(engine, bus, book, known))
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_a_service_that_starts_while_the_bus_is_away_goes_on_with_the_policies_it_knew(
    engine: AsyncEngine, bus: Bus
) -> None:
    sender = Sender(bus)
    await sender.send_all([message_of(published(v), upkeep.POLICY_TOPIC, bus.content_mode) for v in (1, 2)])
    book, known = PolicyBook(), asyncio.Event()

    async def has_both() -> bool:
        return known.is_set() and book.tenants() == ("demo",) and book.latest("demo").version == 2

    async with reading_policies(engine, bus, book, known):
        await until(has_both)

    away = connect("postgresql://amends:x@127.0.0.1:9/nowhere")
    await away.start()
    book, known = PolicyBook(), asyncio.Event()
    async with reading_policies(engine, away, book, known):
        await until(has_both)
    await away.stop()
    assert book.get("demo", 1) == book.get("demo", 2)
