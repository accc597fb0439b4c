"""The compensation events of the project's worked examples, as `amends simulate` must write them.

Each stream is what someone outside could write, with the breaches that sla declares in it; the expected events are
those of the example, field by field.
"""

import json
from datetime import datetime
from typing import Any

from tests.compensation.facts import decided
from tests.compensation.story import Story

from compensation_svc.decisions.ticket import view_of

SHORT_SHIPMENT = (
    (
        "opened",
        "2026-05-13T01:20:00Z",
        """{"channel": "chat", "kind": "after_sales", "case_type": "short_shipment",
        "customer": {"customer_id": "C-7"}, "order": {"order_id": "O-71", "currency": "CNY", "paid_amount": 15300,
        "shipping_fee": 800, "items": [{"line_id": "1", "sku": "SKU-1", "name": "item 1", "quantity": 3,
        "paid_amount": 10000, "affected": true, "missing_quantity": 1}, {"line_id": "2", "sku": "SKU-2",
        "name": "item 2", "quantity": 1, "paid_amount": 4500, "affected": false}]}}""",
    ),
    ("contacted", "2026-05-13T01:20:12Z", '{"by": "agent", "about": "greeting", "channel": "chat"}'),
    ("department_asked", "2026-05-13T01:24:00Z", '{"department": "warehouse"}'),
    ("liability_found", "2026-05-13T03:20:00Z", '{"party": {"kind": "department", "id": "warehouse"}}'),
)
LATE_DELIVERY = (
    (
        "opened",
        "2026-05-13T01:20:00Z",
        """{"channel": "app", "kind": "complaint", "case_type": "late_delivery",
        "level": 3, "customer": {"customer_id": "C-8"}, "order": {"order_id": "O-81", "currency": "CNY",
        "paid_amount": 27000, "shipping_fee": 1000, "items": [{"line_id": "1", "sku": "SKU-1", "name": "item 1",
        "quantity": 1, "paid_amount": 26000, "affected": true}]}}""",
    ),
    ("department_asked", "2026-05-13T01:50:00Z", '{"department": "logistics"}'),
    ("contacted", "2026-05-13T04:20:00Z", '{"by": "agent", "about": "progress", "channel": "app"}'),
)


def told(stream: Any) -> Story:
    story = Story("T-example")
    for what, at, data in stream:
        story.tell(what, at=datetime.fromisoformat(at), **json.loads(data))
    return story


def assert_says(fact: Any, expected: str) -> None:
    said = fact.to_data()
    assert {name: said.get(name) for name in json.loads(expected)} == json.loads(expected)


def test_a_short_parcel_the_warehouse_silent_a_third_of_the_line_charged_to_the_warehouse():
    fact = decided(told(SHORT_SHIPMENT), "B4")
    assert_says(
        fact,
        """{"clock": "dept_reply", "run": 1, "step": 1, "rule": "B4", "remedy": "partial_refund", "amount": 3333,
        "currency": "CNY", "lines": [{"line_id": "1", "amount": 3333}],
        "payer": {"kind": "department", "id": "warehouse"}, "approval": "none"}""",
    )
    assert view_of(told(SHORT_SHIPMENT).events).payer_found == fact.payer  # who is charged back once it is issued


def test_a_late_parcel_first_the_voucher_then_everything_back():
    first = decided(told(LATE_DELIVERY), "B6")
    assert_says(
        first,
        """{"clock": "dept_reply", "run": 1, "step": 1, "rule": "B6", "remedy": "cash_voucher", "amount": 520,
        "currency": "CNY", "payer": {"kind": "platform", "id": "suspense"}, "approval": "none"}""",
    )
    second = decided(told(LATE_DELIVERY), "B6", clock="dept_reply_second", step=2)
    assert_says(
        second,
        """{"clock": "dept_reply_second", "run": 1, "step": 2, "rule": "B6", "remedy": "full_refund",
        "amount": 26000, "currency": "CNY", "lines": [{"line_id": "1", "amount": 26000}],
        "payer": {"kind": "platform", "id": "suspense"}, "approval": "none"}""",
    )
