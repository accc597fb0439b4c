"""A service's database with nothing but the platform's tables, and a bus of its own."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.databases import as_new

from amends.bus.connect import connect
from amends.bus.port import Bus
from amends.bus.topics import suite_topics
from amends.db import engine_for
from amends.tables import create_v1


@pytest.fixture
async def database(database_named: Callable[[str], str]) -> str:
    url = database_named("platform")
    engine = engine_for(url, application="test")
    async with engine.begin() as connection:
        if not (await connection.execute(text("SELECT to_regclass('outbox')"))).scalar():
            statements: list[str] = []
            create_v1(statements.append)
            for statement in statements:
                await connection.exec_driver_sql(statement)
    await as_new(engine)
    await engine.dispose()
    return url


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    made = engine_for(database, application="test")
    yield made
    await made.dispose()


@pytest.fixture
async def bus(database_named: Callable[[str], str]) -> AsyncIterator[Bus]:
    url = database_named("platform_bus")
    engine = engine_for(url, application="test")
    await as_new(engine)
    await engine.dispose()
    made = connect(url)
    await made.start()
    await made.apply_topics(suite_topics())
    yield made
    await made.stop()
