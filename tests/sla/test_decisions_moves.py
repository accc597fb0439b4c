"""Deadlines that move: agreed with the customer (F2), extended (C5), reclassified; and tickets opened again (G4)."""

from typing import Any

import pytest
from tests.sla.streams import MIN, MONDAY, H, asked, contacted, event, facts, of, opened, replied, run

LEADER = {"by": "chen", "role": "team_leader", "reason": "parts are on their way"}


def extended(at: Any, clock: str, due_at: str, **data: Any) -> Any:
    return event("ticket.extended", at, clock=clock, due_at=due_at, **(LEADER | data))


def test_an_agreed_time_moves_the_running_reply_clock_whoever_agreed_it() -> None:
    for by in ("agent", "robot"):
        call = contacted(MONDAY + MIN, "greeting", by=by, agreed_reply_at="2026-05-12T10:00:00+08:00")
        told = run([opened(), call], MONDAY + 25 * H)
        moved = of(told, "clock_moved")[0]
        assert (moved["from"], moved["due_at"]) == ("2026-05-11T10:00:00.000000Z", "2026-05-12T02:00:00.000000Z")
        breach = of(told, "deadline_breached", "progress_reply")[0]
        assert (breach["rule"], breach["due_at"]) == ("F2", "2026-05-12T02:00:00.000000Z")


def test_a_ticket_opened_with_an_agreed_time_is_due_then() -> None:
    told = run([opened(agreed_reply_at="2026-05-11T04:00:00Z")], MONDAY)
    started = of(told, "clock_started", "progress_reply")[0]
    assert (started["rule"], started["due_at"]) == ("F2", "2026-05-11T04:00:00.000000Z")


def test_a_contact_that_answers_and_agrees_stops_then_starts() -> None:
    call = contacted(MONDAY + MIN, "progress", agreed_reply_at="2026-05-12T02:00:00Z")
    told = [it for it in facts(run([opened(), call], MONDAY + MIN)) if it["at"] > MONDAY]
    assert [(it["what"], it["clock"], it["run"]) for it in told] == [
        ("clock_stopped", "ack", 1),
        ("clock_stopped", "progress_reply", 1),
        ("clock_stopped", "contact_interval", 1),
        ("clock_started", "progress_reply", 2),
        ("clock_started", "contact_interval", 2),
    ]


def test_an_agreed_time_moves_a_breached_run_which_stays_breached() -> None:
    call = contacted(MONDAY + 10 * H, "greeting", agreed_reply_at="2026-05-12T02:00:00Z")
    answer = contacted(MONDAY + 12 * H, "result")
    told = run([opened(), call, answer], MONDAY + 30 * H)
    assert len(of(told, "deadline_breached", "progress_reply")) == 1
    assert len(of(told, "clock_moved")) == 1
    assert [it["outcome"] for it in of(told, "clock_stopped", "progress_reply")] == ["late"]


def test_a_time_agreed_for_the_past_breaches_at_once_as_of_before_it() -> None:
    call = contacted(MONDAY + 2 * H, "greeting", agreed_reply_at="2026-05-11T02:00:00Z")
    breach = of(run([opened(), asked(MONDAY + MIN), call], MONDAY + 3 * H), "deadline_breached", "progress_reply")[0]
    assert (breach["at"], breach["as_of_sequence"]) == (MONDAY + 2 * H, 2)


def test_an_agreed_time_on_a_resolved_ticket_starts_nothing() -> None:
    call = contacted(MONDAY + 2 * H, "result", agreed_reply_at="2026-05-12T02:00:00Z")
    told = run([opened(), event("ticket.resolved", MONDAY + H, outcome="resolved"), call], MONDAY + 3 * H)
    assert [it["clock"] for it in of(told, "clock_started") if it["at"] > MONDAY] == ["feedback"]


