"""How much a remedy is, by the amount rule of its policy row (RULEBOOK B, Amounts). Minor units, pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from amends.events.parts import Order, RemedyLine
from amends.money import Balance, Refund, affected_value, full_refund, partial_refund, percentage, voucher
from amends.policy.facts import facts_of, severity_of
from amends.policy.model import Policy
from amends.policy.steps import AmountRule, RemedyStep
from compensation_svc.decisions.sentences import Reason, Said, said
from compensation_svc.decisions.ticket import TicketView


@dataclass(frozen=True, slots=True)
class RemedyAmount:
    """An amount and how it came about.

    `lines`: what of it falls on each line; the rest is shipping. `reason`: why it is less than the rule's full amount,
    or nothing; None otherwise. `steps`: the reckoning, a sentence each.
    """

    amount: int
    lines: tuple[RemedyLine, ...] = ()
    reason: Reason | None = None
    steps: tuple[Said, ...] = ()


_NO_ORDER = RemedyAmount(0, reason=Reason("no money moves: the ticket names no order", said("nothing_no_order")))
_NOTHING_PAID = Reason("no money moves: nothing was paid for what it is about", said("nothing_paid"))
_NOTHING_LEFT = Reason("no money moves: nothing is left to refund", said("nothing_left"))


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
    steps = [said("affected_in_full", paid=promised.amount - fee, currency=order.currency)]
    steps.append(said("shipping", amount=fee, currency=order.currency) if fee else said("no_shipping"))
    return _refunded(found, promised, left, steps, order.currency)


def _missing_share(_step: RemedyStep, view: TicketView, _policy: Policy, left: Balance | None) -> RemedyAmount:
    if view.order is None or left is None:
        return _NO_ORDER
    found = partial_refund(view.order, balance=left)
    promised = partial_refund(view.order, balance=_untouched(view.order))
    currency = view.order.currency
    steps = [
        said("missing_share", line=line, amount=amount, currency=currency) for line, amount in promised.per_line.items()
    ]
    return _refunded(found, promised, left, steps, currency)


def _by_severity(_step: RemedyStep, view: TicketView, policy: Policy, _left: Balance | None) -> RemedyAmount:
    bounds = policy.amounts.voucher
    money: dict[str, Any] = {"at_least": bounds.amount_min, "currency": policy.currency}
    if view.order is None:
        return RemedyAmount(bounds.amount_min, steps=(said("minimum_no_order", **money),))
    paid = affected_value(view.order)
    level = facts_of(policy, view.tenant, view.opened.to_data(), levels_up=view.levels_up).level
    severity = severity_of(policy, view.opened.severity, level)
    percent = bounds.percent_by_severity[severity]
    amount = voucher(paid, percent, amount_min=bounds.amount_min, amount_max=bounds.amount_max)
    money |= {"paid": paid, "at_most": bounds.amount_max, "amount": amount, "currency": view.order.currency}
    return RemedyAmount(amount, steps=(said("by_severity", severity=severity, percent=str(percent), **money),))


def _percent_of_paid(step: RemedyStep, view: TicketView, policy: Policy, _left: Balance | None) -> RemedyAmount:
    floor, ceiling = step.amount_min or 0, step.amount_max
    if view.order is None:
        minimum = said("minimum_no_order", at_least=floor, currency=policy.currency)
        return RemedyAmount(floor, steps=(minimum,)) if floor else _NO_ORDER
    percent, paid = step.percent or 0, affected_value(view.order)
    exact = percentage(paid, percent)
    amount = max(floor, exact if ceiling is None else min(exact, ceiling))
    money: dict[str, Any] = {"paid": paid, "at_least": floor, "amount": amount, "currency": view.order.currency}
    key = "percent_of_paid" if ceiling is None else "percent_of_paid_capped"
    if ceiling is not None:
        money["at_most"] = ceiling
    reason = None if amount else _NOTHING_PAID
    return RemedyAmount(amount, reason=reason, steps=(said(key, percent=str(percent), **money),))


_RULES: Mapping[AmountRule, Callable[[RemedyStep, TicketView, Policy, Balance | None], RemedyAmount]] = {
    "affected_in_full": _affected_in_full,
    "missing_share": _missing_share,
    "by_severity": _by_severity,
    "percent_of_paid": _percent_of_paid,
}


def _untouched(order: Order) -> Balance:
    return Balance(order.paid_amount, {item.line_id: item.paid_amount for item in order.items})


def _refunded(found: Refund, promised: Refund, left: Balance, steps: list[Said], currency: str) -> RemedyAmount:
    lines = tuple(RemedyLine(line_id=line, amount=amount) for line, amount in found.per_line.items() if amount)
    reason = None
    if promised.amount == 0:
        reason = _NOTHING_PAID
    elif found.amount == 0:
        reason = _NOTHING_LEFT
    elif found.amount < promised.amount:
        text = f"{promised.amount} was promised, but no more is left"
        reason = Reason(text, said("less_left", promised=promised.amount, currency=currency))
    order_left = said("order_left", left=left.order, currency=currency)
    lines_left = (
        said("line_left", line=line, left=amount, currency=currency)
        for line, amount in left.lines.items()
        if line in promised.per_line
    )
    return RemedyAmount(found.amount, lines, reason, (*steps, order_left, *lines_left))
