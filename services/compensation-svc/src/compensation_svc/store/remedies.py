"""Remedies: one row each, from held or decided to its end."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import decode, encode_structured
from amends.events.compensation import CompensationDecided, CompensationHeld
from amends.events.envelope import Event
from amends.events.parts import Party

_COLUMNS = """
    r.remedy_id, r.serial, r.tenant, r.ticket_id, r.rule, r.clock, r.run, r.step, r.state, r.remedy, r.amount,
    r.currency, r.lines, r.payer_kind, r.payer_id, r.approval, r.reason, r.basis, r.policy_version, r.order_id,
    r.customer_id, r.shadow, r.budget_day, r.budget_amount, r.proposed_by, r.decided_at, r.approved_by, r.approved_at,
    r.rejected_by, r.rejected_at, r.issued_at, r.external_reference, r.charged_kind, r.charged_id, r.charged_at,
    r.outcome_reason, r.explanation, r.breach, r.as_of_sequence, r.cause,
    COALESCE((SELECT j.attempt > 0 AND NOT j.done FROM money_jobs j WHERE j.remedy_id = r.remedy_id), false) AS calling
"""
_ONE = text(f"SELECT {_COLUMNS} FROM remedies r WHERE r.remedy_id = :remedy AND r.tenant = :tenant")
_OF_TICKET = text(f"SELECT {_COLUMNS} FROM remedies r WHERE r.ticket_id = :ticket ORDER BY r.serial")
_PAGE = text(f"""
    SELECT {_COLUMNS} FROM remedies r WHERE r.tenant = :tenant AND r.serial > :after
    AND (CAST(:ticket AS text) IS NULL OR r.ticket_id = :ticket) ORDER BY r.serial LIMIT :limit
""")
_INSERT = text("""
    INSERT INTO remedies (remedy_id, tenant, ticket_id, rule, clock, run, step, state, remedy, reason, policy_version,
        order_id, customer_id, explanation, breach, as_of_sequence, proposed_by)
    VALUES (:remedy_id, :tenant, :ticket_id, :rule, :clock, :run, :step, :state, :remedy, :reason, :policy_version,
        :order_id, :customer_id, :explanation, :breach, :as_of_sequence, :proposed_by)
""")
_DECIDE = text("""
    UPDATE remedies SET state = :state, amount = :amount, currency = :currency, lines = :lines,
        payer_kind = :payer_kind, payer_id = :payer_id, approval = :approval, reason = :reason, basis = :basis,
        shadow = :shadow, budget_day = :budget_day, budget_amount = :budget_amount, decided_at = :at,
        explanation = :explanation, cause = :cause
    WHERE remedy_id = :remedy_id
""")
_RECENT = text("""
    SELECT count(*) FROM remedies WHERE tenant = :tenant AND customer_id = :customer
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
    def breach_event(self) -> Event:
        """Return the breach that an automatic remedy was decided from."""
        return decode((), (self.breach or "").encode())

    @property
    def cause_event(self) -> Event | None:
        """Return the event that led to the next one: `decided` or `approved`."""
        return decode((), self.cause.encode()) if self.cause else None


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of a remedy before its amount is."""

    remedy_id: UUID
    tenant: str
    ticket_id: str
    customer_id: str
    order_id: str | None
    policy_version: int
    breach: Event | None = None
    as_of_sequence: int | None = None
    proposed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a decided remedy took of the balances."""

    shadow: bool
    budget_day: date
    budget_amount: int


async def one(tx: Tx, tenant: str, remedy_id: UUID) -> Remedy | None:
    """Return a tenant's remedy."""
    row = (await tx.execute(_ONE, {"remedy": remedy_id, "tenant": tenant})).first()
    return Remedy(*row) if row else None


async def of_ticket(tx: Tx, ticket_id: str) -> Sequence[Remedy]:
    """Return a ticket's remedies, oldest first."""
    return [Remedy(*row) for row in (await tx.execute(_OF_TICKET, {"ticket": ticket_id})).all()]


