"""The storefront call that a remedy needs (CONTRACT §6). Pure: the same remedy always makes the same call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from compensation_svc.decisions.balance import VOUCHERS


@dataclass(frozen=True, slots=True)
class Payment:
    """What is to be paid. `lines`: the part of a refund on each line; the rest is shipping."""

    remedy_id: UUID
    ticket_id: str
    order_id: str | None
    customer_id: str
    rule: str
    remedy: str
    amount: int
    currency: str
    lines: Mapping[str, int]

    @property
    def path(self) -> str:
        """Return where it goes: refunds take from an order, all else is a voucher."""
        return "vouchers" if self.remedy in VOUCHERS else "refunds"

    def body(self) -> dict[str, Any]:
        """Return what is sent; it is written down once and never changes, whatever happens to the call."""
        whole: dict[str, Any] = {
            "reference": str(self.remedy_id),
            "ticket_id": self.ticket_id,
            "order_id": self.order_id,
            "customer_id": self.customer_id,
            "amount": self.amount,
            "currency": self.currency,
            "reason": f"{self.rule}: {self.remedy.replace('_', ' ')}",
            "lines": [{"line_id": line, "amount": part} for line, part in self.lines.items()],
        }
        return {name: value for name, value in whole.items() if value}
