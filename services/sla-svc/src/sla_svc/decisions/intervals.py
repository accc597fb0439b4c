"""How the time of a run was spent: when it ran, stood still for the customer, was given back, was closed, was overdue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from sla_svc.decisions.lost_time import waits_of
from sla_svc.decisions.state import Run, Spans

Spent = Literal["ran", "paused", "outage", "closed", "overdue"]


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `end` a run did one thing; `end` None: it still does."""

    spent: Spent
    start: datetime
    end: datetime | None


def intervals(run: Run, row: ClockRow, policy: Policy) -> tuple[Interval, ...]:
    """Return how a run's time is spent from its start to its end, without a gap; of one that runs, to its due time.

    Closed time counts for nothing, so it is closed also while we wait for the customer, and a wait counts for nothing in
    an outage either. Overdue is what lies after the due time, whatever the hour.
    """
    until = run.due_at if run.ended_at is None else min(run.ended_at, run.due_at)
    if run.paused_since is not None:
        until = run.paused_since
    pieces = list(_pieces(run, row, policy, until))
    if run.paused_since is not None:
        pieces.append(Interval("paused", run.paused_since, None))
    elif run.state == "breached" or (run.ended_at is not None and run.ended_at > run.due_at):
        pieces.append(Interval("overdue", max(run.start_at, run.due_at), run.ended_at))
    return tuple(pieces)


def time_run(pieces: tuple[Interval, ...]) -> timedelta:
    """Return for how long it ran: what counts toward the target."""
    return sum((it.end - it.start for it in pieces if it.spent == "ran" and it.end is not None), timedelta(0))


def _pieces(run: Run, row: ClockRow, policy: Policy, until: datetime) -> Iterator[Interval]:
    if until <= run.start_at:
        return
    pauses = waits_of(run, row)
    opened = (
        [(run.start_at, until)]
        if row.calendar is None
        else list(policy.calendar(row.calendar).open_between(run.start_at, until))
    )
    edges = {run.start_at, until, *(edge for span in (*opened, *pauses, *run.outages) for edge in span)}
    known = sorted(edge for edge in edges if run.start_at <= edge <= until)
    last: Interval | None = None
    for start, end in pairwise(known):
        spent = _spent(start, opened, pauses, run.outages)
        if last is not None and last.spent == spent:
            last = Interval(spent, last.start, end)
            continue
        if last is not None:
            yield last
        last = Interval(spent, start, end)
    if last is not None:
        yield last


def _spent(at: datetime, opened: Sequence[tuple[datetime, datetime]], pauses: Spans, outages: Spans) -> Spent:
    if not any(start <= at < end for start, end in opened):
        return "closed"
    if any(start <= at < end for start, end in pauses):
        return "paused"
    return "outage" if any(start <= at < end for start, end in outages) else "ran"
