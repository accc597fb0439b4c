"""Things that stand inside the data of several events."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from amends.events.data import Amount, Count, Flag, Number, Part, Text
from amends.events.vocabulary import PartyKind


def _code(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


ComplaintCode = Annotated[int, BeforeValidator(_code), Field(strict=True, ge=0)]
"""RULEBOOK D: 1001–5999. Written as a number; a string of digits is read too."""

LEVELS: Final = (1, 2, 3, 4)
Level = Annotated[int, Field(strict=True, ge=LEVELS[0], le=LEVELS[-1])]
"""RULEBOOK C: 1 (gravest) to 4."""

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
"""ISO 4217."""


class Evidence(Part):
    """A photo, a screenshot, a document: what it is and its digest, never its content."""

    id: Text
    kind: str
    sha256: str | None = None


class Customer(Part):
    """Who the customer is, without personal data: notify asks for the contacts behind `contact_ref` when it sends."""

    customer_id: Text
    contact_ref: str | None = None
    contact_channels: tuple[str, ...] = ()
    language: str | None = None


class OrderItem(Part):
    """One line of an order. `paid_amount` is what was paid for all of its `quantity`."""

    line_id: Text
    sku: str = ""
    name: str = ""
    quantity: Number
    paid_amount: Amount
    affected: Flag = False
    missing_quantity: Count | None = None
    impairs_use: Flag = False
    refunded_amount: Amount = 0


class Order(Part):
    """The order that a ticket is about. `paid_amount` covers items and shipping."""

    order_id: Text
    currency: Currency = "CNY"
    paid_amount: Amount
    shipping_fee: Amount = 0
    refunded_amount: Amount = 0
    items: tuple[OrderItem, ...] = ()


class Party(Part):
    """Who is liable, or who pays."""

    kind: PartyKind
    id: Text


class Invoice(Part):
    """How an invoice went out: rules B8 (delivery method, carrier, waybill) and B9 (mailbox)."""

    delivery_method: str | None = None
    carrier: str | None = None
    waybill: str | None = None
    email_sent_to: str | None = None


class RemedyLine(Part):
    """What one line of the order gets back."""

    line_id: Text
    amount: Amount


class ProposedRemedy(Part):
    """A remedy as people talk about it; `amount` in the order's currency unless `currency` says otherwise."""

    type: Text
    amount: Amount | None = None
    currency: Currency | None = None
    lines: tuple[RemedyLine, ...] | None = None
