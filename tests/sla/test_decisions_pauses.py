"""Waiting for the customer: what stands still meanwhile, and when it is due then (issue 5, RULEBOOK A3, B12, B13)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sla.streams import MIN, MONDAY, H, asked, event, facts, numbered, of, opened, run

from amends.events.envelope import Event
from amends.instants import format_instant, parse_instant
from amends.policy.load import default_policy, default_text, load
from amends.policy.model import Policy
from sla_svc.decisions.advance import advance
from sla_svc.decisions.state import from_json, to_json


def waiting(at: datetime) -> Event:
    return event("ticket.customer_asked", at)


def answered(at: datetime) -> Event:
    return event("ticket.customer_replied", at)


def resolved(at: datetime) -> Event:
    return event("ticket.resolved", at, outcome="resolved")


def moves(told: Any, clock: str) -> list[tuple[datetime, datetime]]:
    return [(parse_instant(it["from"]), parse_instant(it["due_at"])) for it in of(told, "clock_moved", clock)]


def breaches(told: Any, clock: str) -> list[datetime]:
    return [it["at"] for it in of(told, "deadline_breached", clock)]


CONSULTATION: dict[str, Any] = {"kind": "consultation", "case_type": "other"}


@pytest.mark.parametrize(
    ("clock", "rule", "target", "data"),
    [
        ("complete", "B12", 48 * H, {}),
        ("solve", "A3", 24 * H, CONSULTATION),
        ("solve", "B13", 48 * H, {**CONSULTATION, "tags": ["complex"]}),
    ],
)
def test_the_time_that_we_wait_for_the_customer_does_not_count(
    clock: str, rule: str, target: timedelta, data: dict[str, Any]
) -> None:
    told = run([opened(**data), waiting(MONDAY + 2 * H), answered(MONDAY + 12 * H)], MONDAY + 100 * H)
    # Ten hours of waiting: due ten hours later.
    assert moves(told, clock) == [(MONDAY + target, MONDAY + target + 10 * H)]
    assert [it["reason"] for it in of(told, "clock_moved", clock)] == ["waited for the customer"]
    assert breaches(told, clock) == [MONDAY + target + 10 * H]
    assert of(told, "deadline_breached", clock)[0]["rule"] == rule


def test_a_departments_clocks_and_every_other_row_run_on_while_we_wait() -> None:
    told = run([opened(), asked(MONDAY), waiting(MONDAY + H), answered(MONDAY + 60 * H)], MONDAY + 61 * H)
    assert {it["clock"] for it in of(told, "clock_moved")} == {"complete"}
    assert breaches(told, "dept_reply") == [MONDAY + 12 * H]
    assert breaches(told, "escalate") == [MONDAY + 48 * H]


def test_nothing_warns_and_nothing_breaches_while_we_wait() -> None:
    told = run([opened(), waiting(MONDAY + H)], MONDAY + 500 * H)
    assert breaches(told, "complete") == []
    assert of(told, "deadline_warned", "complete") == []


def test_the_warning_comes_after_four_fifths_of_the_clocks_own_time() -> None:
    told = run([opened(), waiting(MONDAY + 10 * H), answered(MONDAY + 20 * H)], MONDAY + 100 * H)
    # 48 h x 4/5 = 38.4 h of its own time, ten of which it stood still.
    assert [it["at"] for it in of(told, "deadline_warned", "complete")] == [MONDAY + 48.4 * H]


def test_a_question_that_is_repeated_is_one_pause_and_an_answer_to_none_is_nothing() -> None:
    stream = [opened(), answered(MONDAY + H), waiting(MONDAY + 2 * H), waiting(MONDAY + 3 * H)]
    stream += [answered(MONDAY + 4 * H), answered(MONDAY + 5 * H)]
    told = run(stream, MONDAY + 6 * H)
    assert moves(told, "complete") == [(MONDAY + 48 * H, MONDAY + 50 * H)]


def test_each_wait_moves_the_deadline_by_its_own_length() -> None:
    stream = [opened(), waiting(MONDAY + H), answered(MONDAY + 3 * H)]
    stream += [waiting(MONDAY + 10 * H), answered(MONDAY + 14 * H)]
    told = run(stream, MONDAY + 20 * H)
    assert moves(told, "complete") == [
        (MONDAY + 48 * H, MONDAY + 50 * H),
        (MONDAY + 50 * H, MONDAY + 54 * H),
    ]


@pytest.mark.parametrize("ending", ["resolved", "closed"])
def test_a_ticket_that_ends_while_we_wait_ends_the_pause_with_it(ending: str) -> None:
    last = resolved(MONDAY + 100 * H) if ending == "resolved" else event("ticket.closed", MONDAY + 100 * H)
    told = run([opened(), waiting(MONDAY + H), last, answered(MONDAY + 101 * H)], MONDAY + 102 * H)
    outcome = {"resolved": "met", "closed": "cancelled"}[ending]
    assert [it["outcome"] for it in of(told, "clock_stopped", "complete")] == [outcome]
    assert of(told, "clock_moved") == []
    (ended,) = [it for step in told.happenings for it in step.ended if it.clock == "complete"]
    assert ended.pauses == ((MONDAY + H, MONDAY + 100 * H),)


def test_what_was_breached_before_the_question_stays_breached_and_does_not_move() -> None:
    told = run(
        [opened(), waiting(MONDAY + 49 * H), answered(MONDAY + 60 * H), resolved(MONDAY + 61 * H)], MONDAY + 62 * H
    )
    assert breaches(told, "complete") == [MONDAY + 48 * H]
    assert moves(told, "complete") == []
    assert [it["outcome"] for it in of(told, "clock_stopped", "complete")] == ["late"]


def test_asked_at_the_very_deadline_nothing_is_left_to_stand_still() -> None:
    told = run([opened(), waiting(MONDAY + 48 * H), answered(MONDAY + 60 * H)], MONDAY + 70 * H)
    assert breaches(told, "complete") == [MONDAY + 48 * H]
    assert moves(told, "complete") == []


def test_a_row_by_which_it_was_due_before_the_wait_breaches_at_once() -> None:
    # B13's 48 h become A3's 24 h in a wait that began after 30 h.
    simple = event("ticket.reclassified", MONDAY + 35 * H, tags=[])
    stream = [opened(**CONSULTATION, tags=["complex"]), waiting(MONDAY + 30 * H), simple]
    told = run([*stream, answered(MONDAY + 40 * H)], MONDAY + 50 * H)
    assert breaches(told, "solve") == [MONDAY + 35 * H]
    assert [it["due_at"] for it in of(told, "deadline_breached", "solve")] == [format_instant(MONDAY + 24 * H)]


def test_a_row_by_which_it_is_due_within_the_wait_goes_on_waiting() -> None:
    # Asked after 20 h, so that 4 of A3's 24 h are left when the customer has answered.
    simple = event("ticket.reclassified", MONDAY + 35 * H, tags=[])
    stream = [opened(**CONSULTATION, tags=["complex"]), waiting(MONDAY + 20 * H), simple]
    told = run([*stream, answered(MONDAY + 40 * H)], MONDAY + 50 * H)
    assert breaches(told, "solve") == [MONDAY + 44 * H]


def test_a_reopened_ticket_waits_for_nobody() -> None:
    again = event("ticket.reopened", MONDAY + 3 * H, reason="again")
    stream = [opened(**CONSULTATION), waiting(MONDAY + H), resolved(MONDAY + 2 * H), again]
    told = run(stream, MONDAY + 40 * H)
    assert breaches(told, "solve") == [MONDAY + 27 * H]


def test_a_deadline_that_a_leader_sets_during_the_wait_moves_by_the_rest_of_the_wait() -> None:
    leader: dict[str, Any] = {"by": "chen", "role": "manager", "reason": "parts"}
    later = event(
        "ticket.extended", MONDAY + 10 * H, clock="complete", due_at=format_instant(MONDAY + 80 * H), **leader
    )
    told = run([opened(), waiting(MONDAY + 4 * H), later, answered(MONDAY + 15 * H)], MONDAY + 16 * H)
    assert moves(told, "complete") == [(MONDAY + 48 * H, MONDAY + 80 * H), (MONDAY + 80 * H, MONDAY + 85 * H)]


def test_a_reclassified_ticket_keeps_the_time_that_it_stood_still() -> None:
    stream = [opened(**CONSULTATION), waiting(MONDAY + H), answered(MONDAY + 3 * H)]
    stream += [event("ticket.reclassified", MONDAY + 4 * H, tags=["complex"])]
    told = run(stream, MONDAY + 5 * H)
    assert moves(told, "solve")[-1] == (MONDAY + 26 * H, MONDAY + 50 * H)


def test_a_clock_that_newly_applies_while_we_wait_stands_still_from_its_start() -> None:
    stream = [opened(kind="complaint", case_type="complaint_quality"), waiting(MONDAY + H)]
    stream += [event("ticket.reclassified", MONDAY + 4 * H, kind="after_sales"), answered(MONDAY + 10 * H)]
    told = run(stream, MONDAY + 11 * H)
    assert moves(told, "complete") == [(MONDAY + 52 * H, MONDAY + 58 * H)]


def _calendar_policy() -> Policy:
    """The default, but B12's `complete` takes ten hours of service time."""
    old = "    start: opened\n    target: 48h\n    pauses: waiting_for_customer\n    stop: resolved\n    on_breach:"
    text = default_text()
    first = text.index("id: B12", text.index("id: B12") + 1)
    head, tail = text[:first], text[first:]
    return load(head + tail.replace(old, old.replace("48h", "10h\n    calendar: service"), 1))


