import pytest
from pydantic import ValidationError

from amends_sandbox.bodies import Message, Order, Refund, Voucher

ITEM = {"line_id": "1", "sku": "S", "name": "杯子", "quantity": 3, "paid_amount": 9_000}
ORDER = {"order_id": "O-1", "currency": "CNY", "paid_amount": 10_000, "shipping_fee": 1_000, "items": [ITEM]}
REFUND = {
    "reference": "R-1",
    "ticket_id": "T-1",
    "order_id": "O-1",
    "customer_id": "C-1",
    "amount": 3_000,
    "currency": "CNY",
    "reason": "B4",
    "lines": [{"line_id": "1", "amount": 3_000}],
}


def test_an_order_as_in_opened_is_taken_with_its_defaults():
    order = Order.model_validate(ORDER)
    assert (order.refunded_amount, order.items[0].refunded_amount, order.items[0].impairs_use) == (0, 0, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"paid_amount": 8_999, "shipping_fee": 0}, "items' paid_amount add up to more"),
        ({"shipping_fee": 10_001}, "shipping_fee is more"),
        ({"refunded_amount": 10_001}, "refunded_amount is more"),
        ({"paid_amount": -1}, "paid_amount"),
        ({"paid_amount": 1.5}, "paid_amount"),
        ({"currency": "yuan"}, "currency"),
        ({"total": 1}, "total"),
        ({"items": [ITEM, ITEM], "paid_amount": 20_000}, "same line_id"),
        ({"items": [{**ITEM, "missing_quantity": 4}]}, "missing_quantity is more"),
        ({"items": [{**ITEM, "refunded_amount": 9_001}]}, "refunded_amount is more"),
        ({"items": [{**ITEM, "colour": "red"}]}, "colour"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_name(change: dict[str, object], said: str):
    with pytest.raises(ValidationError, match=said):
        Order.model_validate({**ORDER, **change})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "3000"}, "amount"),
        ({"amount": 10**13 + 1}, "amount"),
        ({"lines": [{"line_id": "1", "amount": 3_001}]}, "lines add up to more"),
        ({"order_id": None}, "order_id"),
        ({"priority": 1}, "priority"),
        ({"reference": ""}, "reference"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_by_name(change: dict[str, object], said: str):
    assert Refund.model_validate(REFUND).amount == 3_000
    with pytest.raises(ValidationError, match=said):
        Refund.model_validate({**REFUND, **change})


def test_a_voucher_needs_no_order():
    assert Voucher.model_validate({**REFUND, "order_id": None, "lines": None}).order_id is None


def test_a_message_needs_no_address():
    message = {
        "message_id": "M",
        "ticket_id": "T",
        "to": "customer",
        "template": "survey",
        "language": "zh",
        "text": "您好",
    }
    assert "address" not in Message.model_validate(message).as_json()
