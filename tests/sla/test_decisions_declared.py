"""Declared outages: which clocks move, by how much, once; and that nothing else about a ticket changes (docs/adr, 6)."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sla.streams import MIN, MONDAY, US, H, asked, contacted, event, facts, of, opened, replied, run
from tests.sla.test_decisions_explain import explained, spent
from tests.sla.test_decisions_properties import END, streams

from amends.events.envelope import Event
from amends.instants import parse_instant
from amends.policy.load import default_policy
from sla_svc.decisions.advance import Progress, advance
from sla_svc.decisions.declared import Declared
from sla_svc.decisions.lost_time import united, without
from sla_svc.decisions.state import TicketClocks, from_json, to_json

HOLD = timedelta(seconds=300)
DUE = MONDAY + 12 * H
"""B1: asked at 09:00, due 12 h later."""
SILENT = [opened(), asked(MONDAY)]
WHY = "the warehouse system is down"


def outage(since: datetime, until: datetime, after: datetime = MONDAY, reason: str = WHY) -> Declared:
    return Declared(since, until, until + HOLD, after, reason)


def moves(told: Progress, clock: str = "dept_reply") -> list[tuple[datetime, datetime]]:
    return [(parse_instant(it["from"]), parse_instant(it["due_at"])) for it in of(told, "clock_moved", clock)]


def breaches(told: Progress, clock: str = "dept_reply") -> list[datetime]:
    return [parse_instant(it["due_at"]) for it in of(told, "deadline_breached", clock)]


@pytest.mark.parametrize(
    ("since", "until", "later"),
    [
        (DUE - 2 * H, DUE + H, 3 * H),  # in the outage: two hours were left at its start, and are at its end
        (DUE - US, DUE + H, H + US),
        (DUE - 2 * H, DUE, 2 * H),  # due at its end
        (DUE - 2 * H, DUE - HOLD, 2 * H - HOLD),  # due so shortly after it that nobody could reply in peace
        (DUE - 2 * H, DUE - HOLD - US, None),
        (DUE, DUE + H, None),  # met or missed at the instant at which it began
        (MONDAY - 9 * H, DUE + H, 13 * H),  # only what the clock ran through is given back
        (DUE + H, DUE + 2 * H, None),
        (MONDAY + H, MONDAY + 2 * H, None),
    ],
)
def test_a_clock_due_in_an_outage_or_shortly_after_it_gets_back_what_it_lost(
    since: datetime, until: datetime, later: timedelta | None
) -> None:
    told = run(SILENT, MONDAY + 40 * H, declared=[outage(since, until)])
    assert moves(told) == ([] if later is None else [(DUE, DUE + later)])
    assert breaches(told) == [DUE + (later or timedelta(0))]
    assert {it["reason"] for it in of(told, "clock_moved")} <= {WHY}


def test_the_warning_is_four_fifths_of_the_way_to_the_new_due_time() -> None:
    told = run(SILENT, MONDAY + 40 * H, declared=[outage(DUE - 2 * H, DUE + H)])
    # 4/5 of 15 h; the one of the old due time, after 9.6 h, is not given as well.
    assert [it["at"] for it in of(told, "deadline_warned", "dept_reply")] == [MONDAY + 12 * H]


@pytest.mark.parametrize("after", [DUE, DUE + H])
def test_what_was_missed_for_certain_when_the_outage_was_declared_stays_missed(after: datetime) -> None:
    told = run(SILENT, MONDAY + 40 * H, declared=[outage(DUE - 2 * H, DUE + 2 * H, after)])
    assert (moves(told), breaches(told)) == ([], [DUE])


def test_an_outage_declared_late_still_moves_what_was_not_certain_yet() -> None:
    told = run(SILENT, MONDAY + 40 * H, declared=[outage(DUE - 2 * H, DUE + 2 * H, DUE - US)])
    assert (moves(told), breaches(told)) == ([(DUE, DUE + 4 * H)], [DUE + 4 * H])


def test_a_reply_before_the_new_due_time_is_in_time_and_one_after_the_old_is_not_late() -> None:
    told = run([*SILENT, replied(DUE + 2 * H)], MONDAY + 40 * H, declared=[outage(DUE - 2 * H, DUE + H)])
    assert [it["outcome"] for it in of(told, "clock_stopped", "dept_reply")] == ["met"]
    assert breaches(told) == []


def test_a_clock_with_a_calendar_gets_back_open_time_only() -> None:
    late = MONDAY + 11 * H + 50 * MIN
    # `ack` has 15 min of service time (08:30 to 21:00): from Monday 20:50 it is due on Tuesday at 08:35.
    due = MONDAY + 23 * H + 35 * MIN
    morning = outage(due - 95 * MIN, due + 10 * MIN)  # 07:00 to 08:45: 15 min of it are service time
    assert moves(run([opened(late)], MONDAY + 30 * H, declared=[morning]), "ack") == [(due, due + 15 * MIN)]
    whole = outage(MONDAY + 11 * H, MONDAY + 24 * H)  # 20:00 to 09:00: 10 min in the evening, 30 in the morning
    assert moves(run([opened(late)], MONDAY + 30 * H, declared=[whole]), "ack") == [(due, due + 40 * MIN)]
    night = outage(MONDAY + 12 * H, MONDAY + 23.5 * H)  # 21:00 to 08:30: it lost nothing
    assert moves(run([opened(late)], MONDAY + 30 * H, declared=[night]), "ack") == []


def test_a_deadline_of_working_days_moves_into_the_next_day_when_its_last_hours_are_lost() -> None:
    solved = event("ticket.resolved", MONDAY + H, outcome="resolved")
    due = MONDAY + 84 * H  # `feedback`: Thursday 21:00
    told = run([opened(), solved], MONDAY + 120 * H, declared=[outage(due - 2 * H, due + 5 * H)])
    # Two hours of Thursday were left; Friday opens at 08:30.
    assert moves(told, "feedback") == [(due, due + 13.5 * H)]


def test_every_kind_of_clock_moves_and_a_declared_outage_excuses_no_penalty() -> None:
    whole = outage(MONDAY, MONDAY + 49 * H)
    told = run([opened(owner="li"), asked(MONDAY)], MONDAY + 300 * H, declared=[whole])
    moved = {it["clock"] for it in of(told, "clock_moved")}
    assert moved == {"ack", "progress_reply", "dept_reply", "assess", "complete", "escalate", "contact_interval"}
    assert len(of(told, "penalty_incurred")) == 1


def test_a_clock_that_starts_in_an_outage_declared_ahead_is_moved_at_once() -> None:
    planned = outage(DUE - H, DUE + H)
    told = [it for it in facts(run([opened(), asked(MONDAY)], MONDAY, declared=[planned])) if it["at"] == MONDAY]
    assert [(it["what"], it["due_at"]) for it in told if it["clock"] == "dept_reply"] == [
        ("clock_started", "2026-05-11T13:00:00.000000Z"),
        ("clock_moved", "2026-05-11T15:00:00.000000Z"),
    ]


def test_the_second_departments_clock_that_a_breach_starts_is_moved_too() -> None:
    stream = [opened(case_type="late_delivery"), asked(MONDAY)]
    told = run(stream, MONDAY + 80 * H, declared=[outage(MONDAY + 47 * H, MONDAY + 49 * H)])
    assert (moves(told), breaches(told)) == ([], [MONDAY + 24 * H])
    assert moves(told, "dept_reply_second") == [(MONDAY + 48 * H, MONDAY + 50 * H)]
    assert breaches(told, "dept_reply_second") == [MONDAY + 50 * H]


def test_a_time_that_a_leader_or_a_customer_sets_into_an_outage_moves_on_from_there() -> None:
    leader: dict[str, Any] = {"by": "chen", "role": "manager", "reason": "parts"}
    into = event("ticket.extended", MONDAY + 2 * H, clock="dept_reply", due_at=(DUE + 5 * H).isoformat(), **leader)
    told = run([*SILENT, into], MONDAY + 40 * H, declared=[outage(DUE + 4 * H, DUE + 7 * H)])
    assert moves(told) == [(DUE, DUE + 5 * H), (DUE + 5 * H, DUE + 8 * H)]
    call = contacted(MONDAY + H, "greeting", agreed_reply_at=DUE.isoformat())
    told = run([opened(), call], MONDAY + 40 * H, declared=[outage(DUE - H, DUE + H)])
    assert moves(told, "progress_reply")[-1] == (DUE, DUE + 2 * H)


def test_an_outages_move_names_no_event_as_its_cause_so_that_no_customer_is_told_of_an_extension() -> None:
    into = event("ticket.extended", MONDAY + 2 * H, clock="dept_reply", due_at=(DUE + 5 * H).isoformat())
    told = run([*SILENT, into], MONDAY + 40 * H, declared=[outage(DUE - H, DUE + H, MONDAY + H)])
    moved = [it for it in told.happenings if any(fact.wire_type == "amends.sla.clock_moved.v1" for fact in it.facts)]
    assert moved
    assert [it.cause for it in moved] == [None] * len(moved)


def test_outages_that_overlap_count_once_whichever_is_declared_first() -> None:
    first, longer = outage(DUE - 2 * H, DUE), outage(DUE - H, DUE + 3 * H, MONDAY + 2 * H)
    told = run(SILENT, MONDAY + 40 * H, declared=[first, first, longer])
    # Two hours, then those of the second that the first did not have.
    assert moves(told) == [(DUE, DUE + 2 * H), (DUE + 2 * H, DUE + 5 * H)]
    other_way = [outage(first.since, first.until, MONDAY + 3 * H), longer]
    assert breaches(run(SILENT, MONDAY + 40 * H, declared=other_way)) == [DUE + 5 * H]


def test_an_outage_that_turns_out_longer_is_prolonged_by_declaring_the_rest() -> None:
    parts = [outage(DUE - 2 * H, DUE + H), outage(DUE + H, DUE + 2 * H, DUE)]
    assert breaches(run(SILENT, MONDAY + 40 * H, declared=parts)) == [DUE + 4 * H]


def test_a_clock_that_stands_still_for_the_customer_loses_only_what_it_ran_through() -> None:
    due = MONDAY + 48 * H  # B12's `complete`
    waits = [event("ticket.customer_asked", due - 3 * H), event("ticket.customer_replied", due - H)]
    # Due at 50 h after the wait; of the outage from 46 h to 51 h it stood still for one hour (46 h to 47 h).
    told = run([opened(), *waits], MONDAY + 100 * H, declared=[outage(due - 2 * H, due + 3 * H, due - 4 * H)])
    assert breaches(told, "complete") == [due + 2 * H + 4 * H]


def test_a_wait_after_an_outage_keeps_what_was_given_back() -> None:
    due = MONDAY + 48 * H
    lost = outage(due - 2 * H, due + H)
    waits = [event("ticket.customer_asked", due + 2 * H), event("ticket.customer_replied", due + 12 * H)]
    told = run([opened(), *waits], MONDAY + 100 * H, declared=[lost])
    assert moves(told, "complete") == [(due, due + 3 * H), (due + 3 * H, due + 13 * H)]


def test_a_leaders_time_moves_on_by_a_wait_without_the_outage_that_it_was_given_already() -> None:
    due, leader = MONDAY + 60 * H, {"by": "chen", "role": "manager", "reason": "parts"}
    stream = [
        opened(),
        event("ticket.extended", MONDAY + H, clock="complete", due_at=due.isoformat(), **leader),
        event("ticket.customer_asked", due - H),
        event("ticket.customer_replied", due + 3 * H),
    ]
    told = run(stream, MONDAY + 100 * H, declared=[outage(due - 2 * H, due + 2 * H)])
    # Four hours of outage; the four hours of waiting have three in common with it.
    assert moves(told, "complete")[1:] == [(due, due + 4 * H), (due + 4 * H, due + 5 * H)]


def test_a_reclassified_ticket_keeps_what_was_given_back_and_its_department_two_hours() -> None:
    lost = outage(DUE - 2 * H, DUE + H)
    longer = event("ticket.reclassified", DUE, case_type="late_delivery")
    told = run([*SILENT, longer], MONDAY + 60 * H, declared=[lost])
    assert breaches(told) == [MONDAY + 24 * H + 3 * H]
    # `abnormal_refund` has 2 h: over long before the outage, so that it gives nothing back of it.
    shorter = event("ticket.reclassified", DUE + 2 * H, case_type="abnormal_refund")
    assert breaches(run([*SILENT, shorter], MONDAY + 60 * H, declared=[lost])) == [DUE + 4 * H]
    # The two hours from the event end in the outage, and are given back themselves.
    inside = event("ticket.reclassified", DUE - 2 * H + MIN, case_type="abnormal_refund")
    told = run([*SILENT, inside], MONDAY + 60 * H, declared=[lost])
    assert breaches(told) == [DUE + MIN + 3 * H]


def test_the_explanation_tells_the_outage_its_reason_and_the_time_that_does_not_count() -> None:
    told = explained(run(SILENT, MONDAY + 40 * H, declared=[outage(DUE - 2 * H, DUE + H)]), "dept_reply")
    assert spent(told)[:3] == [
        ("ran", "05-11T01:00", "05-11T11:00"),
        ("outage", "05-11T11:00", "05-11T14:00"),
        ("ran", "05-11T14:00", "05-11T16:00"),
    ]
    assert told["counted_s"] == 12 * 3600
    assert told["moves"][0]["outage"] == {
        "since": "2026-05-11T11:00:00.000000Z",
        "until": "2026-05-11T14:00:00.000000Z",
    }
    assert (
        "An outage from 2026-05-11 19:00:00 to 2026-05-11 22:00:00 was declared: due at 2026-05-12 00:00:00 "
        f"instead of 2026-05-11 21:00:00. The reason given: {WHY}" in told["sentences"]["en"]
    )
    assert any("系统中断" in it and WHY in it for it in told["sentences"]["zh"])


_SPAN = st.tuples(st.integers(0, 40), st.integers(0, 15))


@given(st.lists(_SPAN, max_size=6), _SPAN)
def test_spans_are_joined_and_taken_away_minute_by_minute(taken: list[tuple[int, int]], whole: tuple[int, int]) -> None:
    def spans(pairs: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
        return [(MONDAY + start * MIN, MONDAY + (start + length) * MIN) for start, length in pairs]

    def minutes(pairs: Any) -> set[datetime]:
        return {MONDAY + n * MIN for n in range(60) if any(start <= MONDAY + n * MIN < end for start, end in pairs)}

    joined, [one] = united(spans(taken)), spans([whole])
    assert minutes(joined) == minutes(spans(taken))
    assert all(before[1] < after[0] for before, after in pairwise(joined))
    assert minutes(without(*one, spans(taken))) == minutes([one]) - minutes(spans(taken))


@st.composite
def declarations(draw: st.DrawFn) -> list[Declared]:
    """Outages within the streams' time, declared before, in and after it."""
    made = []
    for _ in range(draw(st.integers(0, 4))):
        since = MONDAY + draw(st.integers(-500, 8_000)) * MIN
        after = since + draw(st.integers(-3_000, 1_000)) * MIN
        made.append(outage(since, since + draw(st.integers(1, 4_000)) * MIN, after))
    return made