def test_a_leaders_extension_moves_the_deadline_and_keeps_both_times_visible() -> None:
    told = run([opened(), asked(MONDAY), extended(MONDAY + H, "dept_reply", "2026-05-12T01:00:00Z")], MONDAY + 24 * H)
    moved = of(told, "clock_moved", "dept_reply")[0]
    assert (moved["from"], moved["due_at"], moved["reason"]) == (
        "2026-05-11T13:00:00.000000Z",
        "2026-05-12T01:00:00.000000Z",
        LEADER["reason"],
    )
    assert [it["at"] for it in of(told, "deadline_breached", "dept_reply")] == [MONDAY + 24 * H]


@pytest.mark.parametrize(
    ("at", "clock", "due_at", "data"),
    [
        (MONDAY + H, "dept_reply", "2026-05-12T01:00:00Z", {"role": "specialist"}),
        (MONDAY + H, "dept_reply", "2026-05-12T01:00:00Z", {"role": None}),
        (MONDAY + H, "dept_reply", "2026-05-12T01:00:00Z", {"reason": "  "}),
        (MONDAY + H, "dept_reply", "2026-05-12T01:00:00Z", {"reason": None}),
        (MONDAY + H, "dept_reply", "2026-05-11T13:00:00Z", {}),  # not later than now due
        (MONDAY + H, "feedback", "2026-05-12T01:00:00Z", {}),  # does not run
        (MONDAY + 13 * H, "dept_reply", "2026-05-12T13:00:00Z", {}),  # breached already
        (MONDAY + H, "no_such_clock", "2026-05-12T01:00:00Z", {}),
    ],
)
def test_an_extension_without_leader_reason_later_time_or_running_clock_is_none(
    at: Any, clock: str, due_at: str, data: dict[str, Any]
) -> None:
    told = run([opened(owner="li"), asked(MONDAY), extended(at, clock, due_at, **data)], MONDAY + 48 * H)
    assert not of(told, "clock_moved")
    assert len(of(told, "penalty_incurred")) == 1  # nor does it excuse (G2)


def test_reclassifying_gives_running_clocks_their_new_rows_from_their_old_start() -> None:
    change = event("ticket.reclassified", MONDAY + H, case_type="paper_invoice")
    told = run([opened(), asked(MONDAY), change], MONDAY + 48 * H)
    # B1's 12 h become B8's 36 h from the same start.
    assert [it["due_at"] for it in of(told, "clock_moved", "dept_reply")] == ["2026-05-12T13:00:00.000000Z"]
    assert [it["rule"] for it in of(told, "deadline_breached", "dept_reply")] == ["B8"]


def test_a_department_has_at_least_two_hours_after_a_reclassification() -> None:
    change = event("ticket.reclassified", MONDAY + 11 * H, case_type="abnormal_refund")
    told = run([opened(), asked(MONDAY), change], MONDAY + 11 * H)
    assert [it["due_at"] for it in of(told, "clock_moved")] == ["2026-05-11T14:00:00.000000Z"]  # 12:00 + 2 h UTC


def test_the_same_row_changes_nothing_and_what_was_breached_stays_breached() -> None:
    same = event("ticket.reclassified", MONDAY + H, case_type="exchange")
    assert not of(run([opened(), asked(MONDAY), same], MONDAY + H), "clock_moved")
    later = event("ticket.reclassified", MONDAY + 13 * H, case_type="paper_invoice")
    told = run([opened(), asked(MONDAY), later, replied(MONDAY + 14 * H)], MONDAY + 14 * H)
    assert not of(told, "clock_moved", "dept_reply")
    assert [it["outcome"] for it in of(told, "clock_stopped", "dept_reply")] == ["late"]  # by the row that it missed


def test_an_extended_due_time_stays_under_the_new_row() -> None:
    longer = extended(MONDAY + H, "dept_reply", "2026-05-14T01:00:00Z")
    change = event("ticket.reclassified", MONDAY + 2 * H, case_type="abnormal_refund")
    told = run([opened(), asked(MONDAY), longer, change], MONDAY + 72 * H)
    assert len(of(told, "clock_moved", "dept_reply")) == 1
    breach = of(told, "deadline_breached", "dept_reply")[0]
    assert (breach["rule"], breach["due_at"]) == ("B2", "2026-05-14T01:00:00.000000Z")