def test_of_a_calendars_clock_only_the_open_part_of_the_wait_counts() -> None:
    # Monday 09:00; asked at 20:00, answered on Tuesday at 09:30: 1 h + 1 h of service time (08:30 to 21:00).
    stream = [opened(), waiting(MONDAY + 11 * H), answered(MONDAY + 24.5 * H)]
    policy = _calendar_policy()
    # Ten hours of service time from 09:00 are over at 19:00.
    assert breaches(run(stream, MONDAY + 12 * H, policy), "complete") == [MONDAY + 10 * H]
    early = [opened(), waiting(MONDAY + 9 * H), answered(MONDAY + 24.5 * H)]
    told = run(early, MONDAY + 40 * H, policy)
    # One hour was left at 18:00; it runs on Tuesday from 09:30.
    assert moves(told, "complete") == [(MONDAY + 10 * H, MONDAY + 25.5 * H)]


_SPANS = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 2000)), max_size=5)


@settings(max_examples=60, deadline=None)
@given(_SPANS)
def test_a_pausing_clock_breaches_after_its_target_of_time_that_it_ran(spans: list[tuple[int, int]]) -> None:
    stream = [opened()]
    at = MONDAY
    for gap, wait in spans:
        asked_at = at + gap * MIN
        at = asked_at + wait * MIN
        stream += [waiting(asked_at), answered(at)]
    told = run(stream, MONDAY + 2000 * H)
    # Oracle: minute by minute, the time that nobody waited in.
    left, minute = 48 * 60, MONDAY
    pauses = [(it.time, other.time) for it, other in zip(stream[1::2], stream[2::2], strict=True)]
    while left:
        if not any(start <= minute < end for start, end in pauses):
            left -= 1
        minute += MIN
    assert [it["due_at"] for it in of(told, "deadline_breached", "complete")] == [format_instant(minute)]


@settings(max_examples=60, deadline=None)
@given(_SPANS, st.lists(st.integers(0, 20_000), max_size=6))
def test_how_the_work_is_cut_up_changes_nothing_of_a_pause(spans: list[tuple[int, int]], cuts: list[int]) -> None:
    stream = [opened(**CONSULTATION)]
    at = MONDAY
    for gap, wait in spans:
        stream += [waiting(at + gap * MIN), answered(at := at + (gap + wait) * MIN)]
    stream = numbered(stream)
    end = MONDAY + 1000 * H
    state, told, done = None, [], MONDAY - MIN
    for until in [*sorted(MONDAY + cut * MIN for cut in cuts), end]:
        ready = [it for it in stream if done < it.time <= until]
        if state is None and not ready:
            continue
        progress = advance(state, ready, default_policy(), until)
        told += facts(progress)
        state, done = from_json(to_json(progress.state)), until
        assert state == progress.state
    assert told == facts(advance(None, stream, default_policy(), end))
