"""The workers that deliver messages: claim, call, write down. No transaction is open while a call is."""

import asyncio
import contextlib
import random
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import claiming, reading, writing
from amends.errors import may_heal
from amends.metrics import OPEN_JOBS
from notify_svc.decisions.delivery import Result
from notify_svc.decisions.render import NoText
from notify_svc.handlers.deliveries import DeliveryHandler
from notify_svc.handlers.events import EventHandler
from notify_svc.store import messages
from notify_svc.store import tickets as ticket_store
from notify_svc.store.messages import MAIL, Claim, Stored
from notify_svc.workers.contacts import IntakeContacts
from notify_svc.workers.mail import Mail
from notify_svc.workers.storefront import Storefront

log = structlog.get_logger(__name__)

ENDS = {"storefront": "message", "mail": "mail"}


class Deliveries:
    """`concurrency` messages under way at once in this process; any number of processes share the work."""

    def __init__(
        self,
        engine: AsyncEngine,
        handler: DeliveryHandler,
        contacts: IntakeContacts,
        storefront: Storefront,
        mail: Mail | None,
        *,
        concurrency: int,
        lease_s: float,
        sweep_s: float,
    ) -> None:
        self._engine = engine
        self._handler = handler
        self._contacts = contacts
        self._storefront = storefront
        self._mail = mail
        self._concurrency = concurrency
        self._lease = timedelta(seconds=lease_s)
        self._sweep_s = sweep_s
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()

    def wake(self) -> None:
        """Say that there may be something to deliver."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled. Raises what the database raises: the caller starts it again with backoff."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._concurrency):
                    group.create_task(self._worker())
        except ExceptionGroup as failures:  # the first says it: workers fail together, on the database
            raise failures.exceptions[0] from None

    async def _worker(self) -> None:
        while True:
            async with self._looking:  # one looks for work, the others carry it out or wait for their turn
                claim = await self._next()
            await self._deliver(claim)

    async def _next(self) -> Claim:
        while True:
            self._wake.clear()  # before looking: a wake-up while we look is kept
            if (claim := await self._claim()) is not None:
                return claim
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._sweep_s):
                    await self._wake.wait()

    async def deliver_one(self) -> bool:
        """Try the delivery that has waited longest; False when none is due."""
        claim = await self._claim()
        if claim is not None:
            await self._deliver(claim)
        return claim is not None

    async def _claim(self) -> Claim | None:
        async with claiming(self._engine) as tx:
            return await messages.claim(tx, self._lease)

    async def _deliver(self, claim: Claim) -> None:
        result = await self._attempt(claim)
        if result.outcome != "done":
            log.warning(
                "a message was not delivered", message=str(claim.message_id), attempt=claim.attempts, error=result.error
            )
        async with writing(self._engine) as tx:
            await self._handler.finish(tx, claim, result, random.random())  # noqa: S311 - jitter, not a secret

    async def _attempt(self, claim: Claim) -> Result:
        try:
            stored = await self._in_words(claim)
            if claim.channel == MAIL:
                return await self._mail.deliver(stored) if self._mail else Result("failed", "SMTP_URL is not set")
            return await self._storefront.deliver(stored)
        except NoText as error:
            return Result("failed", str(error))
        except Exception as error:
            if not may_heal(error):
                log.error("a message cannot be prepared", message=str(claim.message_id), exc_info=error)
            return Result("later", repr(error)[:500])

    async def _in_words(self, claim: Claim) -> Stored:
        async with reading(self._engine) as tx:
            job = await self._handler.load(tx, claim)
        if job.message.text is not None:
            return job.message
        ref = job.contact_ref
        contact = await self._contacts.get(job.message.tenant, ref) if ref else None
        async with claiming(self._engine) as tx:
            return await self._handler.put_into_words(tx, job, contact)


async def sweep_waiting(engine: AsyncEngine, handler: EventHandler, *, every_s: float = 1.0) -> None:
    """Apply waiting facts whose ticket came in a transaction that crossed theirs, until cancelled."""
    while True:
        await apply_waiting(engine, handler)
        await asyncio.sleep(every_s)


async def apply_waiting(engine: AsyncEngine, handler: EventHandler) -> None:
    """Apply, ticket by ticket, the waiting facts that need not wait any more."""
    async with reading(engine) as tx:
        ready = await ticket_store.with_ready_facts(tx)
    for ticket_id in ready:
        async with writing(engine) as tx:
            found = await ticket_store.find(tx, ticket_id)
            if found is not None:
                await handler.catch_up(tx, ticket_id, found[1])


async def measure(engine: AsyncEngine, *, every_s: float = 5.0) -> None:
    """Refresh the gauge of open jobs until cancelled."""
    while True:
        async with reading(engine) as tx:
            waiting = await messages.open_jobs(tx)
        for channel, jobs in waiting.items():
            OPEN_JOBS.labels(ENDS[channel]).set(jobs)
        await asyncio.sleep(every_s)
