"""What storefronts send."""

from typing import Any


def order(**changes: Any) -> dict[str, Any]:
    """An order of two lines and shipping: 100.00 + 50.00 + 10.00."""
    items = [
        {"line_id": "1", "sku": "cup", "name": "茶杯", "quantity": 2, "paid_amount": 10_000},
        {"line_id": "2", "sku": "pot", "name": "茶壶", "quantity": 1, "paid_amount": 5_000},
    ]
    return {
        "order_id": "o-1",
        "currency": "CNY",
        "paid_amount": 16_000,
        "shipping_fee": 1_000,
        "items": items,
    } | changes


def ticket(**changes: Any) -> dict[str, Any]:
    """A body for `POST /tickets`; None takes a field away."""
    body: dict[str, Any] = {
        "channel": "chat",
        "kind": "after_sales",
        "case_type": "return_refund",
        "customer": {"customer_id": "c-1", "name": "李雷", "contacts": {"phone": "13800000000"}, "language": "zh"},
        "order": order(),
        "description": "壶盖碎了",
    } | changes
    return {name: value for name, value in body.items() if value is not None}
