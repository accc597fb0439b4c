"""CONTRACT §3, columns "starts" and "stops": which clocks an opened ticket runs, and what ends each."""

from typing import Any

import pytest
from tests.sla.streams import MIN, MONDAY, H, asked, contacted, event, of, opened, replied, run

from amends.events.envelope import Event

INVOICE = {"delivery_method": "post", "carrier": "SF", "waybill": "SF1", "email_sent_to": "a mailbox"}
EVIDENCE = [{"id": "e1", "kind": "photo"}]
NIGHT = MONDAY.replace(hour=14)
"""22:00 in Shanghai: outside service time."""
EVERY = ["progress_reply", "escalate", "contact_interval"]
"""What every ticket runs."""

OPENINGS = [
    ("A1", {"channel": "phone", "kind": "other"}, MONDAY, ["connect", *EVERY]),
    ("A2", {"channel": "chat", "kind": "other"}, MONDAY, ["connect", *EVERY]),
    ("A5", {"channel": "email", "kind": "other"}, MONDAY, ["ack", *EVERY]),
    ("A5", {"channel": "chat", "kind": "other"}, NIGHT, ["ack", *EVERY]),
    ("A9", {"channel": "phone", "kind": "complaint"}, NIGHT, ["ack", "level_response", "level_solution", *EVERY]),
    ("A3", {"kind": "consultation"}, MONDAY, ["ack", "progress_reply", "solve", "escalate", "contact_interval"]),
    (
        "B13",
        {"kind": "consultation", "tags": ["complex"]},
        MONDAY,
        ["ack", "progress_reply", "solve", "escalate", "contact_interval"],
    ),
    ("C2", {"kind": "suggestion", "level": 2}, MONDAY, ["ack", "level_response", "level_solution", *EVERY]),
    (
        "B12",
        {"kind": "after_sales", "case_type": "repair"},
        MONDAY,
        ["ack", "progress_reply", "assess", "complete", "escalate", "contact_interval"],
    ),
    (
        "B3",
        {"kind": "other", "case_type": "exchange_out_of_stock"},
        MONDAY,
        ["ack", "progress_reply", "refund_execute", "escalate", "contact_interval"],
    ),
    (
        "B5",
        {"kind": "other", "case_type": "soothing"},
        MONDAY,
        ["ack", "progress_reply", "goodwill_offer", "escalate", "contact_interval"],
    ),
]


@pytest.mark.parametrize(("rule", "given", "at", "clocks"), OPENINGS)
def test_an_opened_ticket_starts_the_clocks_of_its_rows_in_order(
    rule: str, given: dict[str, Any], at: Any, clocks: list[str]
) -> None:
    started = of(run([opened(at, **given)], at), "clock_started")
    assert [it["clock"] for it in started] == clocks
    assert rule in {it["rule"] for it in started}


def test_opened_means_accepted_at_and_nothing_fires_before_it_was_recorded() -> None:
    late = opened(MONDAY, accepted_at="2026-05-09T00:00:00Z", kind="other")
    told = run([late], MONDAY)
    escalate = of(told, "clock_started", "escalate")[0]
    assert escalate["start_at"] == "2026-05-09T00:00:00.000000Z"
    breach = of(told, "deadline_breached", "escalate")[0]
    # Due 48 h after Saturday 00:00 UTC, an hour before it was recorded: found at once, as of the opening itself.
    assert (breach["due_at"], breach["at"], breach["as_of_sequence"]) == ("2026-05-11T00:00:00.000000Z", MONDAY, 1)
    assert of(told, "escalated")


def test_a_client_cannot_say_that_a_ticket_was_accepted_after_it_was_recorded() -> None:
    told = run([opened(MONDAY, accepted_at="2026-05-12T00:00:00Z")], MONDAY)
    assert {it["start_at"] for it in of(told, "clock_started")} == {"2026-05-11T01:00:00.000000Z"}


def test_an_imported_tickets_past_deadlines_are_breached_and_nothing_follows() -> None:
    told = run([opened(MONDAY, accepted_at="2026-05-09T00:00:00Z", imported=True, owner="li")], MONDAY + 24 * H)
    first, second = of(told, "deadline_breached", "escalate")
    assert (first["step"], second["step"]) == (1, 2)
    # The first step (48 h) was past when the ticket arrived; the second (72 h) was not.
    assert [it["to"] for it in of(told, "escalated")] == ["manager"]
    assert not of(told, "penalty_incurred")
    assert not of(told, "deadline_warned", "escalate")


