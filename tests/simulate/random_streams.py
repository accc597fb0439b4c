"""Random streams of tickets, seeded: every step that people and storefronts may take, in any order."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.simulate.streams import WEDNESDAY, line

CASE_TYPES = (
    "return_refund", "abnormal_refund", "exchange_out_of_stock", "short_shipment", "soothing", "late_delivery",
    "signed_not_received", "paper_invoice", "e_invoice", "repair", "complaint_quality", "other",
)  # fmt: skip
KINDS = ("consultation", "after_sales", "complaint", "suggestion")
CHANNELS = ("phone", "chat", "email", "app", "web", "social")
CLOCKS = ("level_solution", "dept_reply", "solve", "complete", "escalate", "progress_reply")


def stream(seed: int, tickets: int = 5, steps: int = 12, *, start: datetime = WEDNESDAY) -> list[bytes]:
    """Return a stream in order of time. Each ticket has an order and a customer of its own."""
    random = Random(seed)
    told: list[tuple[datetime, int, bytes]] = []
    for ticket in range(tickets):
        at = start + timedelta(minutes=random.randrange(0, 3000))
        for number in range(steps):
            what, data = ("ticket.opened", opened(random, ticket)) if number == 0 else step(random, at)
            told.append((at, len(told), line(what, at, data, subject=f"T-{ticket}", id=f"{seed}-{ticket}-{number}")))
            at += timedelta(seconds=random.choice((0, 30, 600, 3600, 20_000, 90_000)) * random.random())
    return [written for _, _, written in sorted(told)]


def opened(random: Random, ticket: int) -> dict[str, Any]:
    paid = [random.randrange(0, 600_000) for _ in range(random.randrange(1, 4))]
    items = [
        {
            "line_id": str(n),
            "sku": "S",
            "name": "n",
            "quantity": 3,
            "paid_amount": amount,
            "affected": random.random() < 0.6,
        }
        | ({"missing_quantity": random.randrange(1, 4)} if random.random() < 0.5 else {})
        for n, amount in enumerate(paid)
    ]
    order = {"order_id": f"O-{ticket}", "currency": "CNY", "paid_amount": sum(paid) + 800, "shipping_fee": 800}
    data: dict[str, Any] = {"channel": random.choice(CHANNELS), "kind": random.choice(KINDS)}
    data |= {"case_type": random.choice(CASE_TYPES), "customer": {"customer_id": f"C-{ticket}"}}
    data |= {"order": order | {"items": items}} if random.random() < 0.9 else {}
    data |= {"tags": [random.choice(("important", "complex", "safety", "repeat"))]} if random.random() < 0.3 else {}
    data |= {"owner": "agent-1"} if random.random() < 0.7 else {}
    return data


def step(random: Random, at: datetime) -> tuple[str, dict[str, Any]]:
    later = (at + timedelta(hours=random.randrange(1, 60))).isoformat()
    remedy = {"type": random.choice(("coupon", "partial_refund")), "amount": random.randrange(0, 5000)}
    about = random.choice(("greeting", "progress", "result", "offer"))
    contact = {"by": random.choice(("agent", "agent", "robot")), "about": about, "channel": "phone"}
    reply = {"department": "d", "effective": random.random() < 0.8, "decision": random.choice(("accepted", "refused"))}
    leader = random.choice(("team_leader", "manager", "specialist"))
    choices: list[tuple[str, dict[str, Any]]] = [
        ("ticket.contacted", contact),
        ("ticket.contacted", contact | {"agreed_reply_at": later}),
        ("ticket.department_asked", {"department": random.choice(("warehouse", "finance"))}),
        ("ticket.department_asked", {"department": "warehouse"}),
        ("ticket.department_replied", reply | {"invoice": {"email_sent_to": "customer"}}),
        ("ticket.assessed", {"findings": "f"}),
        ("ticket.liability_found", {"party": {"kind": random.choice(("carrier", "customer")), "id": "x"}}),
        ("ticket.customer_asked", {}),
        ("ticket.customer_replied", {}),
        ("ticket.goods_returned", {}),
        ("ticket.solution_proposed", {"remedy": remedy}),
        ("ticket.solution_executed", {"remedy": remedy}),
        ("ticket.extended", {"clock": random.choice(CLOCKS), "due_at": later, "role": leader, "reason": "r"}),
        ("ticket.escalated", {"to": random.choice(("team_leader", "manager")), "reason": "beyond me"}),
        ("ticket.reclassified", {"case_type": random.choice(CASE_TYPES), "kind": random.choice(KINDS)}),
        ("ticket.resolved", {"outcome": random.choice(("resolved", "withdrawn"))}),
        ("ticket.closed", {}),
        ("ticket.reopened", {"reason": "asked for"}),
        ("contact.revisit_done", {"outcome": random.choice(("solved", "not_solved", "unreachable"))}),
        ("contact.survey_answered", {"rating": random.randrange(1, 6)}),
        ("contact.feedback_given", {"form": "spoken"}),
        ("compensation.approved", {"by": "manager"}),
        ("compensation.rejected", {"by": "manager"}),
    ]
    return random.choice(choices)
