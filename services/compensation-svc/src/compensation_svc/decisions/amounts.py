"""How much a remedy is, by the amount rule of its policy row (RULEBOOK B, Amounts). Minor units, pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from amends.events.parts import Order, RemedyLine
from amends.money import Balance, Refund, affected_value, full_refund, partial_refund, percentage, voucher
from amends.policy.facts import facts_of, severity_of
from amends.policy.model import Policy
from amends.policy.steps import AmountRule, RemedyStep
from compensation_svc.decisions.ticket import TicketView


@dataclass(frozen=True, slots=True)
class RemedyAmount:
    """An amount and how it came about.

    `lines`: what of it falls on each line; the rest is shipping. `reason`: why it is less than the rule's full amount,
    or nothing; None otherwise. `steps`: the reckoning, a sentence each.
    """

    amount: int
    lines: tuple[RemedyLine, ...] = ()
    reason: str | None = None
    steps: tuple[str, ...] = ()


_NO_ORDER = RemedyAmount(0, reason="no money moves: the ticket names no order")


def amount_of(step: RemedyStep, view: TicketView, policy: Policy, left: Balance | None) -> RemedyAmount:
    """Return the amount that a step's rule gives for a ticket, of what is left of its order (None without an order)."""
    return _RULES[step.amount](step, view, policy, left)


def _affected_in_full(_step: RemedyStep, view: TicketView, policy: Policy, left: Balance | None) -> RemedyAmount:
    if view.order is None or left is None:
        return _NO_ORDER
    rule = policy.amounts.full_refund.shipping
    shipping = rule == "all_affected_and_customer_not_liable" and view.payer_found is not None
    order = view.order
    found = full_refund(order, shipping=shipping, balance=left)
    promised = full_refund(order, shipping=shipping, balance=_untouched(order))
    fee = promised.shipping
    step = f"the affected items were paid {promised.amount - fee}; shipping fee that comes back: {fee}"
    return _refunded(found, promised, left, step)


def _missing_share(_step: RemedyStep, view: TicketView, _policy: Policy, left: Balance | None) -> RemedyAmount:
    if view.order is None or left is None:
        return _NO_ORDER
    found = partial_refund(view.order, balance=left)
    promised = partial_refund(view.order, balance=_untouched(view.order))
    step = f"the missing goods' share of what was paid: {dict(promised.per_line)}"
    return _refunded(found, promised, left, step)


def _by_severity(_step: RemedyStep, view: TicketView, policy: Policy, _left: Balance | None) -> RemedyAmount:
    bounds = policy.amounts.voucher
    if view.order is None:
        return RemedyAmount(bounds.amount_min, steps=("without an order a voucher is the minimum",))
    paid = affected_value(view.order)
    level = facts_of(policy, view.tenant, view.opened.to_data(), levels_up=view.levels_up).level
    severity = severity_of(policy, view.opened.severity, level)
    percent = bounds.percent_by_severity[severity]
    amount = voucher(paid, percent, amount_min=bounds.amount_min, amount_max=bounds.amount_max)
    between = f"at least {bounds.amount_min}, at most {bounds.amount_max}"
    return RemedyAmount(amount, steps=(f"severity {severity}: {percent} % of {paid}, {between}, is {amount}",))


def _percent_of_paid(step: RemedyStep, view: TicketView, _policy: Policy, _left: Balance | None) -> RemedyAmount:
    floor, ceiling = step.amount_min or 0, step.amount_max
    if view.order is None:
        return RemedyAmount(floor, steps=("without an order it is the minimum",)) if floor else _NO_ORDER
    percent, paid = step.percent or 0, affected_value(view.order)
    exact = percentage(paid, percent)
    amount = max(floor, exact if ceiling is None else min(exact, ceiling))
    between = f"at least {floor}" + ("" if ceiling is None else f", at most {ceiling}")
    reason = None if amount else "no money moves: nothing was paid for what it is about"
    return RemedyAmount(amount, reason=reason, steps=(f"{percent} % of {paid} paid, {between}, is {amount}",))


_RULES: Mapping[AmountRule, Callable[[RemedyStep, TicketView, Policy, Balance | None], RemedyAmount]] = {
    "affected_in_full": _affected_in_full,
    "missing_share": _missing_share,
    "by_severity": _by_severity,
    "percent_of_paid": _percent_of_paid,
}


def _untouched(order: Order) -> Balance:
    return Balance(order.paid_amount, {item.line_id: item.paid_amount for item in order.items})


def _refunded(found: Refund, promised: Refund, left: Balance, step: str) -> RemedyAmount:
    lines = tuple(RemedyLine(line_id=line, amount=amount) for line, amount in found.per_line.items() if amount)
    reason = None
    if promised.amount == 0:
        reason = "no money moves: nothing was paid for what it is about"
    elif found.amount == 0:
        reason = "no money moves: nothing is left to refund"
    elif found.amount < promised.amount:
        reason = f"{promised.amount} was promised, but no more is left"
    return RemedyAmount(found.amount, lines, reason, (step, f"left of the order: {left.order}"))
