"""Remedies as they are stored: one row each, from held or decided to its end. What changes them: `remedy_changes`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import decode
from amends.events.envelope import Event
from amends.events.parts import Party
from compensation_svc.decisions.cap import Given
from compensation_svc.decisions.payment import Payment

_COLUMNS = """
    r.remedy_id, r.serial, r.tenant, r.ticket_id, r.rule, r.clock, r.run, r.step, r.state, r.remedy, r.amount,
    r.currency, r.lines, r.payer_kind, r.payer_id, r.approval, r.reason, r.basis, r.policy_version, r.order_id,
    r.customer_id, r.shadow, r.budget_day, r.budget_amount, r.proposed_by, r.decided_at, r.approved_by, r.approved_at,
    r.rejected_by, r.rejected_at, r.issued_at, r.external_reference, r.charged_kind, r.charged_id, r.charged_at,
    r.reversed_by, r.reversed_at, r.appealed_by, r.appealed_at, r.appeal_reason, r.appeal_verdict, r.appeal_decided_by,
    r.appeal_decided_at, r.outcome_reason, r.explanation, r.breach, r.as_of_sequence, r.cause,
    COALESCE((SELECT j.attempt > 0 AND NOT j.done FROM money_jobs j WHERE j.remedy_id = r.remedy_id), false) AS calling
"""
_ONE = text(f"SELECT {_COLUMNS} FROM remedies r WHERE r.remedy_id = :remedy AND r.tenant = :tenant")
_OF_TICKET = text(f"SELECT {_COLUMNS} FROM remedies r WHERE r.ticket_id = :ticket ORDER BY r.serial")
_PAGE = text(f"""
    SELECT {_COLUMNS} FROM remedies r WHERE r.tenant = :tenant AND r.serial > :after
    AND (CAST(:ticket AS text) IS NULL OR r.ticket_id = :ticket)
    AND (CAST(:charged_kind AS text) IS NULL OR r.charged_kind = :charged_kind)
    AND (CAST(:charged_id AS text) IS NULL OR r.charged_id = :charged_id) ORDER BY r.serial LIMIT :limit
""")
_GIVEN = text("""
    SELECT count(*), COALESCE(sum(amount) FILTER (WHERE currency = :currency), 0)::bigint FROM remedies
    WHERE tenant = :tenant AND customer_id = :customer AND amount > 0 AND (:shadow OR NOT shadow)
    AND decided_at > :since AND decided_at <= :at AND state NOT IN ('held', 'rejected', 'failed', 'reversed')
""")


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy as it is stored. `state` is the stored one; `shown_state` says `issuing` while its call is under way.

    Amounts in minor units. `breach` and `cause` are events in structured form: what it was decided from, and what led
    to its next event.
    """

    remedy_id: UUID
    serial: int
    tenant: str
    ticket_id: str
    rule: str
    clock: str | None
    run: int | None
    step: int | None
    state: str
    remedy: str
    amount: int | None
    currency: str | None
    lines: str | None
    payer_kind: str | None
    payer_id: str | None
    approval: str | None
    reason: str | None
    basis: str | None
    policy_version: int
    order_id: str | None
    customer_id: str
    shadow: bool
    budget_day: date | None
    budget_amount: int
    proposed_by: str | None
    decided_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    rejected_by: str | None
    rejected_at: datetime | None
    issued_at: datetime | None
    external_reference: str | None
    charged_kind: str | None
    charged_id: str | None
    charged_at: datetime | None
    reversed_by: str | None
    reversed_at: datetime | None
    appealed_by: str | None
    appealed_at: datetime | None
    appeal_reason: str | None
    appeal_verdict: str | None
    appeal_decided_by: str | None
    appeal_decided_at: datetime | None
    outcome_reason: str | None
    explanation: str
    breach: str | None
    as_of_sequence: int | None
    cause: str | None
    calling: bool

    @property
    def shown_state(self) -> str:
        """Return the state as the API shows it."""
        return "issuing" if self.calling and self.state in {"decided", "approved"} else self.state

    @property
    def waits_for_approval(self) -> bool:
        """Say whether a person must still decide."""
        return self.state == "decided" and self.approval == "required"

    @property
    def money(self) -> tuple[int, str]:
        """Return amount and currency of a decided remedy."""
        return self.amount or 0, self.currency or ""

    @property
    def by_line(self) -> Mapping[str, int]:
        """Return the part of the amount on each line."""
        return {line["line_id"]: line["amount"] for line in json.loads(self.lines)} if self.lines else {}

    @property
    def payer(self) -> Party:
        """Return who carries a decided remedy."""
        return Party(kind=self.payer_kind or "", id=self.payer_id or "?")

    @property
    def charged_party(self) -> Party | None:
        """Return who was charged with it, whatever came of that."""
        return Party(kind=self.charged_kind, id=self.charged_id) if self.charged_kind and self.charged_id else None

    @property
    def charged(self) -> Party | None:
        """Return who is charged with it: nobody, once an appeal was right."""
        return None if self.appeal_verdict == "overturned" else self.charged_party

    @property
    def payment(self) -> Payment:
        """Return what is to be paid for a decided remedy."""
        amount, currency = self.money
        return Payment(
            remedy_id=self.remedy_id,
            ticket_id=self.ticket_id,
            order_id=self.order_id,
            customer_id=self.customer_id,
            rule=self.rule,
            remedy=self.remedy,
            amount=amount,
            currency=currency,
            lines=self.by_line,
        )

    @property
    def breach_event(self) -> Event:
        """Return the breach that an automatic remedy was decided from."""
        return decode((), (self.breach or "").encode())

    @property
    def cause_event(self) -> Event | None:
        """Return the event that led to the next one: `decided` or `approved`."""
        return decode((), self.cause.encode()) if self.cause else None


