"""Money in minor units: shares, caps, vouchers and refunds (CONTRACT §5; RULEBOOK B, Amounts). Pure arithmetic.

No policy number stands here: percentages and bounds are handed in. Every function takes an order as in
`ticket.opened`, as a model or as its JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, Final

_HALF: Final = Fraction(1, 2)


class RefundRefused(ValueError):  # noqa: N818 - named after what happened
    """There is no refund to speak of, and the message says why."""


@dataclass(frozen=True, slots=True)
class Refund:
    """What goes back: `amount` = the sum of `per_line` + what of the shipping fee is paid.

    `capped`: less than was owed, because no more is left of the order. It does not move money, nor reserve any.
    """

    amount: int
    per_line: Mapping[str, int]
    capped: bool = False

    @property
    def shipping(self) -> int:
        """The part of the amount that is shipping fee."""
        return self.amount - sum(self.per_line.values())


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order, and what of it was not refunded yet (never negative)."""

    line_id: str
    quantity: int
    paid: int
    left: int
    affected: bool
    missing: int | None
    impairs_use: bool

    def share(self, quantity: int) -> int:
        """Return what was paid for so many of this line, half-up, at most what is left of it."""
        return min(self.worth(quantity), self.left)

    def worth(self, quantity: int) -> int:
        """Return what was paid for so many of this line, half-up; more than were ordered are worth no more."""
        return half_up(Fraction(self.paid * min(quantity, self.quantity), self.quantity)) if self.quantity else 0

    def whole(self) -> int:
        """Return what was paid for the line, at most what is left of it."""
        return min(self.paid, self.left)


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left of an order and of its lines, where somebody knows better than the order itself: our own ledger."""

    order: int
    lines: Mapping[str, int]


def refund(order: Any, missing: Mapping[str, int], *, shipping: bool = False, impairs_use: bool = False) -> Refund:
    """Return the refund of so many of these lines.

    Each line gets its share of what was paid for it, half-up, at most what it has left; the whole line where
    `impairs_use` (for every asked line) or the item's own flag says so; `shipping` adds the order's fee. No more than
    is left of the order: that cap cuts shipping first, then the lines in proportion (largest remainder).

    Raises:
        RefundRefused: unknown line, a quantity below 1 or above what was ordered, neither line nor shipping asked,
            or something is owed and nothing is left of it.
    """
    lines = {line.line_id: line for line in lines_of(order)}
    if not missing and not shipping:
        raise RefundRefused("no line and no shipping asked")
    owed, shares = 0, {}
    for line_id, quantity in missing.items():
        line = lines.get(line_id)
        if line is None:
            raise RefundRefused(f"the order has no line {line_id!r}")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= line.quantity:
            raise RefundRefused(f"line {line_id!r}: {quantity!r} is not between 1 and the {line.quantity} ordered")
        whole = impairs_use or line.impairs_use
        shares[line_id] = line.whole() if whole else line.share(quantity)
        owed += line.paid if whole else line.worth(quantity)
    fee = _amount(order, "shipping_fee", 0) if shipping else 0
    result = cap(shares, fee, order_left(order))
    if result.amount == 0 and owed + fee > 0:
        raise RefundRefused("nothing left to refund")
    return result


def full_refund(order: Any, *, shipping: bool, balance: Balance | None = None) -> Refund:
    """Return the paid amount of the affected items, and the shipping fee if `shipping` and every item is affected.

    Never more than is left of a line and of the order; 0 where nothing is.
    """
    lines = lines_of(order, balance)
    chosen = affected(lines)
    fee = _amount(order, "shipping_fee", 0) if shipping and len(chosen) == len(lines) else 0
    return cap({line.line_id: line.whole() for line in chosen}, fee, order_left(order, balance))


def partial_refund(order: Any, *, balance: Balance | None = None) -> Refund:
    """Return the share of the missing goods (rule B4): `paid x missing / ordered` per line, half-up.

    An affected line whose use is impaired counts whole. When no line names a missing quantity, every affected line is
    wholly missing. Never more than is left of a line and of the order; 0 where nothing is.
    """
    lines = lines_of(order, balance)
    named = [line for line in lines if line.missing is not None or (line.affected and line.impairs_use)]
    if all(line.missing is None for line in lines):
        shares = {line.line_id: line.whole() for line in affected(lines)}
    else:
        shares = {
            line.line_id: line.whole() if line.impairs_use and line.missing != 0 else line.share(line.missing or 0)
            for line in named
        }
    return cap(shares, 0, order_left(order, balance))


def voucher(paid: int, percent: Decimal | int, *, amount_min: int, amount_max: int) -> int:
    """Return a voucher's amount: a percentage of what was paid, half-up, held between two bounds."""
    return max(amount_min, min(amount_max, percentage(paid, percent)))


