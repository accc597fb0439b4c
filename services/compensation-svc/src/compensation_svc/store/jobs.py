"""Money calls as jobs: claimed under a lease, fenced by the number of the attempt. Real time, the database's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from amends.tracing import current_traceparent
from compensation_svc.decisions.payment import Payment

_ADD = text("""
    INSERT INTO money_jobs (remedy_id, tenant, ticket_id, path, body, traceparent)
    VALUES (:remedy, :tenant, :ticket, :path, :body, :traceparent)
    ON CONFLICT DO NOTHING
""")
# A new call needs a tenant that pays and a ticket that is not parked; what was started before may be asked about.
_CLAIM = text("""
    WITH open AS (
        SELECT j.remedy_id, j.attempt, NOT EXISTS (SELECT 1 FROM parked_tickets p WHERE p.ticket_id = j.ticket_id)
            AND (y.mode = 'automatic' OR (y.mode = 'approve' AND r.approved_by IS NOT NULL)) IS TRUE AS may_pay
        FROM money_jobs j JOIN remedies r USING (remedy_id) LEFT JOIN payouts y ON y.tenant = j.tenant
        WHERE NOT j.done AND j.run_after <= clock_timestamp()
        AND (j.lease_until IS NULL OR j.lease_until < clock_timestamp())
    ), mine AS (
        SELECT j.remedy_id, o.may_pay FROM money_jobs j JOIN open o USING (remedy_id)
        WHERE (o.may_pay OR o.attempt > 0) AND NOT j.done AND j.attempt = o.attempt
        ORDER BY j.run_after LIMIT :most FOR UPDATE OF j SKIP LOCKED
    )
    UPDATE money_jobs j SET attempt = j.attempt + 1, lease_until = clock_timestamp() + :lease_s * interval '1 second'
    FROM mine WHERE j.remedy_id = mine.remedy_id
    RETURNING j.remedy_id, j.tenant, j.ticket_id, j.path, j.body, j.attempt, j.failures, mine.may_pay,
        j.traceparent
""")
_LOCK = text("SELECT attempt, done FROM money_jobs WHERE remedy_id = :remedy FOR UPDATE")
_AGAIN = text("""
    UPDATE money_jobs SET lease_until = NULL, failures = :failures, last_error = :error,
        run_after = clock_timestamp() + :wait_s * interval '1 second'
    WHERE remedy_id = :remedy AND attempt = :attempt AND NOT done
""")


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed call. `attempt` is the fence; above 1 an earlier attempt may have been carried out.

    `may_pay` False: the tenant's payouts are stopped or the ticket is parked; it may be asked about only.
    """

    remedy_id: UUID
    tenant: str
    ticket_id: str
    path: str
    body: str
    attempt: int
    failures: int
    may_pay: bool
    traceparent: str | None = None


async def add(tx: Tx, payment: Payment, *, tenant: str) -> None:
    """Write a call down; the worker makes it after the commit. Its key and body never change."""
    body = json.dumps(payment.body(), ensure_ascii=False)
    values = {
        "remedy": payment.remedy_id,
        "tenant": tenant,
        "ticket": payment.ticket_id,
        "path": payment.path,
        "body": body,
        "traceparent": current_traceparent(),
    }
    await tx.execute(_ADD, values)


async def claim(tx: Tx, most: int, lease_s: float) -> Sequence[Job]:
    """Claim up to `most` calls whose time has come, each for `lease_s` real seconds."""
    return [Job(*row) for row in (await tx.execute(_CLAIM, {"most": most, "lease_s": lease_s})).all()]


async def finish(tx: Tx, job: Job) -> bool:
    """Mark a call done; False: another attempt has taken over, and this one's answer is not used."""
    row = (await tx.execute(_LOCK, {"remedy": job.remedy_id})).first()
    if row is None or row.done or row.attempt != job.attempt:
        return False
    await tx.execute(text("UPDATE money_jobs SET done = true WHERE remedy_id = :remedy"), {"remedy": job.remedy_id})
    return True


async def try_again(tx: Tx, job: Job, *, wait_s: float, failures: int, error: str | None) -> None:
    """Give a call back, to be taken up after `wait_s` real seconds."""
    values = {"remedy": job.remedy_id, "attempt": job.attempt, "wait_s": wait_s}
    await tx.execute(_AGAIN, values | {"failures": failures, "error": error})


async def cancel(tx: Tx, remedy_id: UUID) -> bool:
    """Take a call back that was never started; False: it was started, or is done. No call at all: True."""
    row = (await tx.execute(_LOCK, {"remedy": remedy_id})).first()
    if row is None:
        return True
    if row.attempt > 0 or row.done:
        return False
    await tx.execute(text("DELETE FROM money_jobs WHERE remedy_id = :remedy"), {"remedy": remedy_id})
    return True


async def open_by_path(tx: Tx) -> Mapping[str, int]:
    """Count the calls that wait or are under way."""
    rows = await tx.execute(text("SELECT path, count(*) FROM money_jobs WHERE NOT done GROUP BY path"))
    return {"refunds": 0, "vouchers": 0} | {row[0]: row[1] for row in rows}
