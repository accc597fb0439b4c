"""What holds of every stream: runs end once, steps breach once, and how the work is cut up changes nothing."""

from collections import Counter
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sla.streams import MIN, MONDAY, H, asked, contacted, event, facts, numbered, opened, replied

from amends.events.envelope import Event
from amends.instants import parse_instant
from amends.policy.load import default_policy
from sla_svc.decisions.advance import advance
from sla_svc.decisions.state import TicketClocks, from_json, to_json

CASES = ["return_refund", "abnormal_refund", "exchange_out_of_stock", "soothing", "late_delivery", "paper_invoice"]
KINDS = ["consultation", "after_sales", "complaint", "suggestion"]
END = MONDAY + 400 * H


def _happening(what: str, at: datetime, case_type: str, agreed: datetime) -> Event:
    leader: dict[str, Any] = {"by": "chen", "role": "manager", "reason": "parts"}
    made: dict[str, Event] = {
        "asked": asked(at),
        "replied": replied(at),
        "progress": contacted(at, "progress"),
        "agreed": contacted(at, "greeting", agreed_reply_at=agreed.isoformat()),
        "revisit": event("contact.revisit_done", at, revisit_id="r", outcome="solved"),
        "issued": event("compensation.issued", at, remedy_id="r", external_reference="x"),
        "reclassified": event("ticket.reclassified", at, case_type=case_type),
        "level": event("ticket.reclassified", at, kind="complaint", level=1),
        "extended": event("ticket.extended", at, clock="dept_reply", due_at=agreed.isoformat(), **leader),
        "escalated": event("ticket.escalated", at, to="team_leader", by="li", reason="help"),
        "proposed": event("ticket.solution_proposed", at, remedy={"type": "repair", "amount": 1}),
        "resolved": event("ticket.resolved", at, outcome="resolved"),
        "reopened": event("ticket.reopened", at, reason="again"),
        "feedback": event("contact.feedback_given", at, form="spoken"),
        "closed": event("ticket.closed", at),
        "customer_asked": event("ticket.customer_asked", at),
        "customer_replied": event("ticket.customer_replied", at),
    }
    return made[what]


NAMES = ["asked", "replied", "progress", "agreed", "revisit", "issued", "reclassified", "level", "extended"]
NAMES += ["escalated", "proposed", "resolved", "reopened", "feedback", "closed", "customer_asked", "customer_replied"]


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    steps = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 20_000), st.sampled_from(CASES)), max_size=12)
    before = draw(st.integers(0, 4_000))
    first = opened(
        kind=draw(st.sampled_from(KINDS)),
        case_type=draw(st.sampled_from(CASES)),
        channel=draw(st.sampled_from(["chat", "email"])),
        owner="li",
        imported=draw(st.booleans()),
        accepted_at=(MONDAY - before * MIN).isoformat(),
    )
    made = [first]
    for what, minutes, case_type in sorted(draw(steps), key=lambda step: step[1]):
        at = MONDAY + minutes * MIN
        made.append(_happening(what, at, case_type, at + (minutes % 50 - 10) * H))
    return numbered(made)


def _whole(stream: list[Event], until: datetime = END) -> list[dict[str, Any]]:
    return facts(advance(None, stream, default_policy(), until))


@settings(max_examples=150, deadline=None)
@given(streams())
def test_each_started_run_ends_with_at_most_one_stop_and_never_breaches_a_step_twice(stream: list[Event]) -> None:
    told = _whole(stream)
    started = Counter((it["clock"], it["run"]) for it in told if it["what"] == "clock_started")
    stopped = Counter((it["clock"], it["run"]) for it in told if it["what"] == "clock_stopped")
    breached = Counter((it["clock"], it["run"], it["step"]) for it in told if it["what"] == "deadline_breached")
    warned = Counter((it["clock"], it["run"], it["due_at"]) for it in told if it["what"] == "deadline_warned")
    for counted in (started, stopped, breached, warned):
        assert set(counted.values()) <= {1}
    assert set(stopped) <= set(started)
    for clock in {clock for clock, _ in started}:
        runs = sorted(run for name, run in started if name == clock)
        assert runs == list(range(1, len(runs) + 1))
        # Only the last run may still wait.
        assert {(clock, run) for run in runs[:-1]} <= set(stopped)


@settings(max_examples=100, deadline=None)
@given(streams())
def test_a_closed_ticket_has_stopped_every_run(stream: list[Event]) -> None:
    closed = event("ticket.closed", END, len(stream) + 1)
    told = _whole([*stream, closed])
    assert len([it for it in told if it["what"] == "clock_started"]) == len(
        [it for it in told if it["what"] == "clock_stopped"]
    )


@settings(max_examples=100, deadline=None)
@given(streams(), st.lists(st.integers(0, 24_000), max_size=8), st.randoms())
def test_how_the_work_is_cut_up_and_in_which_order_events_arrived_changes_nothing(
    stream: list[Event], cuts: list[int], chance: Any
) -> None:
    shuffled = list(stream)
    chance.shuffle(shuffled)
    state: TicketClocks | None = None
    told: list[dict[str, Any]] = []
    done = MONDAY - 1 * MIN
    for until in [*sorted(MONDAY + minutes * MIN for minutes in cuts), END]:
        ready = [it for it in shuffled if done < it.time <= until]
        progress = advance(state, ready, default_policy(), until)
        told += facts(progress)
        state, done = from_json(to_json(progress.state)), until
        assert state == progress.state
        assert progress.next_at is None or progress.next_at > until
    assert told == _whole(stream)


@settings(max_examples=100, deadline=None)
@given(streams())
def test_facts_come_in_the_order_of_time_and_no_warning_at_or_after_its_due_time(stream: list[Event]) -> None:
    told = _whole(stream)
    assert [it["at"] for it in told] == sorted(it["at"] for it in told)
    for it in told:
        if it["what"] == "deadline_warned":
            assert it["at"] < parse_instant(it["due_at"])
        if it["what"] == "deadline_breached":
            assert it["at"] >= parse_instant(it["due_at"])
            assert it["as_of_sequence"] >= 1
