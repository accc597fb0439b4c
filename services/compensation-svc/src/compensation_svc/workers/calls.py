"""Makes the money calls: claimed, called outside any transaction, and their outcome written down (DESIGN 2, 13)."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import claiming, reading, writing
from amends.errors import NotYet
from amends.metrics import OPEN_JOBS
from amends.tracing import set_traceparent
from compensation_svc.decisions.calls import Asked, Backoff, NotThere, Outcome, Pending, Refused, Succeeded, Unknown
from compensation_svc.handlers import paying
from compensation_svc.handlers.ports import Ports
from compensation_svc.store import jobs
from compensation_svc.store.jobs import Job
from compensation_svc.workers.storefront import Storefront

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Real seconds and counts of the worker; see `CompensationSettings`."""

    in_flight_max: int
    lease_s: float
    poll_s: float
    backoff: Backoff
    stop_s_max: float


@dataclass(slots=True)
class MoneyCalls:
    """One instance's worker. Any number of instances share the work: a claim is a row lock and a lease."""

    engine: AsyncEngine
    ports: Ports
    storefront: Storefront
    pace: Pace
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def wake(self) -> None:
        """Look at once: something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; calls under way are then given their time to end."""
        try:
            while True:
                self._woken.clear()
                claimed = await self._start_some()
                if not claimed:
                    await self._wait()
        finally:
            await self._let_end()

    async def _start_some(self) -> int:
        free = self.pace.in_flight_max - len(self._running)
        if free <= 0:
            return 0
        async with claiming(self.engine) as tx:
            claimed = await jobs.claim(tx, free, self.pace.lease_s)
        for job in claimed:
            task = asyncio.create_task(self._guarded(job))
            self._running.add(task)
            task.add_done_callback(self._ended)
        return len(claimed)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._woken.set()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.pace.poll_s):
                await self._woken.wait()

    async def _let_end(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=self.pace.stop_s_max)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _guarded(self, job: Job) -> None:
        try:
            await self._work(job)
        except Exception as error:
            # Its lease runs out, then somebody asks what became of it: nothing is lost, nothing is sent twice.
            log.warning("a money call is left to its lease", ticket=job.ticket_id, error=repr(error))

    async def _work(self, job: Job) -> None:
        set_traceparent(job.traceparent)
        outcome = await self.outcome(job)
        match outcome:
            case Succeeded(reference=reference):
                async with writing(self.engine) as tx:
                    await paying.issued(tx, self.ports, job, reference)
                self.ports.wake_relay()
            case Refused(reason=reason):
                async with writing(self.engine) as tx:
                    await paying.failed(tx, self.ports, job, reason)
                self.ports.wake_relay()
            case Pending():
                await self._again(job, failures=job.failures + 1, error=None)
            case Unknown(why=why):
                await self._again(job, failures=job.failures + 1, error=why)

    async def outcome(self, job: Job) -> Outcome:
        """Send a first attempt; ask about a later one first, and send the same again only if it is not known there."""
        reference = str(job.remedy_id)
        try:
            if job.attempt > 1:
                asked = await self.storefront.ask(job.tenant, job.path, reference)
                if not isinstance(asked, NotThere):
                    return asked
                if not job.may_pay:
                    return Unknown("not there, and payouts are stopped or the ticket is parked")
            sent = await self.storefront.send(job.tenant, job.path, job.body, reference)
            return await self._confirmed(job, sent) if isinstance(sent, Refused) else sent
        except NotYet as error:
            return Unknown(str(error))

    async def _confirmed(self, job: Job, refused: Refused) -> Outcome:
        """Ask before a refusal is believed: an earlier attempt may have been carried out."""
        asked: Asked = refused
        if job.attempt > 1:
            asked = await self.storefront.ask(job.tenant, job.path, str(job.remedy_id))
        return refused if isinstance(asked, NotThere) else asked

    async def _again(self, job: Job, *, failures: int, error: str | None) -> None:
        wait_s = self.pace.backoff.wait_s(failures, random.random())  # noqa: S311 - jitter, not a secret
        if error is not None:
            log.info("a money call is tried again", ticket=job.ticket_id, attempt=job.attempt, error=error)
        async with claiming(self.engine) as tx:
            await jobs.try_again(tx, job, wait_s=wait_s, failures=failures, error=error)


async def measure(engine: AsyncEngine, *, every_s: float = 5.0) -> None:
    """Refresh the gauge of open calls until cancelled."""
    while True:
        async with reading(engine) as tx:
            counts = await jobs.open_by_path(tx)
        for path, count in counts.items():
            OPEN_JOBS.labels(path).set(count)
        await asyncio.sleep(every_s)
