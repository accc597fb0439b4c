"""What is left of an order: paid − what others gave back − what we promised or paid (DESIGN 13). Minor units, pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from amends.events.parts import Order, ProposedRemedy
from amends.money import Balance

VOUCHERS = frozenset({"cash_voucher", "coupon", "points"})
"""Remedies that take nothing from an order; all others do."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one ticket says was refunded of its order, as of `at`: the sum of everybody's refunds until then."""

    at: datetime
    refunded_amount: int
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refunded:
    """One refund that we know of by itself. `at`: when it was carried out; None while it is only promised."""

    at: datetime | None
    amount: int
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Movements:
    """Everything known about an order's refunds.

    `ours`: promised or paid by us. `executed`: solutions that people carried out outside the suite. `statements`: what
    tickets were told when they were opened or reclassified.
    """

    statements: Sequence[Statement] = ()
    executed: Sequence[Refunded] = ()
    ours: Sequence[Refunded] = ()


def statement_of(order: Order, at: datetime) -> Statement:
    """Return what a ticket's event at `at` says was refunded of its order."""
    lines = {item.line_id: item.refunded_amount for item in order.items if item.refunded_amount}
    return Statement(at, order.refunded_amount, lines)


def executed_of(remedy: ProposedRemedy, at: datetime) -> Refunded | None:
    """Return the refund in a solution that people carried out; None: it took nothing from an order."""
    if not remedy.amount or remedy.type in VOUCHERS:
        return None
    return Refunded(at, remedy.amount, {line.line_id: line.amount for line in remedy.lines or ()})


def left_of(order: Order, movements: Movements) -> Balance:
    """Return what is left of an order and its lines, never below zero.

    External is the most that any statement says, less what we know by itself to have been carried out before it:
    otherwise one refund would count twice.
    """
    known = (*movements.executed, *movements.ours)
    taken = _external(movements, None) + sum(one.amount for one in known)
    lines = {
        item.line_id: max(
            0,
            item.paid_amount
            - _external(movements, item.line_id)
            - sum(one.lines.get(item.line_id, 0) for one in known),
        )
        for item in order.items
    }
    return Balance(max(0, order.paid_amount - taken), lines)


def _external(movements: Movements, line: str | None) -> int:
    known = (*movements.executed, *movements.ours)
    beyond_known = (
        _said(one, line) - sum(_amount(ours, line) for ours in known if ours.at is not None and ours.at < one.at)
        for one in movements.statements
    )
    return max((0, *beyond_known))


def _said(statement: Statement, line: str | None) -> int:
    return statement.refunded_amount if line is None else statement.lines.get(line, 0)


def _amount(one: Refunded, line: str | None) -> int:
    return one.amount if line is None else one.lines.get(line, 0)