def affected_value(order: Any) -> int:
    """Return what was paid for the affected items, or for all when none is named: a voucher's base, and J1's value."""
    return sum(line.paid for line in affected(lines_of(order)))


def affected(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the affected lines; all of them when none is named."""
    return [line for line in lines if line.affected] or lines


def order_left(order: Any, balance: Balance | None = None) -> int:
    """Return what was paid for the order and not refunded yet, never below 0."""
    left = _amount(order, "paid_amount") - _amount(order, "refunded_amount", 0) if balance is None else balance.order
    return max(left, 0)


def cap(shares: Mapping[str, int], shipping: int, left: int) -> Refund:
    """Return the refund of these shares and this much shipping fee, cut to what is left: shipping first."""
    goods = sum(shares.values())
    if goods + shipping <= left:
        return Refund(goods + shipping, dict(shares), capped=False)
    if goods <= left:
        return Refund(left, dict(shares), capped=True)
    return Refund(left, largest_remainder(left, shares), capped=True)


def largest_remainder(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Divide a total in proportion to weights, exactly: what rounding down leaves goes to the largest remainders.

    Equal remainders go by name, so that the order of the weights changes nothing. No part exceeds its weight unless the
    total exceeds their sum.

    Raises:
        ValueError: something negative, or a total to divide and no weight to divide it by.
    """
    whole = sum(weights.values())
    if total < 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("neither a total nor a weight may be negative")
    if whole == 0:
        if total:
            raise ValueError(f"{total} cannot be divided by weights of 0")
        return dict.fromkeys(weights, 0)
    parts = {name: total * weight // whole for name, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda name: (-(total * weights[name] % whole), name))
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def percentage(amount: int, percent: Decimal | int) -> int:
    """Return a percentage of an amount, half-up to the minor unit."""
    return half_up(Fraction(amount) * Fraction(percent) / 100)


def half_up(amount: Fraction) -> int:
    """Round an exact amount, not negative, to the minor unit; a half goes up."""
    return floor(amount + _HALF)


def lines_of(order: Any, balance: Balance | None = None) -> Sequence[Line]:
    """Return an order's lines. ValueError: a line without id, quantity or paid amount, or one that stands twice."""
    lines = [_line(item, balance) for item in _field(order, "items", ())]
    if len({line.line_id for line in lines}) < len(lines):
        raise ValueError("a line stands twice in this order")
    return lines


def _line(item: Any, balance: Balance | None) -> Line:
    line_id, paid = str(_field(item, "line_id")), _amount(item, "paid_amount")
    left = paid - _amount(item, "refunded_amount", 0) if balance is None else balance.lines.get(line_id, 0)
    return Line(
        line_id=line_id,
        quantity=_amount(item, "quantity"),
        paid=paid,
        left=max(left, 0),
        affected=bool(_field(item, "affected", False)),
        missing=_field(item, "missing_quantity", None),
        impairs_use=bool(_field(item, "impairs_use", False)),
    )


def _amount(thing: Any, name: str, *default: int) -> int:
    value = _field(thing, name, *default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name}: {value!r} is no whole number of at least 0")
    return value


def _field(thing: Any, name: str, *default: Any) -> Any:
    value = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    if value is not None:
        return value
    if default:
        return default[0]
    raise ValueError(f"{name} is missing")
