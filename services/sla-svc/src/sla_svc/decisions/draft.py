"""One step of a ticket's clocks, being worked out: what starts, moves and stops, and the facts that say so.

A draft never leaves the function that made it; what goes in and comes out of a decision are frozen values. Its runs are
taken out of the state and put back once, in `done`: between, ask the draft for them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.events.data import EventData
from amends.events.sla import SlaClockMoved, SlaClockStarted, SlaClockStopped
from amends.frozen import altered, frozen
from amends.policy.choose import TicketFacts
from amends.policy.due import Due, calendar_confirmed, due, due_at_agreed, warn_for
from amends.policy.index import index_of
from amends.policy.model import Policy
from amends.policy.rows import ClockRow, Stop
from sla_svc.decisions.state import ORDER, Move, Run, RunState, Spans, TicketClocks


@frozen
class Step:
    """What one event or timer changed: the state after it, the facts in their order, and the runs that it ended."""

    state: TicketClocks
    facts: tuple[EventData, ...] = ()
    ended: tuple[Run, ...] = ()


@dataclass(slots=True)
class Draft:
    """A step in the making, at the time of the event or timer that makes it."""

    state: TicketClocks
    policy: Policy
    at: datetime
    sequence: int | None = None
    """Of the ticket's own event that makes the step, to be remembered."""
    facts: list[EventData] = field(default_factory=list)
    ended: list[Run] = field(default_factory=list)
    _runs: dict[str, Run] = field(init=False)
    _runs_changed: bool = False
    _counts: Mapping[str, int] = field(init=False)
    _named: Mapping[tuple[str, str], ClockRow] = field(init=False)

    def __post_init__(self) -> None:
        self._runs = {run.clock: run for run in self.state.runs}
        self._counts = self.state.counts or {}
        self._named = index_of(self.policy.clocks).named

    def done(self) -> Step:
        """Return the finished step."""
        state = self.state
        changed: dict[str, Any] = {}
        if self._runs_changed:
            changed = {"runs": self.running(), "counts": self._counts or None}
        if self.sequence is not None:
            changed["sequences"] = (*state.sequences, (self.sequence, self.at))
        return Step(altered(state, **changed) if changed else state, tuple(self.facts), tuple(self.ended))

    def asked(self) -> TicketFacts:
        """Return what the policy's rows ask of the ticket as it stands."""
        return self.state.facts(self.policy)

    def last_sequence(self, until: datetime) -> int:
        """Return the sequence of the ticket's last own event with `time` ≤ until; 0 when there is none."""
        return self.state.last_sequence(until)

    def run(self, clock: str) -> Run | None:
        """Return the clock's run that is not stopped, if any."""
        return self._runs.get(clock)

    def running(self) -> tuple[Run, ...]:
        """Return the runs that are not stopped, in CONTRACT §3's order."""
        if not self._runs_changed:
            return self.state.runs
        return tuple(sorted(self._runs.values(), key=_order))

    def row(self, run: Run) -> ClockRow:
        """Return the row that a run follows.

        Raises:
            LookupError: the policy has no such row: the state was made under another policy.
        """
        row = self._named.get((run.clock, run.rule))
        if row is None:
            raise LookupError(
                f"policy version {self.state.policy_version} of {self.state.tenant} has no row {run.rule}/{run.clock}"
            )
        return row

    def put(self, run: Run) -> None:
        """Keep a run as it is now."""
        self._runs[run.clock] = run
        self._runs_changed = True

    def start(self, row: ClockRow, start_at: datetime, *, agreed: datetime | None = None) -> None:
        """Start the row's clock, unless a run of it is not stopped yet: asked again is no restart."""
        if row.clock in self._runs:
            return
        number = self._counts.get(row.clock, 0) + 1
        self._counts = {**self._counts, row.clock: number}
        reckoned = self._reckon(row, start_at, agreed)
        run = Run(
            clock=row.clock,
            run=number,
            rule=row.id,
            start_at=start_at,
            recorded_at=self.at,
            due_at=reckoned.due_at,
            due_set_at=self.at,
            warn_at=reckoned.warn_at,
            calendar_confirmed=reckoned.calendar_confirmed,
            chosen_for=self.asked(),
            paused_since=self.at if self.state.waiting_since is not None and row.waits_for_customer else None,
        )
        self.put(run)
        self.facts.append(
            SlaClockStarted(
                clock=run.clock,
                run=number,
                rule=run.rule,
                start_at=start_at,
                due_at=run.due_at,
                warn_at=run.warn_at,
                policy_version=self.state.policy_version,
                calendar_confirmed=run.calendar_confirmed,
            )
        )

    def _reckon(self, row: ClockRow, start_at: datetime, agreed: datetime | None) -> Due:
        if agreed is None:
            return due(row, start_at, self.policy)
        return due_at_agreed(row, start_at, agreed, self.policy)

    def move(
        self,
        run: Run,
        row: ClockRow,
        due_at: datetime,
        reason: str,
        *,
        extended: bool,
        outages: Spans = (),
        outage: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Give a run another due time under a row; the same due time is no move, but the row changes all the same.

        `outages`: what the due time gives back of declared outages. `outage`: the one that moves it, if one does.
        """
        moved = due_at != run.due_at
        run = self._paused_by(row, run, due_at)
        changed = altered(
            run,
            rule=row.id,
            due_at=due_at,
            warn_at=warn_for(row, run.start_at, due_at, self.policy, run.pauses),
            calendar_confirmed=calendar_confirmed(row, run.start_at, due_at, self.policy),
            due_extended=extended,
            chosen_for=run.chosen_for if row.id == run.rule else self.asked(),
            due_set_at=self.at if moved else run.due_set_at,
            moves=(*run.moves, Move(self.at, run.due_at, due_at, reason, outage)) if moved else run.moves,
            outages=outages,
        )
        self.put(changed)
        if moved:
            self.facts.append(
                SlaClockMoved(clock=run.clock, run=run.run, moved_from=run.due_at, due_at=due_at, reason=reason)
            )

    def _paused_by(self, row: ClockRow, run: Run, due_at: datetime) -> Run:
        """A run that comes under a row which waits for the customer stands still while we wait; under another it runs.

        So does one that was due before it stood still: waiting hides no breach.
        """
        in_time = due_at > (run.paused_since or self.at)
        waits = self.state.waiting_since is not None and row.waits_for_customer and run.state == "running" and in_time
        if waits and run.paused_since is None:
            return altered(run, paused_since=self.at)
        if not waits and run.paused_since is not None:
            return altered(run, paused_since=None, pauses=(*run.pauses, (run.paused_since, self.at)))
        return run

    def stop(self, run: Run) -> None:
        """End a run because what it waited for came: met, or late when it had breached."""
        self._end(run, "late" if run.state == "breached" else "met")

    def cancel(self, run: Run) -> None:
        """End a run because nobody waits for it any more."""
        self._end(run, "cancelled")

    def _end(self, run: Run, outcome: RunState) -> None:
        del self._runs[run.clock]
        self._runs_changed = True
        pauses = run.pauses if run.paused_since is None else (*run.pauses, (run.paused_since, self.at))
        self.ended.append(altered(run, state=outcome, ended_at=self.at, pauses=pauses, paused_since=None))
        self.facts.append(SlaClockStopped(clock=run.clock, run=run.run, outcome=outcome))

    def stop_answered(self, waits: frozenset[Stop], if_so: Callable[[ClockRow], bool] | None = None) -> tuple[Run, ...]:
        """Stop every run whose row waits for one of these (and of whose row it is so), and return them."""
        if not waits:
            return ()
        stopped = tuple(
            run
            for run in self.running()
            if not waits.isdisjoint((row := self.row(run)).stop) and (if_so is None or if_so(row))
        )
        for run in stopped:
            self.stop(run)
        return stopped


def _order(run: Run) -> int:
    return ORDER[run.clock]
