"""Finding group complaints and linking their tickets (J3), behind the openings, which wait for none of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import claiming, reading, writing
from amends.errors import NotYet, may_heal
from intake_svc.handlers.desk import Desk
from intake_svc.handlers.groups import find_group, link
from intake_svc.store import groups

log = structlog.get_logger(__name__)

_GATHER_S = 0.05
"""Openings come close together: they share a round."""


@dataclass(slots=True)
class GroupWatch:
    """Looks at every complaint once, and links what belongs together; any number of instances may.

    `sweep_s`: how often (real time) it looks without being woken, for what another instance opened and left, and for
    tickets that were classified anew. `at_once`: how many it asks the database for at a time.
    """

    engine: AsyncEngine
    desk: Desk
    wake_relay: Callable[[], None]
    sweep_s: float = 5.0
    at_once: int = 500
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look soon: tickets were opened."""
        self._woken.set()

    async def run(self) -> None:
        """Watch until cancelled. Raises what the database raises while it is away: the caller starts it again."""
        while True:
            while await self.round():
                pass
            try:
                async with asyncio.timeout(self.sweep_s):
                    await self._woken.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(_GATHER_S)

    async def round(self) -> bool:
        """Look at what waits; say whether there may be more. What cannot be worked now stays for the next sweep."""
        self._woken.clear()
        async with reading(self.engine) as tx:
            waiting = await groups.waiting(tx, self.at_once)
        found = [await self._each(tenant, ticket_id, self._find) for tenant, ticket_id in waiting]
        async with reading(self.engine) as tx:
            unlinked = await groups.unlinked(tx, self.at_once)
        linked = [await self._each(tenant, ticket_id, self._link) for tenant, ticket_id in unlinked]
        if any(linked):
            self.wake_relay()
        return any(done[-1] for done in (found, linked) if len(done) == self.at_once)

    async def _find(self, tenant: str, ticket_id: str) -> bool:
        async with claiming(self.engine) as tx:
            return await find_group(tx, self.desk, tenant, ticket_id)

    async def _link(self, tenant: str, ticket_id: str) -> bool:
        async with writing(self.engine) as tx:
            return await link(tx, self.desk, tenant, ticket_id)

    async def _each(self, tenant: str, ticket_id: str, work: Callable[[str, str], Awaitable[bool]]) -> bool:
        try:
            return await work(tenant, ticket_id)
        except NotYet:
            return False
        except Exception as error:
            if may_heal(error):
                raise
            log.error("a group complaint could not be worked", tenant=tenant, ticket=ticket_id, exc_info=error)
            return False
