"""sla's database, migrated; an applier whose watermarks the test feeds."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.databases import migrated

import sla_svc
from amends import inbox
from amends.bus.connect import connect
from amends.bus.port import TopicPartition
from amends.db import reading, writing
from amends.events.codec import decode
from amends.events.envelope import Event
from amends.migrations import location
from amends.outbox import EVENT_BYTES_MAX, Outbox
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from amends.watermark import WatermarkView
from sla_svc.handlers.storing import store
from sla_svc.workers.applier import Applier


@pytest.fixture
async def engine(database_named: Callable[[str], str]) -> AsyncIterator[AsyncEngine]:
    async with migrated(database_named("sla"), location(sla_svc.__file__)) as made:
        yield made


@dataclass
class Suite:
    """What stands around sla in a test: events that arrive, watermarks that advance, an applier or two."""

    engine: AsyncEngine
    url: str
    policies: PolicyBook = field(default_factory=PolicyBook)

    def applier(self, *, event_bytes_max: int = EVENT_BYTES_MAX, **settings: int) -> Applier:
        outbox = Outbox("/amends/sla", event_bytes_max)
        view = WatermarkView(connect(self.url))
        return Applier(self.engine, outbox, self.policies, view, lambda: None, **settings)

    async def arrive(self, *events: Event) -> None:
        """Store events as the consumer does."""
        async with writing(self.engine) as tx:
            for event in events:
                await inbox.arrive(tx, event, store)

    async def stored_up_to(self, offsets: dict[str, int]) -> None:
        """Say that partition 0 of these topics is stored up to an offset."""
        async with writing(self.engine) as tx:
            for topic, offset in offsets.items():
                await inbox.lock_position(tx, TopicPartition(topic, 0))
                await inbox.save_position(tx, TopicPartition(topic, 0), offset)

    async def published(self, ticket: str | None = None) -> list[Event]:
        """Return what sla has recorded, in order."""
        query = text("SELECT event FROM outbox WHERE CAST(:t AS text) IS NULL OR subject = :t ORDER BY time, id")
        async with reading(self.engine) as tx:
            return [decode((), row[0].encode()) for row in await tx.execute(query, {"t": ticket})]


@pytest.fixture
def suite(engine: AsyncEngine, database_named: Callable[[str], str]) -> Suite:
    made = Suite(engine, database_named("sla"))
    made.policies.put(PublishedPolicy("demo", 1, default_policy()))
    return made
