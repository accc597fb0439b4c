"""What an answer of the storefront changes here, each in one transaction of its own, after the call."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from amends.db import Tx
from amends.events.compensation import CompensationFailed, CompensationIssued
from amends.events.data import EventData
from compensation_svc.decisions import ledger as entries
from compensation_svc.decisions.ticket import view_of
from compensation_svc.handlers import balancing, charging
from compensation_svc.handlers.ports import Ports
from compensation_svc.store import jobs, remedies, remedy_changes, tickets
from compensation_svc.store.jobs import Job
from compensation_svc.store.remedies import Remedy

_Effect = Callable[[Remedy, datetime], Awaitable[list[EventData]]]


async def issued(tx: Tx, ports: Ports, job: Job, reference: str) -> None:
    """The storefront carried it out: the customer has the money, and whoever is responsible is charged."""

    async def effect(remedy: Remedy, at: datetime) -> list[EventData]:
        amount, currency = remedy.money
        await balancing.post(tx, ports, remedy, entries.issue(amount, currency, remedy.customer_id), at)
        await remedy_changes.change(tx, remedy.remedy_id, state="issued", issued_at=at, external_reference=reference)
        view = view_of(await tickets.events(tx, remedy.ticket_id))
        paid = CompensationIssued(remedy_id=str(remedy.remedy_id), external_reference=reference)
        return [paid, *await charging.charge(tx, ports, remedy, view, at)]

    await _close(tx, ports, job, effect)


async def failed(tx: Tx, ports: Ports, job: Job, reason: str) -> None:
    """The storefront refused for good: what was reserved is free again."""

    async def effect(remedy: Remedy, at: datetime) -> list[EventData]:
        await balancing.give_back(tx, ports, remedy, at)
        await remedy_changes.change(tx, remedy.remedy_id, state="failed", outcome_reason=reason)
        return [CompensationFailed(remedy_id=str(remedy.remedy_id), reason=reason)]

    await _close(tx, ports, job, effect)


async def _close(tx: Tx, ports: Ports, job: Job, effect: _Effect) -> None:
    """Apply the effect unless another attempt has taken over; the ticket is locked first, as everywhere."""
    await tickets.lock(tx, job.ticket_id, job.tenant)
    if not await jobs.finish(tx, job):
        return
    remedy = await remedies.one(tx, job.tenant, job.remedy_id)
    if remedy is None:
        raise LookupError(f"job {job.remedy_id} has no remedy")
    at = await ports.outbox.now(tx, job.ticket_id)
    facts = await effect(remedy, at)
    await ports.outbox.publish(tx, job.ticket_id, facts, tenant=job.tenant, at=at, cause=remedy.cause_event)
