"""The applier against real PostgreSQL: nothing fires before it is certain, nothing twice, nobody is held up."""

from datetime import datetime

import pytest
from tests.sla.conftest import Suite
from tests.sla.streams import MONDAY, US, H, asked, numbered, opened, replied
from tests.sla.streams import event as make_event

from amends.events.envelope import Event
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, TICKET_TOPIC
from amends.events.watermark import WatermarkAdvanced
from sla_svc.workers import Applier

pytestmark = pytest.mark.servers
TOPICS = (TICKET_TOPIC, CONTACT_TOPIC, COMPENSATION_TOPIC)
DUE = MONDAY + 12 * H
"""B1: asked at 09:00, due 12 h later."""


def breaches(events: list[Event], clock: str = "dept_reply") -> list[str]:
    return [
        event.subject
        for event in events
        if event.type == "amends.sla.deadline_breached.v1" and event.data["clock"] == clock
    ]


def advance(applier: Applier, up_to: datetime, ends: dict[str, int] | None = None) -> None:
    """Have a watermark of each topic arrive."""
    for topic in TOPICS:
        data = WatermarkAdvanced(topic=topic, up_to=up_to, end_offsets={0: (ends or {}).get(topic, 0)})
        mark = make_event("ticket.linked", up_to, incident_id="x")
        applier.watermarks.add(
            Event(mark.id, "/amends/x", data.wire_type, f"topic/{topic}", up_to, f"topic/{topic}", "*", data.to_data())
        )


async def test_a_department_that_stays_silent_breaches_and_b1_says_so(suite: Suite) -> None:
    applier = suite.applier()
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    advance(applier, DUE - US)
    await applier.round()
    assert breaches(await suite.published()) == []
    advance(applier, DUE)
    await applier.round()
    told = [it for it in await suite.published("T-1") if it.type == "amends.sla.deadline_breached.v1"]
    breach = next(it for it in told if it.data["clock"] == "dept_reply")
    assert breach.data["rule"] == "B1"
    assert breach.data["due_at"] == "2026-05-11T13:00:00.000000Z"
    assert breach.data["as_of_sequence"] == 2
    assert breach.causationid is None


async def test_a_reply_a_microsecond_before_the_deadline_that_arrives_late_leaves_no_breach(suite: Suite) -> None:
    applier = suite.applier()
    first, second, third = numbered([opened(), asked(MONDAY), replied(DUE - US)])
    await suite.arrive(first, second)
    await suite.stored_up_to({TICKET_TOPIC: 2})
    # The ticket topic is complete up to the deadline only together with offset 2, which is not stored here yet.
    advance(applier, DUE + H, {TICKET_TOPIC: 3})
    await applier.round()
    assert breaches(await suite.published()) == []
    await suite.arrive(third)
    await suite.stored_up_to({TICKET_TOPIC: 3})
    await applier.round()
    assert breaches(await suite.published()) == []
    stops = [it for it in await suite.published() if it.type == "amends.sla.clock_stopped.v1"]
    assert [(it.data["clock"], it.data["outcome"], it.causationid) for it in stops] == [("dept_reply", "met", third.id)]
