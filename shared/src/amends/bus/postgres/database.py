"""Connections to the embedded log that come back by themselves, and its errors in the port's words."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog

from amends.bus.port import BusError
from amends.bus.postgres import schema
from amends.bus.settings import BusSettings

AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Everything that the log's database may answer; above the port it is all one: the bus cannot do it now."""

log = structlog.get_logger(__name__)


async def _keep_session(_connection: Any) -> None:
    """Spare the round trip that asyncpg resets a connection with: no session state is ever set here."""


class LogDatabase:
    """A pool on the log's database. Nothing connects before the first use, so the server may be away at start."""

    def __init__(self, url: str, settings: BusSettings) -> None:
        self._url = url
        self._settings = settings
        self._pool: Any = None
        self._has_schema = False
        self._schema_lock = asyncio.Lock()

    async def start(self) -> None:
        """Open the pool and make the tables; when the server is away, the first use makes them."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._settings.bus_log_pool_max,
            timeout=self._settings.bus_request_timeout_s,
            command_timeout=self._settings.bus_request_timeout_s,
            reset=_keep_session,
            server_settings={"application_name": "amends-bus"},
        )
        try:
            async with asyncio.timeout(self._settings.bus_request_timeout_s), self.connection():
                pass
        except (BusError, TimeoutError) as error:
            log.warning("bus_away_at_start", cause=str(error))

    async def stop(self) -> None:
        """Close all connections within the limit, then cut them."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(self._settings.bus_stop_timeout_s):
                await pool.close()
        except AWAY:
            pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend a connection with the tables in place. Whatever the server answers badly is raised as BusError."""
        if self._pool is None:
            raise BusError("the bus is not started, or is stopped")
        try:
            async with self._pool.acquire(timeout=self._settings.bus_request_timeout_s) as connection:
                try:
                    await self._ensure_schema(connection)
                    yield connection
                except (OSError, TimeoutError):
                    # The session is in an unknown state, and waiting for its cancellation would wait for a dead server.
                    connection.terminate()
                    raise
        except AWAY as error:
            raise BusError(f"the embedded log cannot be reached: {type(error).__name__}: {error}") from error

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Any]:
        """Run one statement in a transaction of its own and return its rows."""
        async with self.connection() as connection:
            rows: Sequence[Any] = await connection.fetch(sql, *arguments)
            return rows

    async def _ensure_schema(self, connection: Any) -> None:
        if self._has_schema:
            return
        async with self._schema_lock:
            if not self._has_schema:
                await schema.create(connection)
                self._has_schema = True