@settings(max_examples=150, deadline=None)
@given(streams(), declarations())
def test_declared_outages_only_move_running_clocks_later_and_each_run_still_ends_once(
    stream: list[Event], declared: list[Declared]
) -> None:
    told = facts(advance(None, stream, default_policy(), END, declared=declared))
    assert [it["at"] for it in told] == sorted(it["at"] for it in told)
    breached: set[tuple[str, int]] = set()
    for it in told:
        if it["what"] == "clock_moved" and it["reason"] == WHY:
            assert parse_instant(it["due_at"]) > parse_instant(it["from"])
            assert (it["clock"], it["run"]) not in breached
        if it["what"] == "deadline_breached":
            assert (it["clock"], it["run"], it["step"]) not in {
                (*key, it["step"]) for key in breached if it["step"] == 1
            }
            breached.add((it["clock"], it["run"]))
    for kind in ("clock_started", "clock_stopped"):
        runs = [(it["clock"], it["run"]) for it in told if it["what"] == kind]
        assert len(runs) == len(set(runs))


@settings(max_examples=150, deadline=None)
@given(streams(), declarations(), st.lists(st.integers(0, 24_000), max_size=8), st.randoms())
def test_how_the_work_is_cut_up_and_when_a_declaration_became_visible_changes_nothing(
    stream: list[Event], declared: list[Declared], cuts: list[int], chance: Any
) -> None:
    whole = facts(advance(None, stream, default_policy(), END, declared=declared))
    state: TicketClocks | None = None
    told: list[dict[str, Any]] = []
    done = MONDAY - 1 * MIN
    for until in [*sorted(MONDAY + minutes * MIN for minutes in cuts), END]:
        ready = [it for it in stream if done < it.time <= until]
        # Whoever works up to an instant before an outage's place may or may not see it, and in any order.
        seen = [it for it in declared if it.after <= until or chance.random() < 0.5]
        chance.shuffle(seen)
        progress = advance(state, ready, default_policy(), until, declared=seen)
        told += facts(progress)
        state, done = from_json(to_json(progress.state)), until
        again = advance(state, [], default_policy(), until, declared=seen)
        assert (again.state, again.happenings) == (state, ())
    assert told == whole


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300)), min_size=1, max_size=4))
def test_an_outage_declared_in_pieces_that_overlap_gives_back_what_the_whole_would(
    pieces: list[tuple[int, int]],
) -> None:
    spans = [(MONDAY + start * MIN, MONDAY + (start + length) * MIN) for start, length in pieces]
    in_pieces = run(SILENT, MONDAY + 90 * H, declared=[Declared(a, b, b, MONDAY, WHY) for a, b in spans])
    as_one = run(SILENT, MONDAY + 90 * H, declared=[Declared(a, b, b, MONDAY, WHY) for a, b in united(spans)])
    assert breaches(in_pieces) == breaches(as_one)
