"""What a missed deadline sets off in sla: second steps, escalations, penalties, warnings, and what they are as of."""

from datetime import timedelta
from typing import Any

import pytest
from tests.sla.streams import MIN, MONDAY, US, H, asked, contacted, event, facts, of, opened, replied, run

DAY = 24 * H


def test_a_deadline_is_met_at_its_instant_and_breached_after_it() -> None:
    due = MONDAY + 12 * H
    met = run([opened(), asked(MONDAY), replied(due)], due + DAY)
    missed = run([opened(), asked(MONDAY), replied(due + US)], due + DAY)
    assert not of(met, "deadline_breached", "dept_reply")
    assert [it["outcome"] for it in of(met, "clock_stopped", "dept_reply")] == ["met"]
    assert [it["at"] for it in of(missed, "deadline_breached", "dept_reply")] == [due]
    assert [it["outcome"] for it in of(missed, "clock_stopped", "dept_reply")] == ["late"]


WINDOWS = [
    ("B1", "refund_only", 12, None),
    ("B2", "abnormal_refund", 2, None),
    ("B4", "missed_shipment", 12, None),
    ("B6", "late_dispatch", 24, 24),
    ("B7", "returned_without_contact", 24, None),
    ("B8", "paper_invoice", 36, 36),
    ("B9", "e_invoice", 24, 24),
    ("B11", "other", 24, None),
]


@pytest.mark.parametrize(("rule", "case_type", "first_h", "second_h"), WINDOWS)
def test_a_silent_department_breaches_at_the_rulebooks_windows(
    rule: str, case_type: str, first_h: int, second_h: int | None
) -> None:
    told = run([opened(case_type=case_type), asked(MONDAY)], MONDAY + 100 * H)
    found = [
        (it["clock"], it["step"], it["rule"], it["at"] - MONDAY)
        for it in of(told, "deadline_breached")
        if it["clock"].startswith("dept_reply")
    ]
    first = [("dept_reply", 1, rule, first_h * H)]
    assert found == (first if second_h is None else [*first, ("dept_reply_second", 2, rule, (first_h + second_h) * H)])


def test_the_second_step_starts_at_the_first_due_time_however_late_that_was_found() -> None:
    told = run([opened(case_type="late_delivery"), asked(MONDAY)], MONDAY + 48 * H)
    started = of(told, "clock_started", "dept_reply_second")[0]
    assert started["start_at"] == "2026-05-12T01:00:00.000000Z"
    assert started["due_at"] == "2026-05-13T01:00:00.000000Z"


def test_a_breach_is_as_of_the_last_step_before_its_due_time() -> None:
    stream = [opened(), asked(MONDAY), contacted(MONDAY + H), contacted(MONDAY + 12 * H), contacted(MONDAY + 13 * H)]
    breach = of(run(stream, MONDAY + DAY), "deadline_breached", "dept_reply")[0]
    assert breach["as_of_sequence"] == 4  # what was recorded at the due instant counts, what came later does not


def test_nobody_is_escalated_to_twice_in_a_run_of_escalate() -> None:
    told = run([opened(kind="after_sales", owner="li")], MONDAY + 80 * H)
    # `complete` (B12) and `escalate` (G1) are both due after 48 h: the first in the contract's order escalates.
    assert [(it["to"], it["reason"]) for it in of(told, "escalated")] == [
        ("team_leader", "B12/complete"),
        ("manager", "G1/escalate"),
    ]
    assert [it["at"] - MONDAY for it in of(told, "escalated")] == [48 * H, 72 * H]


def test_a_persons_escalation_counts_and_spares_the_owner_the_penalty_of_g2() -> None:
    up = event("ticket.escalated", MONDAY + H, to="team_leader", by="li", reason="beyond me")
    told = run([opened(owner="li", kind="other"), up], MONDAY + 80 * H)
    assert [it["to"] for it in of(told, "escalated")] == ["manager"]
    assert not of(told, "penalty_incurred")
    assert [it["step"] for it in of(told, "deadline_breached", "escalate")] == [1, 2]


def test_an_unreported_ticket_costs_its_owner_two_yuan_once_per_ticket() -> None:
    resolved = event("ticket.resolved", MONDAY + 50 * H, outcome="unresolved")
    again = event("ticket.reopened", MONDAY + 51 * H, reason="not solved")
    told = run([opened(owner="li"), resolved, again], MONDAY + 200 * H)
    assert len([it for it in of(told, "deadline_breached", "escalate") if it["step"] == 1]) == 2
    penalties = of(told, "penalty_incurred")
    assert [(it["owner"], it["amount"], it["currency"], it["rule"]) for it in penalties] == [("li", 200, "CNY", "G2")]


def test_the_penalty_falls_on_who_owns_the_ticket_at_the_breach_and_on_nobody_without_an_owner() -> None:
    handed = event("ticket.assigned", MONDAY + H, owner="wang")
    assert [it["owner"] for it in of(run([opened(owner="li"), handed], MONDAY + DAY * 2), "penalty_incurred")] == [
        "wang"
    ]
    assert not of(run([opened()], MONDAY + DAY * 2), "penalty_incurred")


