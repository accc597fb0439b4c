"""compensation's handlers and stores over a database of their own, without bus or HTTP."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.compensation.shop import Shop, running_shop

from amends import migrations
from amends.db import engine_for
from amends.ids import new_id
from amends.outbox import Outbox
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from amends_cli.local.postgres import LocalPostgres
from compensation_svc import main
from compensation_svc.handlers.ports import Ports

KEPT = ("watermark", "alembic_version", "issuer_key")
"""Tables that a new database would hold just the same."""


def _database(server: LocalPostgres, name: str) -> str:
    server.create_database(name)
    return server.url(name)


async def empty(engine: AsyncEngine) -> None:
    """Empty every table: much faster than a new database for each test."""
    query = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(:kept)")
    async with engine.begin() as connection:
        # The ledger refuses to be emptied; a test's superuser sets its triggers aside for this transaction.
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        tables = [row[0] for row in await connection.execute(query, {"kept": list(KEPT)})]
        if tables:
            await connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))


@pytest.fixture(scope="session")
def compensation_database(postgres_server: LocalPostgres) -> str:
    return _database(postgres_server, "compensation_tests")


@pytest.fixture(scope="session")
def shop_database(postgres_server: LocalPostgres) -> str:
    return _database(postgres_server, "compensation_tests_shop")


@pytest.fixture
async def engine(compensation_database: str) -> AsyncIterator[AsyncEngine]:
    made = engine_for(compensation_database, application="compensation-test")
    await migrations.migrate(made, migrations.location(main.__file__))
    await empty(made)
    yield made
    await made.dispose()


@pytest.fixture
async def shop(shop_database: str) -> AsyncIterator[Shop]:
    async with running_shop(shop_database) as running:
        cleaning = engine_for(shop_database, application="compensation-test")
        await empty(cleaning)
        await cleaning.dispose()
        yield running


@pytest.fixture
def book() -> PolicyBook:
    made = PolicyBook()
    made.put(PublishedPolicy("demo", 1, default_policy()))
    return made


@pytest.fixture
def ports(book: PolicyBook) -> Ports:
    return Ports(Outbox("/amends/compensation"), book, new_id)
