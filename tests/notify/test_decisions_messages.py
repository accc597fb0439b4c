"""Which event causes which message to whom: the table of CONTRACT §2, from the default policy."""

from typing import Any

import pytest
from tests.notify.streams import POLICY, Stream
from tests.shared.policy.bodies import default_raw

from amends.events.envelope import Event
from amends.events.registry import payload
from amends.events.ticket import TicketOpened
from amends.policy.load import load
from notify_svc.decisions import ticket as tickets
from notify_svc.decisions.messages import Message, messages_for
from notify_svc.decisions.ticket import Ticket

DUE = "2026-05-14T01:50:00.000000Z"


def ticket_of(*asked: str, **facts: Any) -> Ticket:
    stream = Stream()
    event = stream.opened(**facts)
    data = payload(event)
    assert isinstance(data, TicketOpened)
    ticket = tickets.opened(event, data, 1)
    for department in asked:
        request = stream.event("ticket.department_asked", department=department)
        ticket = tickets.after(ticket, payload(request), request.sequence or 0)
    return ticket


def caused(
    name: str, ticket: Ticket | None = None, decided: dict[str, Any] | None = None, **data: Any
) -> tuple[Message, ...]:
    event: Event = Stream().event(name, **data)
    return messages_for(POLICY, ticket or ticket_of("warehouse"), payload(event), decided=decided)


def breach(clock: str, rule: str, step: int = 1, ticket: Ticket | None = None) -> tuple[Message, ...]:
    said = {"clock": clock, "run": 1, "step": step, "rule": rule, "due_at": DUE, "as_of_sequence": 2}
    return caused("sla.deadline_breached", ticket, **said)


def told(messages: tuple[Message, ...]) -> list[tuple[str, str]]:
    return [(message.template, message.to) for message in messages]


@pytest.mark.parametrize(
    ("clock", "rule", "step", "expected"),
    [
        ("dept_reply", "B1", 1, [("second_reminder", "department")]),
        ("dept_reply", "B6", 1, [("second_reminder", "department")]),
        ("dept_reply", "B11", 1, [("second_reminder", "department"), ("leader_warning", "team_leader")]),
        ("dept_reply_second", "B6", 2, []),
        ("goodwill_offer", "B5", 1, [("leader_warning", "team_leader")]),
        ("assess", "B12", 1, [("leader_warning", "team_leader")]),
        ("complete", "B12", 1, []),  # its escalation tells the leader
        ("escalate", "G1", 1, []),
        ("escalate", "G1", 2, []),
        ("contact_interval", "H1", 1, []),
        ("ack", "A5", 1, []),
        ("refund_execute", "B3", 1, []),
    ],
)
def test_a_breach_tells_whom_its_row_says(clock: str, rule: str, step: int, expected: list[tuple[str, str]]) -> None:
    assert told(breach(clock, rule, step)) == expected


@pytest.mark.parametrize("leader", ["team_leader", "manager"])
@pytest.mark.parametrize("source", ["sla.escalated", "ticket.escalated"])
def test_g1_and_a_persons_escalation_tell_who_the_ticket_went_to(source: str, leader: str) -> None:
    assert told(caused(source, to=leader, reason="G1")) == [("escalation", leader)]


def test_a_policy_may_tell_the_customer_too_what_happens_next_and_the_default_does_not_g3() -> None:
    raw = default_raw()
    raw["messages"].append(
        {"id": "G3", "template": "next_step", "to": "customer", "when": {"event": "ticket.escalated"}}
    )
    escalated = payload(Stream().event("ticket.escalated", to="team_leader", reason="above my limit"))
    leader = ("escalation", "team_leader")
    assert told(messages_for(load(raw), ticket_of(), escalated)) == [leader, ("next_step", "customer")]
    assert told(messages_for(POLICY, ticket_of(), escalated)) == [leader]


@pytest.mark.parametrize(
    ("remedy", "expected"),
    [
        ("full_refund", [("remedy_issued", "customer"), ("remedy_notice", "department")]),
        ("partial_refund", [("remedy_issued", "customer"), ("remedy_notice", "department")]),
        ("cash_voucher", [("remedy_issued", "customer")]),
        ("coupon", [("remedy_issued", "customer")]),
    ],
)
def test_an_issued_remedy_tells_the_customer_and_a_refund_the_department(
    remedy: str, expected: list[tuple[str, str]]
) -> None:
    decided = {"remedy_id": "R-1", "remedy": remedy, "amount": 3333, "currency": "CNY"}
    messages = caused("compensation.issued", decided=decided, remedy_id="R-1", external_reference="X")
    assert told(messages) == expected
    assert all((m.values["amount"], m.values["currency"]) == (3333, "CNY") for m in messages)


def test_b3_held_tells_the_customer_what_will_be_paid() -> None:
    held = {"rule": "B3", "clock": "refund_execute", "run": 1, "step": 1, "reason": "goods_returned"}
    (message,) = caused("compensation.held", **held)
    assert (message.template, message.to, message.values["remedy"]) == ("remedy_held", "customer", "full_refund")


