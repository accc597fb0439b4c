"""Connections and transactions, the same way in every service.

A writing transaction takes its xid in its first statement, before any event time is read: the watermark's proof stands
on that order (DESIGN, "What makes a breach provable"). Writers use READ COMMITTED, and one that idles in a transaction
for 5 s is ended by the database, because it would hold every deadline.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Tx = AsyncConnection
"""A database transaction in progress. Whoever opened it commits; handlers and stores never do."""

IDLE_IN_TRANSACTION_MS_MAX = 5_000


def async_url(url: str) -> str:
    """Return the URL with our driver named, from a plain `postgresql://…`."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


def plain_url(url: str) -> str:
    """Return the URL as libpq and asyncpg take it."""
    return "postgresql://" + url.split("://", 1)[1]


def engine_for(url: str, *, application: str, pool_size: int = 10) -> AsyncEngine:
    """Make an engine. Connects on first use, so a database that is away fails the call, not the start."""
    return create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        isolation_level="READ COMMITTED",
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": application,
                "timezone": "UTC",
                "jit": "off",
                "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS_MAX),
            },
        },
    )


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[Tx]:
    """Open a writing transaction: its xid is taken first. Commits at the end, rolls back on an exception."""
    async with engine.begin() as tx:
        await tx.execute(text("SELECT pg_current_xact_id()"))
        yield tx


@asynccontextmanager
async def claiming(engine: AsyncEngine) -> AsyncIterator[Tx]:
    """Open a transaction that writes but records no event: a job claimed, a row marked. `Outbox.now` refuses it."""
    async with engine.begin() as tx:
        yield tx


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[Tx]:
    """Open a read-only transaction."""
    async with engine.connect() as connection:
        yield await connection.execution_options(postgresql_readonly=True)
