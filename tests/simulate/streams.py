"""Streams as somebody outside would write them, and what comes out of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from amends.instants import format_instant
from amends.policy.load import default_policy
from amends.policy.model import Policy
from amends_cli.simulate.running import reopenings_in, simulate
from amends_cli.simulate.simulation import Simulation
from amends_cli.simulate.telling import Said, line_of

WEDNESDAY = datetime(2026, 5, 13, 1, 20, tzinfo=UTC)
"""Wednesday 13 May 2026, 09:20 in Shanghai: service time."""
H = timedelta(hours=1)
MIN = timedelta(minutes=1)
ORDER = {
    "order_id": "O-1",
    "currency": "CNY",
    "paid_amount": 20800,
    "shipping_fee": 800,
    "items": [
        {"line_id": "1", "sku": "S", "name": "kettle", "quantity": 1, "paid_amount": 20000, "affected": True},
    ],
}
SILENT = [
    ("ticket.opened", 0 * H, {"channel": "app", "kind": "after_sales", "case_type": "return_refund", "order": ORDER}),
    ("ticket.contacted", 5 * MIN, {"by": "agent", "about": "progress", "channel": "app"}),
    ("ticket.department_asked", 10 * MIN, {"department": "seller"}),
]
"""A seller that does not answer: a full refund twelve hours after it was asked."""

Step = tuple[str, timedelta, dict[str, Any]]


def line(
    what: str, at: datetime, data: dict[str, Any] | None = None, *, subject: str = "T-1", **attributes: Any
) -> bytes:
    event = {"type": f"amends.{what}.v1", "subject": subject, "time": format_instant(at), "data": data or {}}
    return json.dumps(event | attributes).encode()


def lines(*steps: Step, subject: str = "T-1", start: datetime = WEDNESDAY) -> list[bytes]:
    return [line(what, start + after, data, subject=subject) for what, after, data in steps]


def said(
    stream: Sequence[bytes], until: datetime | None = None, policy: Policy | None = None, **options: Any
) -> list[Said]:
    simulation = Simulation(policy or default_policy(), reopened_by_input=reopenings_in(stream), **options)
    return [one for events in simulate(stream, simulation, until=until) for one in events]


def of(events: Sequence[Said], what: str, **data: Any) -> list[Said]:
    """The events of a type whose data have these values."""
    found = [one for one in events if one.fact.wire_type == f"amends.{what}.v1"]
    return [one for one in found if data.items() <= one.fact.to_data().items()]


def told(events: Sequence[Said]) -> list[str]:
    return [one.fact.wire_type.removeprefix("amends.").removesuffix(".v1") for one in events]


def written(events: Sequence[Said]) -> list[str]:
    return [line_of(one) for one in events]