@pytest.mark.parametrize("what", ["escalated", "extended"])
def test_what_came_before_the_breach_excuses_in_any_run_what_came_after_does_not(what: str) -> None:
    excuse: dict[str, Any] = {
        "escalated": {"to": "manager", "by": "li", "reason": "help"},
        "extended": {"clock": "assess", "due_at": "2026-06-01T00:00:00Z", "role": "team_leader", "reason": "parts"},
    }[what]
    before = run([opened(owner="li"), event(f"ticket.{what}", MONDAY + H, **excuse)], MONDAY + DAY * 2)
    after = run([opened(owner="li"), event(f"ticket.{what}", MONDAY + 49 * H, **excuse)], MONDAY + DAY * 3)
    assert not of(before, "penalty_incurred")
    assert len(of(after, "penalty_incurred")) == 1


def test_b13_and_b12_escalate_to_the_team_leader_and_a3_does_not() -> None:
    complex_one = run([opened(kind="consultation", tags=["complex"])], MONDAY + DAY * 2)
    plain = run([opened(kind="consultation")], MONDAY + DAY)
    assert [it["reason"] for it in of(complex_one, "escalated")] == ["B13/solve"]
    assert [it["clock"] for it in of(plain, "deadline_breached")] == ["ack", "progress_reply", "solve"]
    assert not of(plain, "escalated")


def test_a_run_warns_once_per_due_time_and_never_at_or_after_it() -> None:
    told = run([opened(), asked(MONDAY)], MONDAY + DAY)
    assert [it["at"] - MONDAY for it in of(told, "deadline_warned", "dept_reply")] == [0.8 * 12 * H]
    assert not of(told, "deadline_warned", "connect")
    moved = event("ticket.extended", MONDAY + 11 * H, clock="dept_reply", due_at="2026-05-12T01:00:00Z", **LEADER)
    twice = run([opened(), asked(MONDAY), moved], MONDAY + DAY)
    # Four fifths of 12 h, then of the new 24 h from the same start.
    assert [it["at"] - MONDAY for it in of(twice, "deadline_warned", "dept_reply")] == [9.6 * H, 19.2 * H]


LEADER = {"by": "chen", "role": "team_leader", "reason": "parts are on their way"}


def test_warn_at_of_connect_is_absent() -> None:
    assert "warn_at" not in of(run([opened(channel="chat")], MONDAY), "clock_started", "connect")[0]


def test_a_breached_run_breaches_no_second_time_whatever_time_passes() -> None:
    told = run([opened(), asked(MONDAY)], MONDAY + timedelta(days=60))
    seen = [(it["clock"], it["run"], it["step"]) for it in of(told, "deadline_breached")]
    assert len(seen) == len(set(seen))


def test_the_contact_clock_starts_again_at_each_contact_and_stops_asking_when_nobody_called() -> None:
    told = run([opened(), contacted(MONDAY + H), contacted(MONDAY + 60 * H)], MONDAY + 60 * H)
    rows = [it for it in facts(told) if it.get("clock") == "contact_interval" and it["what"] != "deadline_warned"]
    assert [(it["what"], it["run"], it.get("outcome")) for it in rows] == [
        ("clock_started", 1, None),
        ("clock_stopped", 1, "met"),
        ("clock_started", 2, None),
        ("deadline_breached", 2, None),
        ("clock_stopped", 2, "late"),
        ("clock_started", 3, None),
    ]


def test_j1_halves_the_contact_interval_of_a_high_value_ticket() -> None:
    order = {
        "order_id": "O",
        "paid_amount": 500_000,
        "items": [{"line_id": "1", "quantity": 1, "paid_amount": 500_000}],
    }
    started = of(run([opened(order=order)], MONDAY), "clock_started", "contact_interval")[0]
    assert (started["rule"], started["due_at"]) == ("J1", "2026-05-12T01:00:00.000000Z")


def test_at_one_instant_the_reply_comes_before_the_timer() -> None:
    due = MONDAY + 2 * H
    told = run([opened(case_type="abnormal_refund"), asked(MONDAY), replied(due), asked(due)], due)
    kinds = [(it["what"], it["run"]) for it in facts(told) if it.get("clock") == "dept_reply" and it["at"] == due]
    assert kinds == [("clock_stopped", 1), ("clock_started", 2)]


def test_service_time_holds_the_ack_of_a_night_mail_until_the_morning() -> None:
    night = MONDAY.replace(hour=14)  # 22:00 in Shanghai
    started = of(run([opened(night)], night), "clock_started", "ack")[0]
    assert started["due_at"] == "2026-05-12T00:45:00.000000Z"  # 08:30 + 15 min
    assert (MONDAY + 15 * MIN).minute == 15