def test_clocks_that_no_longer_apply_are_cancelled_and_those_that_newly_apply_start_at_the_event() -> None:
    change = event("ticket.reclassified", MONDAY + H, kind="complaint", level=2)
    told = run([opened(kind="consultation"), change], MONDAY + H)
    assert [(it["clock"], it["outcome"]) for it in of(told, "clock_stopped")] == [("solve", "cancelled")]
    started = [(it["clock"], it["rule"], it["start_at"]) for it in of(told, "clock_started") if it["at"] > MONDAY]
    hour = "2026-05-11T02:00:00.000000Z"
    assert started == [("level_response", "C2", hour), ("level_solution", "C2", hour)]


def test_the_second_step_has_no_floor_and_never_newly_starts_by_a_reclassification() -> None:
    away = event("ticket.reclassified", MONDAY + 25 * H, case_type="return_refund")
    told = run([opened(case_type="late_delivery"), asked(MONDAY), away], MONDAY + 60 * H)
    assert [it["outcome"] for it in of(told, "clock_stopped", "dept_reply_second")] == ["cancelled"]
    into = event("ticket.reclassified", MONDAY + 13 * H, case_type="late_delivery")
    told = run([opened(), asked(MONDAY), into], MONDAY + 60 * H)
    assert not of(told, "clock_started", "dept_reply_second")
    shorter = event("ticket.reclassified", MONDAY + 60 * H, case_type="e_invoice")
    told = run([opened(case_type="paper_invoice"), asked(MONDAY), shorter], MONDAY + 62 * H)
    # B8's second step began at 36 h and would end at 72 h; under B9 it ends at 36 + 24 = 60 h, at once.
    breach = of(told, "deadline_breached", "dept_reply_second")[0]
    assert (breach["at"] - MONDAY, breach["rule"], breach["step"]) == (60 * H, "B9", 2)


def test_reopening_raises_the_level_and_runs_the_open_tickets_clocks_afresh() -> None:
    resolved = event("ticket.resolved", MONDAY + H, outcome="resolved")
    again = event("ticket.reopened", MONDAY + 2 * H, reason="rating 1")
    told = run([opened(kind="complaint", level=3), resolved, again], MONDAY + 2 * H)
    fresh = [(it["clock"], it["run"], it["rule"]) for it in of(told, "clock_started") if it["at"] == MONDAY + 2 * H]
    assert fresh == [
        ("level_response", 2, "C2"),
        ("level_solution", 2, "C2"),
        ("progress_reply", 2, "F1"),
        ("escalate", 2, "G1"),
        ("contact_interval", 2, "H1"),
    ]
    assert [it["outcome"] for it in of(told, "clock_stopped", "feedback")] == ["cancelled"]


def test_levels_never_rise_past_one_and_a_reopening_while_open_is_ignored() -> None:
    ignored = event("ticket.reopened", MONDAY + H, reason="again")
    assert not [it for it in facts(run([opened(), ignored], MONDAY + H)) if it["at"] == MONDAY + H]
    stream = [opened(kind="complaint", level=1)]
    for day in (1, 2, 3):
        stream += [
            event("ticket.resolved", MONDAY + day * H, outcome="resolved"),
            event("ticket.reopened", MONDAY + day * H + MIN, reason="again"),
        ]
    assert {it["rule"] for it in of(run(stream, MONDAY + 4 * H), "clock_started", "level_solution")} == {"C1"}


def test_a_level_that_a_person_sets_after_a_reopening_is_the_level() -> None:
    stream = [
        opened(kind="complaint", level=3),
        event("ticket.resolved", MONDAY + H, outcome="resolved"),
        event("ticket.reopened", MONDAY + 2 * H, reason="again"),
        event("ticket.reclassified", MONDAY + 3 * H, level=4),
    ]
    assert {run.rule for run in run_state(stream) if run.clock.startswith("level")} == {"C4"}


def run_state(stream: Any) -> Any:
    return run(stream, MONDAY + 3 * H).state.runs
