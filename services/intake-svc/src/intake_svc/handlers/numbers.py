"""Giving out serials of ticket numbers: a block at a time, in a transaction of its own, so that no request waits for another's.

A block is kept in memory only after it was committed: a number is never given out twice, and what a stopped instance
had left is a gap.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import writing
from intake_svc.decisions.numbers import Serial
from intake_svc.store import serials


class Serials:
    """The blocks of one instance. `domain_now` dates the numbers; no deadline hangs on it."""

    def __init__(self, engine: AsyncEngine, domain_now: Callable[[], datetime], block: int) -> None:
        self._engine = engine
        self._domain_now = domain_now
        self._block = block
        self._left: dict[str, tuple[date, range]] = {}
        self._lock = asyncio.Lock()

    async def take(self, tenant: str, timezone: str) -> Serial:
        """Return a serial that nobody else gets. Call it before a transaction is opened: it may need its own."""
        day = self._domain_now().astimezone(ZoneInfo(timezone)).date()
        async with self._lock:
            kept_day, left = self._left.get(tenant, (day, range(0)))
            if kept_day != day or not left:
                left = await self._reserve(tenant, day)
            self._left[tenant] = (day, left[1:])
        return Serial(tenant, day, left[0])

    async def _reserve(self, tenant: str, day: date) -> range:
        async with writing(self._engine) as tx:
            first = await serials.reserve(tx, tenant, day, self._block)
        return range(first, first + self._block)
