"""A remedy that a person proposes: what is possible, and whether somebody else must approve (B17, Limits). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from amends.events.compensation import CompensationDecided
from amends.events.parts import Order, Party, RemedyLine
from amends.money import Balance
from amends.policy.model import Policy
from amends.policy.values import RemedyType
from compensation_svc.decisions.approval import APPROVE_MODE, SHADOW_MODE, exceeds_budget, limit_of, within_limit
from compensation_svc.decisions.balance import VOUCHERS
from compensation_svc.decisions.cap import beyond_cap
from compensation_svc.decisions.remedy import Decided, Seen
from compensation_svc.decisions.reviews import reviews_needed
from compensation_svc.decisions.sentences import Reason, said
from compensation_svc.decisions.ticket import TicketView

PROPOSED = "proposed"
"""The rule of a proposal under a policy that names no rule for remedies offered."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person proposes. `lines`: the part of the amount on each line of the order; the rest is shipping fee."""

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
    wrong = _wrong(proposal, view.order, seen.left, currency)
    if wrong is not None:
        return wrong
    asks = _asks(proposal, view, policy, seen, currency)
    shadow = (SHADOW_MODE,) if seen.mode == "shadow" else ()
    payer = view.payer_found or Party(**policy.amounts.payer_unknown.model_dump())
    rule = policy.remedies_offered.id if policy.remedies_offered else PROPOSED
    fact = CompensationDecided(
        remedy_id=str(proposal.remedy_id),
        rule=rule,
        remedy=proposal.remedy,
        amount=proposal.amount,
        currency=currency,
        lines=tuple(RemedyLine(line_id=line, amount=part) for line, part in proposal.lines.items()) or None,
        payer=payer,
        approval="required" if asks else "none",
        reason="; ".join([*filter(None, [proposal.reason]), *(one.text for one in (*asks, *shadow))]) or None,
        basis=seen.basis(),
        policy_version=view.opened.policy_version or 1,
    )
    money = {"amount": proposal.amount, "currency": currency}
    steps = (
        said("proposed", by=proposal.by, role=proposal.role, remedy=proposal.remedy, **money),
        *((said("proposal_reason", reason=proposal.reason),) if proposal.reason else ()),
        said("carried_by", party_kind=payer.kind, party=payer.id),
        *(reason.said for reason in (*asks, *shadow)),
    )
    return Decided(fact, steps)


def _asks(proposal: Proposal, view: TicketView, policy: Policy, seen: Seen, currency: str) -> tuple[Reason, ...]:
    amount, role, limits = proposal.amount, proposal.role, policy.amounts.limits
    limit, left, known = limit_of(role, limits), seen.budget_left, currency == policy.currency
    stages = reviews_needed(policy, view, amount)
    money = {"amount": amount, "currency": currency}
    checks = (
        (
            not within_limit(amount, role, limits),
            Reason(
                f"{amount} is above the limit of {limit} of {role}", said("ask_limit", role=role, limit=limit, **money)
            ),
        ),
        (not known and limit is not None, Reason("the order's currency is not the policy's", said("ask_currency"))),
        (
            exceeds_budget(amount, left),
            Reason(f"the day's budget has only {left} left", said("ask_budget", left=left, **money)),
        ),
        (seen.mode == "approve", APPROVE_MODE),
        (
            bool(stages),
            Reason(
                f"it must pass its reviews, {', '.join(stages)} (rule E5)", said("ask_reviews", stages=list(stages))
            ),
        ),
    )
    cap = beyond_cap(amount, currency, seen.given, policy.amounts.customer_cap, policy_currency=policy.currency)
    return (*(reason for applies, reason in checks if applies), *cap)


def _wrong(proposal: Proposal, order: Order | None, left: Balance | None, currency: str) -> Impossible | None:
    if proposal.currency not in {None, currency}:
        return Impossible("currency", f"this ticket's money is in {currency}")
    if proposal.remedy in VOUCHERS:
        return Impossible("lines", "only a refund falls on lines") if proposal.lines else None
    if order is None or left is None:
        return Impossible("remedy", "the ticket names no order: there is nothing to refund")
    if proposal.amount > left.order:
        return Impossible("amount", f"{proposal.amount} is more than the {left.order} left of the order")
    return _wrong_lines(proposal, order, left) if proposal.lines else None


def _wrong_lines(proposal: Proposal, order: Order, left: Balance) -> Impossible | None:
    goods, fee = sum(proposal.lines.values()), order.shipping_fee
    if not goods <= proposal.amount <= goods + fee:
        also = f", or up to {goods + fee} with the shipping fee" if fee else ""
        return Impossible("lines", f"the lines add up to {goods}: the amount is that{also}, not {proposal.amount}")
    for line, part in proposal.lines.items():
        if part > left.lines.get(line, 0):
            return Impossible("lines", f"line {line!r} has {left.lines.get(line, 0)} left, not {part}")
    return None
