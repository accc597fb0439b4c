"""What a storefront says to a refund or a voucher. Pure: balances in, a decision out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

PaymentKind = Literal["refund", "voucher"]
Status = Literal["succeeded", "pending", "refused"]
Wish = Literal["reject", "pending"]
"""The faults that change a decision; the others only trouble the call."""


@dataclass(frozen=True, slots=True)
class Balance:
    """An order's money in minor units: what was paid, what others gave back, and what this API gave back."""

    currency: str
    paid_amount: int
    refunded_amount: int
    issued_amount: int

    @property
    def left_amount(self) -> int:
        return max(0, self.paid_amount - self.refunded_amount - self.issued_amount)


class Decision(NamedTuple):
    """The storefront's word. `pending` has taken the money from the order already; only the news of it is late."""

    status: Status
    reason: str | None = None


def decide_refund(*, amount: int, currency: str, balance: Balance | None, wish: Wish | None) -> Decision:
    """Decide a refund: refused beyond what is left of its order, or when nobody knows the order.

    A refund of exactly what is left is carried out (CONTRACT §6: *more than* is left is refused).
    """
    if balance is None:
        return Decision("refused", "the order is not known here")
    if currency != balance.currency:
        return Decision("refused", f"the order was paid in {balance.currency}, not {currency}")
    if amount > balance.left_amount:
        return Decision("refused", f"{amount} is more than the {balance.left_amount} left of the order")
    return decide_voucher(wish=wish)


def decide_voucher(*, wish: Wish | None) -> Decision:
    """Decide a voucher: it takes nothing from an order, so only a fault refuses or delays it."""
    if wish == "reject":
        return Decision("refused", "refused on request (fault reject)")
    return Decision("pending" if wish == "pending" else "succeeded")


class Movement(NamedTuple):
    """One carried-out payment, as the sums need it."""

    kind: PaymentKind
    currency: str
    amount: int


@dataclass(slots=True)
class Sum:
    """What went out in one currency, in minor units."""

    refunds: int = 0
    vouchers: int = 0
    total: int = 0
    count: int = 0


def sum_up(movements: Iterable[Movement]) -> dict[str, Sum]:
    """Add the movements up per currency, currencies in alphabetical order."""
    sums: dict[str, Sum] = {}
    for kind, currency, amount in movements:
        of_currency = sums.setdefault(currency, Sum())
        if kind == "refund":
            of_currency.refunds += amount
        else:
            of_currency.vouchers += amount
        of_currency.total += amount
        of_currency.count += 1
    return dict(sorted(sums.items()))