async def page(tx: Tx, tenant: str, ticket_id: str | None, after: int, limit: int) -> Sequence[Remedy]:
    """Return a tenant's remedies in the order they came to be."""
    values = {"tenant": tenant, "ticket": ticket_id, "after": after, "limit": limit}
    return [Remedy(*row) for row in (await tx.execute(_PAGE, values)).all()]


async def customer_remedies(tx: Tx, tenant: str, customer_id: str, at: datetime, days: int = 90) -> int:
    """Count the remedies that a customer was given in so many days up to `at`."""
    values = {"tenant": tenant, "customer": customer_id, "at": at, "since": at - timedelta(days=days)}
    return (await tx.execute(_RECENT, values)).scalar_one()  # type: ignore[no-any-return]


async def start_held(tx: Tx, start: Start, fact: CompensationHeld, remedy: str, steps: Sequence[str]) -> None:
    """Write down a remedy that waits for its precondition."""
    said = {"rule": fact.rule, "clock": fact.clock, "run": fact.run, "step": fact.step, "reason": fact.reason}
    await _insert(tx, start, said | {"state": "held", "remedy": remedy}, steps)


async def start_decided(tx: Tx, start: Start, fact: CompensationDecided, steps: Sequence[str]) -> None:
    """Write down a remedy that was decided at once; `decide` fills in the rest."""
    said = {"rule": fact.rule, "clock": fact.clock, "run": fact.run, "step": fact.step, "reason": fact.reason}
    await _insert(tx, start, said | {"state": "decided", "remedy": fact.remedy}, steps)


async def _insert(tx: Tx, start: Start, said: Mapping[str, Any], steps: Sequence[str]) -> None:
    values = {
        "remedy_id": start.remedy_id,
        "tenant": start.tenant,
        "ticket_id": start.ticket_id,
        "customer_id": start.customer_id,
        "order_id": start.order_id,
        "policy_version": start.policy_version,
        "breach": encode_structured(start.breach).decode() if start.breach else None,
        "as_of_sequence": start.as_of_sequence,
        "proposed_by": start.proposed_by,
        "explanation": json.dumps(steps, ensure_ascii=False),
    }
    await tx.execute(_INSERT, {**values, **said})


async def decide(
    tx: Tx, fact: CompensationDecided, steps: Sequence[str], reserved: Reserved, *, at: datetime, cause: Event
) -> None:
    """Fill in what was decided. `cause` is the published `decided`."""
    values = {
        "remedy_id": UUID(fact.remedy_id),
        "state": "shadow" if reserved.shadow else "decided",
        "amount": fact.amount,
        "currency": fact.currency,
        "lines": json.dumps([line.model_dump() for line in fact.lines]) if fact.lines else None,
        "payer_kind": fact.payer.kind,
        "payer_id": fact.payer.id,
        "approval": fact.approval,
        "reason": fact.reason,
        "basis": json.dumps(fact.basis.model_dump(exclude_none=True)),
        "shadow": reserved.shadow,
        "budget_day": reserved.budget_day,
        "budget_amount": reserved.budget_amount,
        "at": at,
        "explanation": json.dumps(steps, ensure_ascii=False),
        "cause": encode_structured(cause).decode(),
    }
    await tx.execute(_DECIDE, values)


async def change(tx: Tx, remedy_id: UUID, **columns: Any) -> None:
    """Set columns of a remedy; its ticket is locked. A `cause` event is written in structured form."""
    if isinstance(columns.get("cause"), Event):
        columns["cause"] = encode_structured(columns["cause"]).decode()
    setting = ", ".join(f"{name} = :{name}" for name in columns)
    await tx.execute(text(f"UPDATE remedies SET {setting} WHERE remedy_id = :remedy"), columns | {"remedy": remedy_id})


async def exists(tx: Tx, ticket_id: str, clock: str, step: int) -> bool:
    """Say whether this (ticket, clock, step) has its remedy already, in whatever state."""
    query = text("SELECT EXISTS (SELECT 1 FROM remedies WHERE ticket_id = :ticket AND clock = :clock AND step = :step)")
    return bool((await tx.execute(query, {"ticket": ticket_id, "clock": clock, "step": step})).scalar_one())