STOPS: list[tuple[str, str, dict[str, Any], Event]] = [
    ("A1", "connect", {"channel": "phone"}, contacted(MONDAY + MIN, "greeting")),
    ("A5", "ack", {}, contacted(MONDAY + MIN, "greeting")),
    ("C1", "level_response", {"kind": "complaint", "level": 1}, contacted(MONDAY + MIN, "greeting")),
    (
        "C1",
        "level_response",
        {"kind": "complaint"},
        event("ticket.solution_proposed", MONDAY + MIN, remedy={"type": "repair"}),
    ),
    (
        "C4",
        "level_solution",
        {"kind": "suggestion"},
        event("ticket.solution_proposed", MONDAY + MIN, remedy={"type": "repair"}),
    ),
    ("F1", "progress_reply", {}, contacted(MONDAY + MIN, "progress")),
    ("F1", "progress_reply", {}, contacted(MONDAY + MIN, "result")),
    (
        "B3",
        "refund_execute",
        {"case_type": "exchange_out_of_stock"},
        event("ticket.solution_executed", MONDAY + MIN, remedy={"type": "full_refund"}),
    ),
    (
        "B3",
        "refund_execute",
        {"case_type": "return_filed_as_exchange"},
        event("compensation.issued", MONDAY + MIN, remedy_id="r", external_reference="x"),
    ),
    ("B5", "goodwill_offer", {"case_type": "soothing"}, contacted(MONDAY + MIN, "offer", amount=500)),
    (
        "B5",
        "goodwill_offer",
        {"case_type": "points_topup"},
        event("ticket.solution_proposed", MONDAY + MIN, remedy={"type": "points", "amount": 100}),
    ),
    ("B12", "assess", {}, event("ticket.assessed", MONDAY + MIN, findings="as said")),
    (
        "B12",
        "assess",
        {},
        event("ticket.liability_found", MONDAY + MIN, party={"kind": "carrier", "id": "SF"}),
    ),
    ("B12", "assess", {}, event("ticket.solution_proposed", MONDAY + MIN, remedy={"type": "repair"})),
    ("B12", "complete", {}, event("ticket.resolved", MONDAY + MIN, outcome="resolved")),
    ("A3", "solve", {"kind": "consultation"}, event("ticket.resolved", MONDAY + MIN, outcome="withdrawn")),
    ("G1", "escalate", {}, event("ticket.resolved", MONDAY + MIN, outcome="partly")),
    ("H1", "contact_interval", {}, contacted(MONDAY + MIN, "greeting")),
    ("H1", "contact_interval", {}, event("contact.revisit_done", MONDAY + MIN, revisit_id="r", outcome="not_solved")),
]


@pytest.mark.parametrize(("rule", "clock", "given", "stop"), STOPS)
def test_what_a_clock_waits_for_stops_it(rule: str, clock: str, given: dict[str, Any], stop: Event) -> None:
    told = run([opened(**given), stop], MONDAY + MIN)
    # A minute after the opening only a call that should have been taken in 20 s (A1) is late.
    outcome = "late" if clock == "connect" else "met"
    assert [it["outcome"] for it in of(told, "clock_stopped", clock)] == [outcome]


@pytest.mark.parametrize(
    ("clock", "given", "other"),
    [
        ("ack", {}, contacted(MONDAY + MIN, "greeting", by="robot")),
        ("progress_reply", {}, contacted(MONDAY + MIN, "greeting")),
        ("progress_reply", {}, contacted(MONDAY + MIN, "progress", by="robot")),
        ("goodwill_offer", {"case_type": "soothing"}, contacted(MONDAY + MIN, "offer")),
        (
            "goodwill_offer",
            {"case_type": "soothing"},
            event("ticket.solution_proposed", MONDAY + MIN, remedy={"type": "coupon"}),
        ),
        ("contact_interval", {}, event("contact.revisit_done", MONDAY + MIN, revisit_id="r", outcome="unreachable")),
        ("contact_interval", {}, contacted(MONDAY + MIN, "progress", by="robot")),
        ("level_solution", {"kind": "complaint"}, contacted(MONDAY + MIN, "result")),
    ],
)
def test_what_a_clock_does_not_wait_for_leaves_it_running(clock: str, given: dict[str, Any], other: Event) -> None:
    told = run([opened(**given), other], MONDAY + MIN)
    assert not of(told, "clock_stopped", clock)


