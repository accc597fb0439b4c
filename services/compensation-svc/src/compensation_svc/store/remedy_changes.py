"""What is written about a remedy; its ticket is locked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import encode_structured
from amends.events.compensation import CompensationDecided, CompensationHeld
from amends.events.envelope import Event
from compensation_svc.decisions.sentences import Said

_START = (
    "remedy_id",
    "tenant",
    "ticket_id",
    "customer_id",
    "order_id",
    "policy_version",
    "breach",
    "as_of_sequence",
    "proposed_by",
    "rule",
    "clock",
    "run",
    "step",
    "remedy",
)
_DECIDED = (
    "state",
    "reason",
    "explanation",
    "amount",
    "currency",
    "lines",
    "payer_kind",
    "payer_id",
    "approval",
    "basis",
    "shadow",
    "budget_day",
    "budget_amount",
    "decided_at",
    "cause",
)


def _insert(columns: Sequence[str]) -> str:
    return f"INSERT INTO remedies ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"


_HOLD = text(_insert((*_START, "state", "reason", "explanation")))
_DECIDE = text(
    _insert((*_START, *_DECIDED))
    + " ON CONFLICT (remedy_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _DECIDED)
    + " WHERE remedies.state = 'held'"
)


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


async def hold(tx: Tx, start: Start, fact: CompensationHeld, remedy: str, steps: Sequence[Said]) -> None:
    """Write down a remedy that waits for its precondition."""
    held = {"remedy": remedy, "state": "held", "explanation": _written(steps)}
    await tx.execute(_HOLD, {**_started(start, fact), **held})


async def decide(
    tx: Tx,
    start: Start,
    fact: CompensationDecided,
    steps: Sequence[Said],
    reserved: Reserved,
    *,
    at: datetime,
    cause: Event,
) -> None:
    """Write down what was decided, new or held until now. `cause` is the published `decided`."""
    decided = {
        "remedy": fact.remedy,
        "state": "shadow" if reserved.shadow else "decided",
        "explanation": _written(steps),
        "amount": fact.amount,
        "currency": fact.currency,
        "lines": json.dumps([line.model_dump() for line in fact.lines]) if fact.lines else None,
        "payer_kind": fact.payer.kind,
        "payer_id": fact.payer.id,
        "approval": fact.approval,
        "basis": json.dumps(fact.basis.model_dump(exclude_none=True)),
        "shadow": reserved.shadow,
        "budget_day": reserved.budget_day,
        "budget_amount": reserved.budget_amount,
        "decided_at": at,
        "cause": encode_structured(cause).decode(),
    }
    await tx.execute(_DECIDE, {**_started(start, fact), **decided})


async def change(tx: Tx, remedy_id: UUID, **columns: Any) -> None:
    """Set columns of a remedy. A `cause` event is written in structured form."""
    if isinstance(columns.get("cause"), Event):
        columns["cause"] = encode_structured(columns["cause"]).decode()
    setting = ", ".join(f"{name} = :{name}" for name in columns)
    await tx.execute(text(f"UPDATE remedies SET {setting} WHERE remedy_id = :remedy"), columns | {"remedy": remedy_id})


def _written(steps: Sequence[Said]) -> str:
    return json.dumps([one.written() for one in steps], ensure_ascii=False)


def _started(start: Start, fact: CompensationHeld | CompensationDecided) -> Mapping[str, Any]:
    return {
        "remedy_id": start.remedy_id,
        "tenant": start.tenant,
        "ticket_id": start.ticket_id,
        "customer_id": start.customer_id,
        "order_id": start.order_id,
        "policy_version": start.policy_version,
        "breach": encode_structured(start.breach).decode() if start.breach else None,
        "as_of_sequence": start.as_of_sequence,
        "proposed_by": start.proposed_by,
        "rule": fact.rule,
        "clock": fact.clock,
        "run": fact.run,
        "step": fact.step,
        "reason": fact.reason,
    }
