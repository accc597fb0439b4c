"""A service's database with nothing but the platform's tables, and a bus of its own."""

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.bus.connect import connect
from amends.bus.port import Bus
from amends.bus.topics import suite_topics
from amends.db import engine_for, plain_url
from amends.tables import create_v1
from amends_cli.local.postgres import LocalPostgres

_COUNTER = itertools.count(1)


@pytest.fixture
async def database(postgres_server: LocalPostgres) -> AsyncIterator[str]:
    name = f"platform_{next(_COUNTER)}"
    postgres_server.create_database(name)
    url = postgres_server.url(name)
    statements: list[str] = []
    create_v1(statements.append)
    connection = await asyncpg.connect(plain_url(url))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
    yield url
    postgres_server.drop_database(name)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    made = engine_for(database, application="test")
    yield made
    await made.dispose()


@pytest.fixture
async def bus(fresh_database: str) -> AsyncIterator[Bus]:
    made = connect(fresh_database)
    await made.start()
    await made.apply_topics(suite_topics())
    yield made
    await made.stop()
