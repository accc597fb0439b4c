"""Outages that a person declared: a running clock that is due in one gets back what it lost by it (docs/adr, 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from sla_svc.decisions.draft import Draft, Step
from sla_svc.decisions.lost_time import moved_on, united, waits_of, without
from sla_svc.decisions.state import Run, TicketClocks


@dataclass(frozen=True, slots=True)
class Declared:
    """An outage as it was declared.

    `held_until`: deadlines up to then count as in it. `after`: its place among a ticket's events and timers, behind all
    that were recorded or due at or before this instant: what was certain when it was declared stays as it was.
    """

    since: datetime
    until: datetime
    held_until: datetime
    after: datetime
    reason: str


def in_place(declared: Sequence[Declared]) -> list[Declared]:
    """Return outages in the order in which they take their places."""
    return sorted(declared, key=lambda it: (it.after, it.since, it.until, it.reason))


def concerns(outage: Declared, run: Run) -> bool:
    """Say whether a run is due in an outage, or was given one that this one touches, so that both are one."""
    if run.state != "running" or run.paused_since is not None:
        return False  # a breach stands; a run that stands still is looked at when it goes on
    if outage.since < run.due_at <= outage.held_until:
        return True
    return any(start <= outage.until and outage.since <= end for start, end in run.outages)


def give_back(state: TicketClocks, policy: Policy, at: datetime, known: Sequence[Declared]) -> Step:
    """Return the step in which every run gets back what it lost by the outages known at an instant.

    Deadlines move later only, and each instant of an outage counts once, however often it was declared or this is done.
    """
    draft = Draft(state, policy, at)
    for run in state.runs:
        _give_back(draft, run, known)
    return draft.done()


def _give_back(draft: Draft, run: Run, known: Sequence[Declared]) -> None:
    row = draft.row(run)
    for outage in sorted(known, key=lambda it: (it.since, it.until, it.after)):
        due_at = _due_after(outage, run, row, draft.policy)
        if due_at > run.due_at:
            span = (max(outage.since, run.start_at), outage.until)
            given = united((*run.outages, span))
            why = (outage.since, outage.until)
            draft.move(run, row, due_at, outage.reason, extended=run.due_extended, outages=given, outage=why)
            _give_back(draft, draft.run(run.clock) or run, known)  # it may be due in another one now
            return


def _due_after(outage: Declared, run: Run, row: ClockRow, policy: Policy) -> datetime:
    """Return when a run is due that was not held to this outage; to what it was given already it is not held twice."""
    if not concerns(outage, run):
        return run.due_at
    lost = without(max(outage.since, run.start_at), outage.until, (*waits_of(run, row), *run.outages))
    return moved_on(run.due_at, lost, row, policy)
