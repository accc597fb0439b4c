"""What callers send. Unknown fields are refused by name; amounts are integer minor units."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

AMOUNT_MAX = 10**13
"""In minor units. Far above any order; low enough that sums stay exact in a 64-bit column and in JSON readers."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[StrictInt, Field(ge=0, le=AMOUNT_MAX)]
PositiveAmount = Annotated[StrictInt, Field(ge=1, le=AMOUNT_MAX)]
Quantity = Annotated[StrictInt, Field(ge=1, le=1_000_000)]


class Body(BaseModel):
    """The base of all that is sent here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class OrderItem(Body):
    """One line of an order, as in `ticket.opened`."""

    line_id: Name
    sku: Name
    name: Name
    quantity: Quantity
    paid_amount: Amount
    affected: StrictBool = False
    missing_quantity: Quantity | None = None
    impairs_use: StrictBool = False
    refunded_amount: Amount = 0

    @model_validator(mode="after")
    def _adds_up(self) -> "OrderItem":
        if self.missing_quantity is not None and self.missing_quantity > self.quantity:
            raise ValueError("missing_quantity is more than quantity")
        if self.refunded_amount > self.paid_amount:
            raise ValueError("refunded_amount is more than paid_amount")
        return self


class Order(Body):
    """An order, as in `ticket.opened`. `paid_amount` is items and shipping together."""

    order_id: Name | None = None
    """May be left out here: the path says it. When it stands here too, it must be the same."""
    currency: Currency
    paid_amount: Amount
    shipping_fee: Amount = 0
    refunded_amount: Amount = 0
    items: list[OrderItem] = Field(default=[], max_length=1_000)

    @model_validator(mode="after")
    def _adds_up(self) -> "Order":
        if sum(item.paid_amount for item in self.items) > self.paid_amount:
            raise ValueError("the items' paid_amount add up to more than the order's")
        if self.shipping_fee > self.paid_amount:
            raise ValueError("shipping_fee is more than paid_amount")
        if self.refunded_amount > self.paid_amount:
            raise ValueError("refunded_amount is more than paid_amount")
        if len({item.line_id for item in self.items}) < len(self.items):
            raise ValueError("two items have the same line_id")
        return self


class PaymentLine(Body):
    """The part of a payment that falls on one order line."""

    line_id: Name
    amount: Amount


class Voucher(Body):
    """A voucher to give (CONTRACT §6). Without an order it is a plain gift to the customer."""

    reference: Name
    ticket_id: Name
    order_id: Name | None = None
    customer_id: Name
    amount: PositiveAmount
    currency: Currency
    reason: Annotated[str, Field(max_length=1_000)]
    lines: list[PaymentLine] | None = Field(default=None, max_length=1_000)

    @model_validator(mode="after")
    def _adds_up(self) -> "Voucher":
        if self.lines and sum(line.amount for line in self.lines) > self.amount:
            raise ValueError("the lines add up to more than amount")
        return self


class Refund(Voucher):
    """A refund to carry out (CONTRACT §6). What its lines leave of the amount is shipping."""

    order_id: Name


class Message(Body):
    """A message to deliver (CONTRACT §6). `to` is a role as in `message_sent`; `address` is where, when known."""

    message_id: Name
    ticket_id: Name
    to: Name
    address: Annotated[str, Field(max_length=1_000)] | None = None
    template: Name
    language: Annotated[str, Field(min_length=2, max_length=35)]
    text: Annotated[str, Field(max_length=20_000)]
