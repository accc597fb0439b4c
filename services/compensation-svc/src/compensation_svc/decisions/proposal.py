"""A remedy that a person proposes: what is possible, and whether somebody else must approve (B17, Limits). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from amends.events.compensation import CompensationDecided
from amends.events.parts import Party, RemedyLine
from amends.money import Balance
from amends.policy.model import Policy
from amends.policy.values import RemedyType
from compensation_svc.decisions.approval import exceeds_budget, limit_of, within_limit
from compensation_svc.decisions.balance import VOUCHERS
from compensation_svc.decisions.remedy import Decided, Seen
from compensation_svc.decisions.ticket import TicketView

PROPOSED = "proposed"
"""The rule of a proposal under a policy that names no rule for remedies offered."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person proposes. `lines`: the part of the amount on each line of the order; the rest is shipping."""

    remedy_id: UUID
    remedy: RemedyType
    amount: int
    currency: str | None
    lines: Mapping[str, int]
    reason: str | None
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why it cannot be carried out, and which field to mend."""

    field: Literal["remedy", "amount", "currency", "lines"]
    why: str


def propose(proposal: Proposal, view: TicketView, policy: Policy, seen: Seen) -> Decided | Impossible:
    """Decide a proposal: impossible, or decided, waiting for approval above the proposer's own limit."""
    currency = view.order.currency if view.order else policy.currency
    wrong = _wrong(proposal, seen.left, currency)
    if wrong is not None:
        return wrong
    asks = _asks(proposal, policy, seen, currency_known=currency == policy.currency)
    shadow = ("payouts are in shadow mode: recorded, not paid",) if seen.mode == "shadow" else ()
    rule = policy.remedies_offered.id if policy.remedies_offered else PROPOSED
    fact = CompensationDecided(
        remedy_id=str(proposal.remedy_id),
        rule=rule,
        remedy=proposal.remedy,
        amount=proposal.amount,
        currency=currency,
        lines=tuple(RemedyLine(line_id=line, amount=part) for line, part in proposal.lines.items()) or None,
        payer=view.payer_found or Party(**policy.amounts.payer_unknown.model_dump()),
        approval="required" if asks else "none",
        reason="; ".join(((proposal.reason,) if proposal.reason else ()) + asks + shadow) or None,
        basis=seen.basis(),
        policy_version=view.opened.policy_version or 1,
    )
    said = f": {proposal.reason}" if proposal.reason else ""
    steps = (
        f"{proposal.by} ({proposal.role}) proposed {proposal.remedy} of {proposal.amount} {currency}{said}",
        *(f"a person must approve: {reason}" for reason in asks),
        *shadow,
    )
    return Decided(fact, steps)


def _asks(proposal: Proposal, policy: Policy, seen: Seen, *, currency_known: bool) -> tuple[str, ...]:
    limits = policy.amounts.limits
    limit = limit_of(proposal.role, limits)
    above = f"{proposal.amount} is above the limit of {limit} of {proposal.role}"
    checks = (
        (not within_limit(proposal.amount, proposal.role, limits), above),
        (not currency_known and limit is not None, "the order's currency is not the policy's"),
        (exceeds_budget(proposal.amount, seen.budget_left), f"the day's budget has only {seen.budget_left} left"),
        (seen.mode == "approve", "payouts are in approve mode"),
    )
    return tuple(reason for applies, reason in checks if applies)


def _wrong(proposal: Proposal, left: Balance | None, currency: str) -> Impossible | None:
    if proposal.currency not in {None, currency}:
        return Impossible("currency", f"this ticket's money is in {currency}")
    if proposal.remedy in VOUCHERS:
        return Impossible("lines", "only a refund falls on lines") if proposal.lines else None
    if left is None:
        return Impossible("remedy", "the ticket names no order: there is nothing to refund")
    if proposal.amount > left.order:
        return Impossible("amount", f"{proposal.amount} is more than the {left.order} left of the order")
    return _wrong_lines(proposal, left)


def _wrong_lines(proposal: Proposal, left: Balance) -> Impossible | None:
    if sum(proposal.lines.values()) > proposal.amount:
        return Impossible("lines", "the lines add up to more than the amount")
    for line, part in proposal.lines.items():
        if part > left.lines.get(line, 0):
            return Impossible("lines", f"line {line!r} has {left.lines.get(line, 0)} left, not {part}")
    return None