@pytest.mark.parametrize(
    "name", ["decided", "approved", "rejected", "failed", "reversed", "charged_back", "appealed", "appeal_decided"]
)
def test_other_events_of_a_remedy_tell_nobody(name: str) -> None:
    data: dict[str, Any] = {"remedy_id": "R-1", "rule": "B1", "amount": 1, "currency": "CNY"}
    if name == "decided":
        data |= {"remedy": "full_refund", "payer": {"kind": "platform", "id": "suspense"}, "approval": "none"}
        data |= {"basis": {"customer_remedies_90d": 0}, "policy_version": 1}
    if name == "charged_back":
        data |= {"party": {"kind": "department", "id": "warehouse"}}
    assert caused(f"compensation.{name}", **data) == ()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("ticket.closed", {}, [("survey", "customer")]),  # H5
        ("ticket.extended", {"clock": "level_solution", "due_at": DUE}, [("deadline_moved", "customer")]),  # C5
        ("ticket.resolved", {"outcome": "resolved"}, []),
        ("ticket.department_asked", {"department": "warehouse"}, []),
        ("ticket.contacted", {"about": "progress", "channel": "app"}, []),
    ],
)
def test_a_step_of_the_ticket_tells_whom_the_policy_says(
    name: str, data: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert told(caused(name, **data)) == expected


@pytest.mark.parametrize(
    ("facts", "reply_due_at"),
    [
        ({}, "2026-05-13T10:00:00.000000Z"),  # F1: accepted 09:20 in Shanghai, by 18:00 the same day
        ({"accepted_at": "2026-05-12T20:00:00+08:00"}, "2026-05-13T04:00:00.000000Z"),  # F1: after noon, by noon
        ({"agreed_reply_at": "2026-05-14T15:20:00+08:00"}, "2026-05-14T07:20:00.000000Z"),  # F2
    ],
)
def test_the_customer_hears_by_when_there_is_an_answer(facts: dict[str, Any], reply_due_at: str) -> None:
    event = Stream().opened(**facts)
    (message,) = messages_for(POLICY, ticket_of(**facts), payload(event))
    assert (message.template, message.to) == ("ticket_received", "customer")
    assert message.values["reply_due_at"] == reply_due_at


def test_the_reminder_reaches_the_department_that_missed_its_deadline_not_the_one_asked_since() -> None:
    ticket = ticket_of("warehouse", "logistics")  # intake's events 2 and 3; the breach counts up to 2
    assert [m.party for m in messages_for(POLICY, ticket, _breached(2), as_of_sequence=2)] == ["warehouse"]
    assert [m.party for m in messages_for(POLICY, ticket, _breached(3), as_of_sequence=3)] == ["logistics"]


def _breached(as_of: int) -> Any:
    said = {"clock": "dept_reply", "run": 1, "step": 1, "rule": "B1", "due_at": DUE, "as_of_sequence": as_of}
    return payload(Stream().event("sla.deadline_breached", **said))


@pytest.mark.parametrize(("asked", "department"), [((), "quality"), (("warehouse",), "warehouse")])
def test_without_a_request_the_tickets_own_department_is_told(asked: tuple[str, ...], department: str) -> None:
    ticket = ticket_of(*asked, department="quality")
    assert ticket.department() == department


@pytest.mark.parametrize(("due_at", "tells"), [("2026-05-13T01:19:59Z", False), ("2026-05-13T01:20:00Z", True)])
def test_deadlines_that_were_past_when_a_ticket_was_imported_tell_nobody(due_at: str, tells: bool) -> None:
    imported = ticket_of("warehouse", imported=True)  # at 01:20
    missed = {"clock": "dept_reply", "run": 1, "step": 1, "rule": "B11", "due_at": due_at, "as_of_sequence": 2}
    past = payload(Stream().event("sla.deadline_breached", **missed))
    assert bool(messages_for(POLICY, imported, past)) is tells


def test_reclassifying_and_assigning_change_what_is_known_and_nothing_else() -> None:
    ticket = ticket_of("warehouse", owner="li")
    changed = tickets.after(ticket, payload(Stream().event("ticket.reclassified", kind="complaint", level=2)), 3)
    assigned = tickets.after(changed, payload(Stream().event("ticket.assigned", owner="wang")), 4)
    assert assigned.facts == {**ticket.facts, "kind": "complaint", "level": 2, "owner": "wang"}
    assert assigned.asked == ticket.asked


def test_no_name_and_no_evidence_is_kept_of_a_ticket() -> None:
    ticket = ticket_of(
        customer={"customer_id": "C-1", "contact_ref": "K-1", "name": "王芳"},
        evidence=[{"id": "E-1", "kind": "photo"}],
    )
    assert "王芳" not in str(ticket)
    assert "evidence" not in ticket.facts
