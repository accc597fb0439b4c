"""When a customer is contacted again: H1, J1 while the ticket is open; H3, H4 after it is closed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notify.streams import POLICY, Stream
from tests.rulebook.rules import shanghai

from amends.events.registry import payload
from amends.events.sla import SlaClockStarted, SlaClockStopped
from amends.events.ticket import TicketOpened
from amends.instants import format_instant, parse_instant
from notify_svc.decisions import revisits
from notify_svc.decisions import ticket as tickets
from notify_svc.decisions.ticket import Ticket


def started(rule: str, start: str, clock: str = "contact_interval", run: int = 1) -> SlaClockStarted:
    at = shanghai(start)
    return SlaClockStarted(
        clock=clock, run=run, rule=rule, start_at=at, due_at=at, policy_version=1, calendar_confirmed=True
    )


def ticket_of(**facts: Any) -> Ticket:
    event = Stream().opened(**facts)
    data = payload(event)
    assert isinstance(data, TicketOpened)
    return tickets.opened(event, data, 1)


@pytest.mark.parametrize(
    ("rule", "start", "due"),
    [
        ("H1", "2026-05-13 22:00", "2026-05-15 10:00"),  # + 36 h lies in service time: exactly then
        ("H1", "2026-05-13 09:20", "2026-05-14 21:00"),  # + 36 h is 21:20: back to the closing instant
        ("H1", "2026-05-13 09:00", "2026-05-14 21:00"),  # + 36 h is the closing instant itself
        ("H1", "2026-05-13 08:30", "2026-05-14 20:30"),
        ("H1", "2026-05-13 14:00", "2026-05-14 21:00"),  # + 36 h is 02:00 of the 15th: back over midnight
        ("H1", "2026-05-13 20:29", "2026-05-14 21:00"),  # + 36 h is 08:29, a minute too early
        ("H1", "2026-05-13 20:30", "2026-05-15 08:30"),
        ("J1", "2026-05-13 14:30", "2026-05-14 08:30"),  # high value: + 18 h
        ("J1", "2026-05-13 09:20", "2026-05-13 21:00"),  # + 18 h is 03:20: back to the evening before
        ("J1", "2026-05-13 02:00", "2026-05-13 20:00"),
    ],
)
def test_a_run_of_contact_interval_plans_a_revisit_in_service_time(rule: str, start: str, due: str) -> None:
    plan = revisits.when_clock_starts(POLICY, started(rule, start, run=3))
    assert plan is not None
    assert (plan.reason, plan.clock, plan.run, plan.tells) == ("open_case", "contact_interval", 3, "progress")
    assert plan.due_at == shanghai(due)


@pytest.mark.parametrize("clock", ["escalate", "dept_reply", "ack"])
def test_no_other_clock_plans_one(clock: str) -> None:
    assert revisits.when_clock_starts(POLICY, started("H1", "2026-05-13 09:20", clock=clock)) is None


def test_a_rule_that_the_policy_does_not_have_plans_none() -> None:
    assert revisits.when_clock_starts(POLICY, started("X9", "2026-05-13 09:20")) is None


@given(
    st.datetimes(
        min_value=shanghai("2026-01-01 00:00").replace(tzinfo=None),
        max_value=shanghai("2027-12-01 00:00").replace(tzinfo=None),
    )
)
def test_h1_is_never_later_than_36_hours_and_never_before_its_start(naive: Any) -> None:
    plan = revisits.when_clock_starts(POLICY, started("H1", naive.isoformat(" ")))
    assert plan is not None
    start = shanghai(naive.isoformat(" "))
    row = POLICY.revisit("contact_interval", "H1")
    assert row is not None
    assert start <= plan.due_at <= start + row.after
    closing = shanghai(f"{plan.due_at.astimezone(start.tzinfo).date()} 21:00")
    assert POLICY.calendar("service").is_open(plan.due_at) or plan.due_at in {closing, start}


@pytest.mark.parametrize(
    ("facts", "planned"),
    [
        ({"kind": "complaint", "level": 3}, {"after_close": "2026-05-14 09:20", "care": "2026-06-12 09:20"}),  # H4
        ({"kind": "consultation", "level": 2}, {"after_close": "2026-05-14 09:20"}),  # H3
        ({"kind": "consultation", "tags": ["important"]}, {"after_close": "2026-05-14 09:20"}),
        ({"kind": "consultation", "tags": ["complex"]}, {"after_close": "2026-05-14 09:20"}),
        ({"kind": "consultation"}, {}),
        (
            {"kind": "complaint", "level": 1, "tags": ["important", "complex"]},
            {"after_close": "2026-05-14 09:20", "care": "2026-06-12 09:20"},
        ),
    ],
)
def test_closing_plans_what_h3_and_h4_ask_for_and_one_per_reason(
    facts: dict[str, Any], planned: dict[str, str]
) -> None:
    plans = revisits.when_closed(POLICY, ticket_of(**facts), shanghai("2026-05-13 09:20"))
    assert {plan.reason: plan.due_at for plan in plans} == {r: shanghai(due) for r, due in planned.items()}
    assert {plan.tells for plan in plans} <= {"result"}  # H2: solved, it tells the result


def test_after_close_outside_service_time_goes_on_to_the_next_opening() -> None:
    plans = revisits.when_closed(POLICY, ticket_of(kind="complaint"), shanghai("2026-05-13 21:30"))
    assert {plan.reason: plan.due_at for plan in plans}["after_close"] == shanghai("2026-05-15 08:30")


def test_a_reopening_raises_the_level_that_h3_looks_at() -> None:
    stream = Stream()
    ticket = ticket_of(kind="consultation", level=3)
    for name, data in (("resolved", {"outcome": "resolved"}), ("reopened", {"reason": "H6"}), ("closed", {})):
        ticket = tickets.after(ticket, payload(stream.event(f"ticket.{name}", **data)), 2)
    assert [plan.reason for plan in revisits.when_closed(POLICY, ticket, shanghai("2026-05-13 09:20"))] == [
        "after_close"
    ]


def test_reopened_while_open_changes_nothing() -> None:
    ticket = ticket_of()
    assert tickets.after(ticket, payload(Stream().event("ticket.reopened", reason="again")), 2) == ticket


@pytest.mark.parametrize(("outcome", "state"), [("met", "replaced"), ("late", "replaced"), ("cancelled", "cancelled")])
def test_a_revisit_ends_with_its_run(outcome: str, state: str) -> None:
    assert revisits.ended_by(SlaClockStopped(clock="contact_interval", run=1, outcome=outcome)) == state


def test_an_accepted_time_in_the_future_counts_as_the_recorded_one() -> None:
    event = Stream().opened(accepted_at="2026-05-14T00:00:00Z")
    data = payload(event)
    assert isinstance(data, TicketOpened)
    assert format_instant(tickets.opened(event, data, 1).accepted_at) == format_instant(
        parse_instant("2026-05-13T01:20:00Z")
    )
