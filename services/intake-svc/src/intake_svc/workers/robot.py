"""Watching the hours and the inbound rate for the robot (F4)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.clock import TimeAnchor, real_now
from amends.db import reading, writing
from amends.errors import may_heal
from amends.outbox import Outbox
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.model import Policy
from intake_svc.decisions.robot import next_change
from intake_svc.handlers.robot import switch, would_change

log = structlog.get_logger(__name__)

_SHORTEST_S = 0.02
"""The database's clock may stand a little behind this one's: the instant of a change is asked for again, without haste."""


@dataclass(slots=True)
class RobotWatch:
    """Switches the robots of all tenants; any number of instances may. `every_s`: how often it looks, in real time.

    It also looks at the very instant at which hours open or close, which matters where domain time runs fast.
    """

    engine: AsyncEngine
    outbox: Outbox
    policies: PolicyBook
    anchor: TimeAnchor
    wake_relay: Callable[[], None]
    every_s: float = 1.0

    async def run(self) -> None:
        """Watch until cancelled. Raises what the database raises while it is away: the caller starts it again."""
        while True:
            wait_s = await self.round()
            await asyncio.sleep(wait_s)

    async def round(self) -> float:
        """Look at every tenant's robot once; return in how many real seconds to look again."""
        wait_s = self.every_s
        for tenant in self.policies.tenants():
            published = self.policies.latest(tenant)
            try:
                await self._look(published)
            except Exception as error:
                if may_heal(error):
                    raise
                log.error("a robot could not be looked at", tenant=tenant, exc_info=error)
            wait_s = min(wait_s, self._until_hours_change(published.policy))
        return max(wait_s, _SHORTEST_S)

    async def _look(self, published: PublishedPolicy) -> None:
        async with reading(self.engine) as tx:
            changes = await would_change(tx, published, self.anchor, real_now())
        if not changes:
            return
        async with writing(self.engine) as tx:
            switched = await switch(tx, self.outbox, published, self.anchor, real_now())
        if switched:
            self.wake_relay()

    def _until_hours_change(self, policy: Policy) -> float:
        if policy.robot is None:
            return self.every_s
        now, within = self.anchor.now(), timedelta(seconds=self.every_s) * self.anchor.scale
        change = next_change(policy.calendar(policy.robot.outside), now, within)
        return self.every_s if change is None else self.anchor.real_delay(change - now).total_seconds()
