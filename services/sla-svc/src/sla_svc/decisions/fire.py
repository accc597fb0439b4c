"""What the passing of time does: warnings, breaches, second steps, and what the policy lets follow (CONTRACT §3).

Everything is computed from due times, never from when a timer was found: processing late changes nothing.
"""

from datetime import datetime
from typing import Literal

from amends.events.sla import SlaDeadlineBreached, SlaDeadlineWarned, SlaEscalated, SlaPenaltyIncurred
from amends.frozen import altered, frozen
from amends.policy.choose import row_for
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from amends.policy.steps import BreachStep
from amends.policy.values import ClockName
from sla_svc.decisions.draft import Draft, Step
from sla_svc.decisions.state import Run, TicketClocks

FIRST: BreachStep = 1
SECOND: BreachStep = 2


TimerKind = Literal["warning", "breach", "second_step"]
_Set = tuple[datetime, datetime, TimerKind]
"""A timer of some run: when it fires, the instant that it is about, and what it is."""


@frozen
class Timer:
    """Something that happens at `at` unless an event comes first.

    `due_at`: the instant that it is about, which is earlier than `at` when the clock was started or moved after it.
    """

    at: datetime
    due_at: datetime
    clock: ClockName
    what: TimerKind


def first_timer(state: TicketClocks, policy: Policy) -> Timer | None:
    """Return the timer that fires first, if any is set."""
    first: tuple[datetime, datetime] | None = None
    found: tuple[ClockName, TimerKind] | None = None
    for run in state.runs:  # in CONTRACT §3's order, which decides between equal instants
        if first is not None and (run.warn_at or run.due_at) > first[0]:
            continue  # whatever it fires, it fires later
        timer = _next_of(run, policy)
        if timer is not None and (first is None or timer[:2] < first):
            first, found = timer[:2], (run.clock, timer[2])
    return None if first is None or found is None else Timer(*first, *found)


def _next_of(run: Run, policy: Policy) -> _Set | None:
    """Return the timer of a run that fires first."""
    if run.paused_since is not None:
        return None
    if run.state == "breached":
        second_at = None if SECOND in run.steps else _second_due(run, policy)
        return None if second_at is None else (max(second_at, run.due_set_at), second_at, "second_step")
    warn_at = run.warn_at
    if warn_at is not None and run.due_at not in run.warned:
        at = max(warn_at, run.due_set_at)
        if at < run.due_at:
            return at, warn_at, "warning"
    return _breach_of(run)


def _breach_of(run: Run) -> _Set:
    return max(run.due_at, run.due_set_at), run.due_at, "breach"


def _timers_of(run: Run, policy: Policy) -> list[Timer]:
    following = _next_of(run, policy)
    if following is None:
        return []
    found = [following, _breach_of(run)] if following[2] == "warning" else [following]
    return [Timer(at, due_at, run.clock, what) for at, due_at, what in found]


def _second_due(run: Run, policy: Policy) -> datetime | None:
    """Return when the same run breaches a second time: so long after the due time that it missed first (G1)."""
    row = policy.row(run.clock, run.rule)
    after = row.second_step_after if row is not None else None
    return None if after is None or run.breached_at is None else run.breached_at + after


def fire(state: TicketClocks, timer: Timer, policy: Policy, *, in_outage: bool = False) -> Step:
    """Return what a timer does; nothing, when its run ended or changed meanwhile.

    `in_outage`: its deadline lies where departments could not reply, so that a breach says so.
    """
    draft = Draft(state, policy, timer.at)
    run = state.run(timer.clock)
    if run is None or timer not in _timers_of(run, policy):
        return draft.done()
    if timer.what == "warning":
        draft.put(altered(run, warned=(*run.warned, run.due_at)))
        draft.facts.append(SlaDeadlineWarned(clock=run.clock, run=run.run, due_at=run.due_at))
    else:
        _breach(draft, run, timer, in_outage=in_outage)
    return draft.done()


def _breach(draft: Draft, run: Run, timer: Timer, *, in_outage: bool) -> None:
    row = draft.row(run)
    step = SECOND if timer.what == "second_step" or row.start == "first_breach" else FIRST
    breached_at = run.due_at if run.breached_at is None else run.breached_at
    breached = altered(run, state="breached", steps=(*run.steps, step), breached_at=breached_at)
    draft.put(altered(breached, in_outage=run.in_outage or in_outage))
    draft.facts.append(
        SlaDeadlineBreached(
            clock=run.clock,
            run=run.run,
            step=step,
            rule=row.id,
            due_at=timer.due_at,
            as_of_sequence=draft.last_sequence(max(timer.due_at, run.recorded_at)),
            in_outage=True if in_outage else None,
        )
    )
    imported_at = draft.state.imported_at
    if imported_at is not None and timer.due_at < imported_at:
        return  # past when it was imported: the breach is recorded, nothing follows from it
    _start_followers(draft, row, step, timer.due_at)
    _escalate(draft, row, step)
    if step == FIRST:
        _penalise(draft, row)


def _start_followers(draft: Draft, row: ClockRow, step: BreachStep, missed_at: datetime) -> None:
    facts = draft.asked()
    for clock in row.started_clocks(step):
        follower = row_for(draft.policy, clock, facts)
        if follower is not None:
            draft.start(follower, missed_at)


def _escalate(draft: Draft, row: ClockRow, step: BreachStep) -> None:
    for entry in row.escalations(step):
        if entry.escalate in draft.state.escalated_to:
            continue
        draft.state = altered(draft.state, escalated_to=(*draft.state.escalated_to, entry.escalate))
        draft.facts.append(SlaEscalated(to=entry.escalate, reason=row.name))


def _penalise(draft: Draft, row: ClockRow) -> None:
    """A ledger entry against the owner, once per ticket, unless it was reported in time (G2); nobody, without an owner."""
    penalty = row.penalty(FIRST)
    owner = draft.state.owner
    if penalty is None or owner is None or draft.state.penalised:
        return
    if any(excuse in draft.state.excuses for excuse in penalty.unless):
        return
    draft.state = altered(draft.state, penalised=True)
    currency = draft.policy.currency
    draft.facts.append(SlaPenaltyIncurred(owner=owner, amount=penalty.amount, currency=currency, rule=penalty.rule))
