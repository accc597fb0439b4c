"""What tests send, and how they read what comes back."""

from typing import Any

from amends.ids import new_id

Json = dict[str, Any]


def kind_of(event: Json) -> str:
    """`deadline_breached` of `amends.sla.deadline_breached.v1`."""
    return str(event["type"]).split(".")[2]


def an_order(*paid: int, paid_amount: int | None = None, refunded_amount: int = 0) -> Json:
    """An order of one line for each amount, all affected, in fen."""
    return {
        "order_id": f"O-{new_id()}",
        "currency": "CNY",
        "paid_amount": sum(paid) if paid_amount is None else paid_amount,
        "refunded_amount": refunded_amount,
        "items": [
            {
                "line_id": f"L{n}",
                "sku": f"SKU-{n}",
                "name": "茶杯",
                "quantity": 1,
                "paid_amount": amount,
                "affected": True,
            }
            for n, amount in enumerate(paid, start=1)
        ],
    }


def opening(case_type: str, *, order: Json | None = None, **more: Any) -> Json:
    """The body of a new ticket."""
    return {
        "channel": "email",
        "kind": "after_sales",
        "case_type": case_type,
        "customer": {"customer_id": f"C-{new_id()}", "name": "王芳", "contacts": {"phone": "13800000000"}},
        "order": an_order(19_900) if order is None else order,
        "description": "收到的茶杯是碎的",
        **more,
    }


def sandbox_order(order: Json) -> Json:
    """The order as the storefront keeps it."""
    return {**order, "items": [{k: v for k, v in item.items() if v is not None} for item in order["items"]]}
