"""Time that a run is not held to: the outages that it was given back. Deadlines move on by it, in the clock's own time.

Own time is open time where the row has a calendar, elapsed time else, without the run's waits for the customer.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from amends.policy.due import due
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from sla_svc.decisions.state import Run, Spans


def united(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    """Return the same time as spans that neither overlap nor touch, in order."""
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif start < end:
            joined.append((start, end))
    return tuple(joined)


def without(start: datetime, end: datetime, taken: Iterable[tuple[datetime, datetime]]) -> Spans:
    """Return what of the time from start to end lies in none of the taken spans."""
    left: list[tuple[datetime, datetime]] = []
    for taken_start, taken_end in united(taken):
        if start < min(taken_start, end):
            left.append((start, min(taken_start, end)))
        start = max(start, taken_end)
    return tuple(left) if start >= end else (*left, (start, end))


def moved_on(due_at: datetime, lost: Spans, row: ClockRow, policy: Policy) -> datetime:
    """Return a due time that lies later by these spans, of which a clock with a calendar lost its open time only."""
    if row.calendar is None:
        return due_at + sum((end - start for start, end in lost), timedelta(0))
    calendar = policy.calendar(row.calendar)
    return calendar.add(due_at, sum((calendar.elapsed(start, end) for start, end in lost), timedelta(0)))


def waits_of(run: Run, row: ClockRow) -> Spans:
    """Return the waits for the customer that do not count for a run under this row."""
    return run.pauses if row.waits_for_customer else ()


def due_by_row(run: Run, row: ClockRow, policy: Policy) -> tuple[datetime, Spans]:
    """Return when a run is due by a row and its waits, later by the outages it was given, and which of them count.

    What begins after the run is due takes nothing from it.
    """
    if not run.outages:
        return due(row, run.start_at, policy, run.pauses).due_at, ()
    due_at = due(row, run.start_at, policy).due_at
    for start, end in united((*waits_of(run, row), *run.outages)):
        if start < due_at:
            due_at = moved_on(due_at, ((start, end),), row, policy)
    return due_at, tuple(span for span in run.outages if span[0] < due_at)
