"""Waiting for the customer: clocks whose row says so stand still, and are due later by the time that they stood still.

From `customer_asked` to the next `customer_replied`, or to the end of the ticket. Asked again is no second pause.
"""

from datetime import datetime

from amends.frozen import altered
from amends.policy.rows import ClockRow
from sla_svc.decisions.draft import Draft
from sla_svc.decisions.lost_time import due_by_row, moved_on, without
from sla_svc.decisions.state import Run, Spans

REASON = "waited for the customer"


def customer_asked(draft: Draft) -> None:
    """Stop the time of every running clock that pauses; what was breached, or is due now, stays so."""
    if draft.state.phase != "open" or draft.state.waiting_since is not None:
        return
    draft.state = altered(draft.state, waiting_since=draft.at)
    for run in draft.running():
        if run.state == "running" and run.due_at > draft.at and draft.row(run).waits_for_customer:
            draft.put(altered(run, paused_since=draft.at))


def customer_replied(draft: Draft) -> None:
    """Let the paused clocks run on, each due later by the time of its own that the pause took."""
    if draft.state.waiting_since is None:
        return
    draft.state = altered(draft.state, waiting_since=None)
    for run in draft.running():
        if run.paused_since is not None:
            row = draft.row(run)
            resumed = resume(run, draft.at)
            due_at, outages = due_again(draft, run, resumed, row)
            draft.move(resumed, row, due_at, REASON, extended=run.due_extended, outages=outages)


def resume(run: Run, at: datetime) -> Run:
    """Return the run with its pause ended. Nothing of it fires before: it was not due while it stood still."""
    if run.paused_since is None:
        return run
    return altered(run, paused_since=None, due_set_at=at, pauses=(*run.pauses, (run.paused_since, at)))


def restart_pause(run: Run, at: datetime) -> Run:
    """Return the run with its pause, if it is in one, begun anew: a due time that is set now knew of the wait so far."""
    if run.paused_since is None:
        return run
    return altered(run, pauses=(*run.pauses, (run.paused_since, at)), paused_since=at)


def due_again(draft: Draft, paused: Run, resumed: Run, row: ClockRow) -> tuple[datetime, Spans]:
    """Return when a resumed run is due, and the outages that this gives back.

    By its row, or, where a leader set its due time, later by the wait; what an outage gave back is not given again.
    """
    if not paused.due_extended:
        return due_by_row(resumed, row, draft.policy)
    if paused.paused_since is None:
        return paused.due_at, paused.outages
    waited = without(paused.paused_since, draft.at, paused.outages)
    return moved_on(paused.due_at, waited, row, draft.policy), paused.outages
