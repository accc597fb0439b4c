"""A month of a busy shop as a stream of events: the same every time, in order of time."""

import heapq
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from amends.instants import format_instant

START: Final = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
CASES: Final = (
    ("after_sales", "return_refund", "app"),
    ("after_sales", "short_shipment", "chat"),
    ("complaint", "late_delivery", "app"),
    ("complaint", "complaint_quality", "phone"),
    ("consultation", "other", "chat"),
    ("after_sales", "e_invoice", "web"),
    ("suggestion", "other", "email"),
    ("after_sales", "exchange_out_of_stock", "phone"),
)
ANSWERED: Final = 0.8
"""The part of departments that answer; the others' silence becomes remedies."""
RATED: Final = 0.2
Line = tuple[datetime, int, bytes]


def lines(tickets: int, *, seed: int = 1, gap_s: float = 40.0) -> Iterator[bytes]:
    """Yield the events of so many tickets, one opened every `gap_s` seconds on average, each some eight events long."""
    random = Random(seed)
    waiting: list[Line] = []
    opened_at, number = START, 0
    for ticket in range(tickets):
        opened_at += timedelta(seconds=random.expovariate(1 / gap_s))
        while waiting and waiting[0][0] <= opened_at:
            yield heapq.heappop(waiting)[2]
        for at, what, data in _life(ticket, opened_at, random):
            number += 1
            heapq.heappush(waiting, (at, number, _line(ticket, at, what, data)))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _line(ticket: int, at: datetime, what: str, data: dict[str, Any]) -> bytes:
    event = {
        "specversion": "1.0",
        "type": f"amends.{what}.v1",
        "subject": f"T-{ticket:07d}",
        "time": format_instant(at),
        "data": data,
    }
    return json.dumps(event).encode() + b"\n"


def _life(ticket: int, opened_at: datetime, random: Random) -> Sequence[tuple[datetime, str, dict[str, Any]]]:
    kind, case_type, channel = random.choice(CASES)
    at = opened_at
    told: list[tuple[datetime, str, dict[str, Any]]] = []

    def tell(what: str, within: timedelta, **data: Any) -> None:
        nonlocal at
        at += timedelta(seconds=random.uniform(1, within.total_seconds()))
        told.append((at, what, data))

    opened = {"channel": channel, "kind": kind, "case_type": case_type, "order": _order(ticket, random)}
    told.append((at, "ticket.opened", opened | {"customer": {"customer_id": f"C-{ticket % 5000}"}}))
    hour = timedelta(hours=1)
    tell("ticket.contacted", hour / 4, by="agent", about="greeting", channel=channel)
    tell("ticket.department_asked", hour / 2, department="warehouse")
    if random.random() < ANSWERED:
        tell("ticket.department_replied", 16 * hour, department="warehouse", effective=True, decision="accepted")
    else:
        tell("ticket.liability_found", 16 * hour, party={"kind": "department", "id": "warehouse"})
    tell("ticket.contacted", 6 * hour, by="agent", about="progress", channel=channel)
    remedy = {"type": "coupon", "amount": 500}
    tell("ticket.solution_proposed", 8 * hour, remedy=remedy)
    tell("ticket.solution_executed", 12 * hour, remedy=remedy)
    tell("ticket.resolved", 12 * hour, outcome="resolved")
    tell("contact.feedback_given", 24 * hour, form="written")
    tell("ticket.closed", hour)
    if random.random() < RATED:
        tell("contact.survey_answered", 24 * hour, rating=random.choice((3, 4, 5)))
    return told


def _order(ticket: int, random: Random) -> dict[str, Any]:
    items = [
        {
            "line_id": str(line),
            "sku": f"SKU-{random.randrange(500)}",
            "name": f"item {line}",
            "quantity": 2,
            "paid_amount": random.randrange(1_000, 60_000),
            "affected": line == 1,
        }
        for line in range(1, random.choice((2, 3)) + 1)
    ]
    paid = sum(item["paid_amount"] for item in items) + 800
    return {"order_id": f"O-{ticket}", "currency": "CNY", "paid_amount": paid, "shipping_fee": 800, "items": items}
