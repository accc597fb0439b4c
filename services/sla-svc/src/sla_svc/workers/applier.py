"""The applier: at every watermark, what has become certain is applied and what is due fires (DESIGN, "provable")."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import inbox
from amends.clock import monotonic_s
from amends.db import Tx, claiming, reading, writing
from amends.errors import NotYet, may_heal
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, TICKET_TOPIC
from amends.instants import format_instant
from amends.metrics import TIMER_LATENESS_S
from amends.outbox import Outbox
from amends.policy.book import PolicyBook
from amends.watermark import WatermarkView
from sla_svc.handlers.applying import Applied, apply_claimed
from sla_svc.handlers.outages import hand_over_some
from sla_svc.handlers.parking import park
from sla_svc.store import arrivals, declared, tickets
from sla_svc.store.tickets import Claimed, Window
from sla_svc.workers.outages import OutageWatch

log = structlog.get_logger(__name__)

TOPICS = (TICKET_TOPIC, CONTACT_TOPIC, COMPENSATION_TOPIC)
"""A timer fires once all of these are known to be complete up to its instant."""

_GATHER_S = 0.02
"""Watermarks of several topics come close together: they share a round."""
_PAGES_PER_SWEEP = 20
"""Of `tickets_per_transaction` tickets each: what a declared outage moves does not hold up what is due meanwhile."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Applier:
    """One instance's applier; others share the work, ticket by ticket, through row locks.

    `tickets_per_transaction` bounds how long a transaction holds the watermark. `sweep_s`: how often (real time) claims
    look without their lower bound, for tickets that were parked, waited for a policy, or were held by another instance.
    `outages`: knows of intake's before anything is applied; None: nobody watches.
    """

    engine: AsyncEngine
    outbox: Outbox
    policies: PolicyBook
    watermarks: WatermarkView
    wake_relay: Callable[[], None]
    tickets_per_transaction: int = 50
    sweep_s: float = 5.0
    outages: OutageWatch | None = None
    _done_up_to: datetime = _EVER
    _announced: datetime = _EVER
    _swept_s: float = float("-inf")
    _missing: set[tuple[str, int]] = field(default_factory=set)

    async def checks(self) -> Mapping[str, str]:
        """Tell `/readyz` how far this instance has come; being behind does not make it unready."""
        told = "nothing yet" if self._done_up_to == _EVER else format_instant(self._done_up_to)
        return {"details applied up to": told}

    async def run(self) -> None:
        """Work until cancelled. Raises what the database raises while it is away: the caller starts it again."""
        while True:
            await self.watermarks.wait_for_advance(1.0)
            await asyncio.sleep(_GATHER_S)
            await self.round()

    async def round(self) -> int:
        """Apply everything that the watermarks have made certain; return how many tickets that were."""
        async with reading(self.engine) as tx:
            positions = await inbox.positions(tx, TOPICS)
        up_to = self.watermarks.reached(TOPICS, positions)
        if self.outages is not None:
            await self.outages.note()
        return 0 if up_to is None else await self.apply_up_to(up_to)

    async def apply_up_to(self, up_to: datetime) -> int:
        """Apply everything that is due at or before an instant up to which all topics are stored."""
        missing = {pinned for pinned in self._missing if not self._has(pinned)}
        sweeping = missing != self._missing or monotonic_s() - self._swept_s >= self.sweep_s
        self._missing = missing
        if up_to <= self._done_up_to and not sweeping:
            return 0
        since = _EVER if sweeping else self._done_up_to
        if sweeping:
            await self._hand_over()
        skipped: set[str] = set()
        worked = 0
        while True:
            window = Window(since, up_to, skipped, self._missing)
            async with reading(self.engine) as tx:
                waits = await tickets.any_waits(tx, window)
            if waits:
                await self._announce(up_to)
            applied = await self._batch(window) if waits else None
            if applied is None:
                break
            worked += applied.worked
            skipped |= applied.skipped
            self._missing |= applied.missing
            for late_s in applied.lateness_s:
                TIMER_LATENESS_S.observe(late_s)
            self.wake_relay()
        self._done_up_to = max(self._done_up_to, up_to)
        if sweeping:
            self._swept_s = monotonic_s()
        return worked

    async def _hand_over(self) -> None:
        """Have some of the tickets worked in this sweep that declared outages touch; the others' deadlines go on."""
        for _ in range(_PAGES_PER_SWEEP):
            async with claiming(self.engine) as tx:
                if not await hand_over_some(tx, self.tickets_per_transaction):
                    break

    async def _announce(self, up_to: datetime) -> None:
        """Say how far this instance is going to work, committed before it does: see `handlers/outages.py`."""
        if up_to > self._announced:
            async with claiming(self.engine) as tx:
                await declared.will_work(tx, up_to)
            self._announced = up_to

    def _has(self, pinned: tuple[str, int]) -> bool:
        try:
            self.policies.get(*pinned)
        except NotYet:
            return False
        return True

    async def _batch(self, window: Window) -> Applied | None:
        """Claim some tickets and apply what is due; None when there is nothing to claim."""
        claimed: Sequence[Claimed] = ()
        try:
            async with writing(self.engine) as tx:
                claimed = await tickets.claim(tx, window, self.tickets_per_transaction)
                return await self._apply(tx, claimed, window) if claimed else None
        except Exception as error:
            if may_heal(error) or not claimed:
                raise
            log.warning("a batch of tickets failed, taking them one by one", tickets=len(claimed), error=repr(error))
        applied = Applied()
        for ticket in claimed:
            applied.add(await self._single(ticket.ticket_id, window))
        return applied

    async def _apply(self, tx: Tx, claimed: Sequence[Claimed], window: Window) -> Applied:
        return await apply_claimed(
            tx,
            claimed,
            window.up_to,
            outbox=self.outbox,
            policies=self.policies,
            hold_after=None if self.outages is None else self.outages.hold_after,
        )

    async def _single(self, ticket_id: str, window: Window) -> Applied:
        """Work one ticket in a transaction of its own; what even then cannot be written parks it."""
        try:
            async with writing(self.engine) as tx:
                ticket = await tickets.claim_one(tx, ticket_id)
                return Applied() if ticket is None else await self._apply(tx, [ticket], window)
        except Exception as error:
            if may_heal(error):
                raise
            async with writing(self.engine) as tx:
                if await tickets.claim_one(tx, ticket_id) is not None:
                    events = (await arrivals.unapplied(tx, [ticket_id], window.up_to))[ticket_id]
                    await park(tx, ticket_id, events, error)
            return Applied()