def test_the_robots_word_connects_only_while_the_robot_is_on() -> None:
    stream = [opened(channel="chat"), contacted(MONDAY + MIN / 3, "greeting", by="robot")]
    off = run(stream, MONDAY + MIN / 3)
    on = run(stream, MONDAY + MIN / 3, robot_on=lambda _: True)
    assert not of(off, "clock_stopped", "connect")
    assert [it["outcome"] for it in of(on, "clock_stopped", "connect")] == ["met"]


REPLIES = [
    ("return_refund", {"decision": "accepted"}, True),
    ("return_refund", {"decision": "answered", "effective": False}, False),
    ("return_refund", {"decision": "refused"}, False),
    ("return_refund", {"decision": "refused", "reason": "worn"}, False),
    ("return_refund", {"decision": "refused", "evidence": EVIDENCE}, False),
    ("return_refund", {"decision": "refused", "reason": "worn", "evidence": EVIDENCE}, True),
    ("paper_invoice", {"decision": "answered"}, False),
    ("paper_invoice", {"decision": "answered", "invoice": {**INVOICE, "waybill": None}}, False),
    ("paper_invoice", {"decision": "answered", "invoice": INVOICE}, True),
    ("paper_invoice", {"decision": "refused", "reason": "merchant issues", "evidence": EVIDENCE}, True),
    ("e_invoice", {"decision": "answered", "invoice": {"delivery_method": "mail"}}, False),
    ("e_invoice", {"decision": "answered", "invoice": {"email_sent_to": "a mailbox"}}, True),
    ("other", {"decision": "answered"}, True),
]


@pytest.mark.parametrize(("case_type", "reply", "stops"), REPLIES)
def test_only_an_effective_reply_with_what_b8_and_b9_require_stops_the_departments_clock(
    case_type: str, reply: dict[str, Any], stops: bool
) -> None:
    told = run([opened(case_type=case_type), asked(MONDAY + MIN), replied(MONDAY + H, **reply)], MONDAY + H)
    assert [it["outcome"] for it in of(told, "clock_stopped", "dept_reply")] == (["met"] if stops else [])


def test_asking_again_while_the_clock_runs_is_no_restart_and_after_its_stop_is_a_new_run() -> None:
    stream = [opened(), asked(MONDAY + MIN), asked(MONDAY + H), replied(MONDAY + 2 * H), asked(MONDAY + 3 * H)]
    started = of(run(stream, MONDAY + 3 * H), "clock_started", "dept_reply")
    assert [(it["run"], it["start_at"]) for it in started] == [
        (1, "2026-05-11T01:01:00.000000Z"),
        (2, "2026-05-11T04:00:00.000000Z"),
    ]


def test_case_types_without_a_row_of_their_own_follow_b11() -> None:
    for case_type in ("repair", "complaint_quality", "other", "never_heard_of"):
        started = of(run([opened(case_type=case_type), asked(MONDAY)], MONDAY), "clock_started", "dept_reply")
        assert [it["rule"] for it in started] == ["B11"]


def test_resolving_meets_what_waits_for_it_cancels_the_rest_and_starts_feedback() -> None:
    told = run([opened(), asked(MONDAY), event("ticket.resolved", MONDAY + H, outcome="resolved")], MONDAY + H)
    assert {it["clock"]: it["outcome"] for it in of(told, "clock_stopped")} == {
        "ack": "cancelled",
        "progress_reply": "cancelled",
        "dept_reply": "cancelled",
        "assess": "cancelled",
        "complete": "met",
        "escalate": "met",
        "contact_interval": "cancelled",
    }
    # I3: three working days after Monday, until Thursday 21:00 in Shanghai.
    assert [(it["clock"], it["rule"], it["due_at"]) for it in of(told, "clock_started")][-1] == (
        "feedback",
        "I3",
        "2026-05-14T13:00:00.000000Z",
    )


def test_closing_cancels_everything_and_feedback_is_met_when_given_before() -> None:
    resolved = event("ticket.resolved", MONDAY + H, outcome="resolved")
    given = event("contact.feedback_given", MONDAY + 2 * H, form="spoken")
    closed = event("ticket.closed", MONDAY + 3 * H)
    met = run([opened(), resolved, given, closed], MONDAY + 3 * H)
    too_late = event("contact.feedback_given", MONDAY + 4 * H, form="spoken")
    cancelled = run([opened(), resolved, closed, too_late], MONDAY + 4 * H)
    assert [it["outcome"] for it in of(met, "clock_stopped", "feedback")] == ["met"]
    assert [it["outcome"] for it in of(cancelled, "clock_stopped", "feedback")] == ["cancelled"]
    assert met.state.runs == cancelled.state.runs == ()