async def one(tx: Tx, tenant: str, remedy_id: UUID) -> Remedy | None:
    """Return a tenant's remedy."""
    row = (await tx.execute(_ONE, {"remedy": remedy_id, "tenant": tenant})).first()
    return Remedy(*row) if row else None


async def of_ticket(tx: Tx, ticket_id: str) -> Sequence[Remedy]:
    """Return a ticket's remedies, oldest first."""
    return [Remedy(*row) for row in (await tx.execute(_OF_TICKET, {"ticket": ticket_id})).all()]


async def page(
    tx: Tx,
    tenant: str,
    ticket_id: str | None,
    after: int,
    limit: int,
    *,
    charged_kind: str | None = None,
    charged_id: str | None = None,
) -> Sequence[Remedy]:
    """Return a tenant's remedies in the order they came to be: all, or those charged to a kind of party, or to one."""
    values = {"tenant": tenant, "ticket": ticket_id, "after": after, "limit": limit}
    values |= {"charged_kind": charged_kind, "charged_id": charged_id}
    return [Remedy(*row) for row in (await tx.execute(_PAGE, values)).all()]


async def given(
    tx: Tx, tenant: str, customer_id: str, at: datetime, *, currency: str, shadow: bool, days: int = 90
) -> Given:
    """Return what a customer was given in so many days up to `at`; the sum is of what was in `currency`.

    `shadow`: those that were only recorded count too; real ones never count them.
    """
    values = {"tenant": tenant, "customer": customer_id, "at": at, "since": at - timedelta(days=days)}
    return Given(*(await tx.execute(_GIVEN, values | {"currency": currency, "shadow": shadow})).one())


async def lock_customer(tx: Tx, tenant: str, customer_id: str) -> None:
    """Let deciders of one customer's remedies go one after the other until the transaction ends.

    A customer is no row here; taken after the order's and the budget's rows, so that nobody waits in a circle.
    """
    query = text("SELECT pg_advisory_xact_lock(hashtextextended(:customer, 0))")
    await tx.execute(query, {"customer": f"customer {tenant} {customer_id}"})


async def exists(tx: Tx, ticket_id: str, clock: str, step: int) -> bool:
    """Say whether this (ticket, clock, step) has its remedy already, in whatever state."""
    query = text("SELECT EXISTS (SELECT 1 FROM remedies WHERE ticket_id = :ticket AND clock = :clock AND step = :step)")
    return bool((await tx.execute(query, {"ticket": ticket_id, "clock": clock, "step": step})).scalar_one())
