"""compensation's handlers and stores over a database of their own, without bus or HTTP."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import migrations
from amends.db import engine_for
from amends.ids import new_id
from amends.outbox import Outbox
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from compensation_svc import main
from compensation_svc.handlers.ports import Ports


@pytest.fixture
async def engine(fresh_database: str) -> AsyncIterator[AsyncEngine]:
    made = engine_for(fresh_database, application="compensation-test")
    await migrations.migrate(made, migrations.location(main.__file__))
    yield made
    await made.dispose()


@pytest.fixture
def book() -> PolicyBook:
    made = PolicyBook()
    made.put(PublishedPolicy("demo", 1, default_policy()))
    return made


@pytest.fixture
def ports(book: PolicyBook) -> Ports:
    return Ports(Outbox("/amends/compensation"), book, new_id)
