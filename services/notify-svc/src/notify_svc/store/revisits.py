"""Revisits: at most one open per ticket and reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from notify_svc.decisions.revisits import Plan


@dataclass(frozen=True, slots=True)
class Revisit:
    """A revisit as it stands."""

    revisit_id: UUID
    ticket_id: str
    tenant: str
    reason: str
    due_at: datetime
    state: str
    outcome: str | None = None


_LOCK_OPEN = text("""
    SELECT revisit_id FROM revisits WHERE ticket_id = :ticket AND reason = :reason AND state = 'open' FOR UPDATE
""")
_END_OF_REASON = text("""
    UPDATE revisits SET state = :state, ended_at = :at WHERE ticket_id = :ticket AND reason = :reason AND state = 'open'
""")
_END_OF_RUN = text("""
    UPDATE revisits SET state = :state, ended_at = :at
    WHERE ticket_id = :ticket AND clock = :clock AND run = :run AND state = 'open'
""")
_INSERT = text("""
    INSERT INTO revisits (revisit_id, ticket_id, tenant, reason, due_at, rule, tells, clock, run, planned_at)
    VALUES (:id, :ticket, :tenant, :reason, :due_at, :rule, :tells, :clock, :run, :at)
""")
_LOCK = text("""
    SELECT revisit_id, ticket_id, tenant, reason, due_at, state, outcome FROM revisits
    WHERE revisit_id = :id AND tenant = :tenant FOR UPDATE
""")
_DONE = text("""
    UPDATE revisits SET state = 'done', outcome = :outcome, done_by = :by, ended_at = :at WHERE revisit_id = :id
""")
_PAGE = text("""
    SELECT r.revisit_id, r.ticket_id, r.reason, r.due_at, r.state, r.outcome, r.done_by, r.planned_at, r.ended_at,
        r.rule, r.tells, t.facts ->> 'ticket_no' AS ticket_no, t.facts ->> 'owner' AS owner
    FROM revisits r LEFT JOIN tickets t USING (ticket_id)
    WHERE r.tenant = :tenant AND (r.due_at, r.revisit_id) > (:after_due, :after_id)
    AND (CAST(:ticket AS text) IS NULL OR r.ticket_id = :ticket)
    AND (CAST(:before AS timestamptz) IS NULL OR r.due_at < :before)
    AND (CAST(:owner AS text) IS NULL OR t.facts ->> 'owner' = :owner)
    AND (CAST(:state AS text) IS NULL OR r.state = :state)
    AND (CAST(:reason AS text) IS NULL OR r.reason = :reason)
    ORDER BY r.due_at, r.revisit_id LIMIT :limit
""")


async def lock_open(tx: Tx, ticket_id: str, reason: str) -> None:
    """Lock the open revisit of this reason, if there is one: before the event time is taken."""
    await tx.execute(_LOCK_OPEN, {"ticket": ticket_id, "reason": reason})


async def replace(tx: Tx, revisit_id: UUID, ticket_id: str, tenant: str, plan: Plan, at: datetime) -> None:
    """End the open revisit of the plan's reason and put this one in its place."""
    values = {"ticket": ticket_id, "reason": plan.reason, "at": at}
    await tx.execute(_END_OF_REASON, values | {"state": "replaced"})
    values |= {"id": revisit_id, "tenant": tenant, "due_at": plan.due_at, "rule": plan.rule, "tells": plan.tells}
    await tx.execute(_INSERT, values | {"clock": plan.clock, "run": plan.run})


async def end_run(tx: Tx, ticket_id: str, clock: str, run: int, state: str, at: datetime) -> None:
    """End the open revisit of a clock's run, if it is still open."""
    values = {"ticket": ticket_id, "clock": clock, "run": run, "state": state, "at": at}
    await tx.execute(_END_OF_RUN, values)


async def cancel(tx: Tx, ticket_id: str, reasons: Sequence[str], at: datetime) -> None:
    """Cancel the open revisits of these reasons."""
    for reason in reasons:
        values = {"ticket": ticket_id, "reason": reason, "state": "cancelled", "at": at}
        await tx.execute(_END_OF_REASON, values)


async def lock(tx: Tx, tenant: str, revisit_id: UUID) -> Revisit | None:
    """Lock one revisit of the tenant and return it."""
    row = (await tx.execute(_LOCK, {"id": revisit_id, "tenant": tenant})).first()
    return Revisit(*row) if row else None


async def done(tx: Tx, revisit_id: UUID, outcome: str, by: str, at: datetime) -> None:
    """Write down how it went."""
    await tx.execute(_DONE, {"id": revisit_id, "outcome": outcome, "by": by, "at": at})


async def page(tx: Tx, tenant: str, after: tuple[datetime, UUID], limit: int, **filters: Any) -> Sequence[Any]:
    """Return revisits in order of their due time. Filters that are None ask nothing."""
    values = {"tenant": tenant, "after_due": after[0], "after_id": after[1], "limit": limit}
    return (await tx.execute(_PAGE, values | filters)).all()
