"""The worked examples of the contract: every revisit and message of notify, from the same decisions as the live service."""

from collections import Counter
from typing import Any

import pytest
from tests.notify.streams import POLICY, Stream, expected, merged

from amends.events.compensation import CompensationDecided
from amends.events.registry import payload
from amends.events.sla import SlaClockStarted
from amends.events.ticket import TicketOpened
from amends.instants import format_instant
from notify_svc.decisions import messages, revisits
from notify_svc.decisions import ticket as tickets

NAMES = ("agreed_reply_time", "late_delivery_two_steps", "short_shipment_silent")


def said(name: str) -> tuple[list[tuple[Any, ...]], list[str | None]]:
    """Run the pure decisions over an example: what notify says, and which department its messages reach."""
    stream, ticket = Stream(), None
    facts: list[tuple[Any, ...]] = []
    departments: list[str | None] = []
    remedies: dict[str, Any] = {}
    for raw in merged(name):
        event = stream.read(raw)
        data = payload(event)
        if isinstance(data, TicketOpened):
            ticket = tickets.opened(event, data, 1)
        assert ticket is not None
        if event.source == "/amends/intake":
            ticket = tickets.after(ticket, data, event.sequence or 0)
        if isinstance(data, SlaClockStarted) and (plan := revisits.when_clock_starts(POLICY, data)):
            facts.append((raw["time"], raw["subject"], "revisit_planned", format_instant(plan.due_at), plan.reason))
        if isinstance(data, CompensationDecided):
            remedies[data.remedy_id] = data.to_data()
        decided = remedies.get(getattr(data, "remedy_id", ""))
        for message in messages.messages_for(POLICY, ticket, data, decided=decided):
            facts.append((raw["time"], raw["subject"], "message_sent", message.to, message.template))
            departments += [message.party] if message.to == "department" else []
    return facts, departments


def wanted(name: str) -> list[tuple[Any, ...]]:
    found = []
    for raw in expected(name):
        data = raw["data"]
        kind = raw["type"].split(".")[2]
        told = (data["due_at"], data["reason"]) if kind == "revisit_planned" else (data["to"], data["template"])
        found.append((raw["time"], raw["subject"], kind, *told))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_example_gets_its_revisits_and_messages_and_no_others(name: str) -> None:
    assert Counter(said(name)[0]) == Counter(wanted(name))


@pytest.mark.parametrize(
    ("name", "department", "count"),
    [("late_delivery_two_steps", "logistics", 2), ("short_shipment_silent", "warehouse", 2)],
)
def test_reminder_and_notice_go_to_the_department_that_was_asked(name: str, department: str, count: int) -> None:
    assert said(name)[1] == [department] * count
