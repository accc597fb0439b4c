"""compensation's handlers and stores over a database of their own, without bus or HTTP."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.compensation.shop import Shop, running_shop
from tests.databases import as_new, migrated

from amends.db import engine_for
from amends.ids import new_id
from amends.migrations import location
from amends.outbox import Outbox
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from compensation_svc import main
from compensation_svc.handlers.ports import Ports


@pytest.fixture
async def engine(database_named: Callable[[str], str]) -> AsyncIterator[AsyncEngine]:
    async with migrated(database_named("compensation"), location(main.__file__)) as made:
        yield made


@pytest.fixture
async def shop(database_named: Callable[[str], str]) -> AsyncIterator[Shop]:
    url = database_named("compensation_shop")
    cleaning = engine_for(url, application="test")
    await as_new(cleaning)
    await cleaning.dispose()
    async with running_shop(url) as running:
        yield running


@pytest.fixture
def book() -> PolicyBook:
    made = PolicyBook()
    made.put(PublishedPolicy("demo", 1, default_policy()))
    return made


@pytest.fixture
def ports(book: PolicyBook) -> Ports:
    return Ports(Outbox("/amends/compensation"), book, new_id)
