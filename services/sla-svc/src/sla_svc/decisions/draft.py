"""One step of a ticket's clocks, being worked out: what starts, moves and stops, and the facts that say so.

A draft never leaves the function that made it; what goes in and comes out of a decision are frozen values.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from amends.events.data import EventData
from amends.events.sla import SlaClockMoved, SlaClockStarted, SlaClockStopped
from amends.policy.due import Due, due, due_at_agreed, warn_for
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from sla_svc.decisions.state import ORDER, Move, Run, TicketClocks


@dataclass(frozen=True, slots=True)
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
    facts: list[EventData] = field(default_factory=list)
    ended: list[Run] = field(default_factory=list)

    def done(self) -> Step:
        """Return the finished step."""
        return Step(self.state, tuple(self.facts), tuple(self.ended))

    def running(self) -> tuple[Run, ...]:
        """Return the runs that are not stopped, in CONTRACT §3's order."""
        return self.state.runs

    def row(self, run: Run) -> ClockRow:
        """Return the row that a run follows.

        Raises:
            LookupError: the policy has no such row: the state was made under another policy.
        """
        row = self.policy.row(run.clock, run.rule)
        if row is None:
            raise LookupError(
                f"policy version {self.state.policy_version} of {self.state.tenant} has no row {run.rule}/{run.clock}"
            )
        return row

    def put(self, run: Run) -> None:
        """Keep a run as it is now."""
        others = [other for other in self.state.runs if other.clock != run.clock]
        runs = tuple(sorted((*others, run), key=lambda it: ORDER[it.clock]))
        self.state = replace(self.state, runs=runs)

    def start(self, row: ClockRow, start_at: datetime, *, agreed: datetime | None = None) -> None:
        """Start the row's clock, unless a run of it is not stopped yet: asked again is no restart."""
        if self.state.run(row.clock) is not None:
            return
        counts = self.state.counts or {}
        number = counts.get(row.clock, 0) + 1
        self.state = replace(self.state, counts={**counts, row.clock: number})
        reckoned = self._reckon(row, start_at, agreed)
        self.put(
            Run(
                clock=row.clock,
                run=number,
                rule=row.id,
                start_at=start_at,
                recorded_at=self.at,
                due_at=reckoned.due_at,
                due_set_at=self.at,
                warn_at=reckoned.warn_at,
                calendar_confirmed=reckoned.calendar_confirmed,
                chosen_for=self.state.facts(self.policy),
            )
        )
        self.facts.append(
            SlaClockStarted(
                clock=row.clock,
                run=number,
                rule=row.id,
                start_at=start_at,
                due_at=reckoned.due_at,
                warn_at=reckoned.warn_at,
                policy_version=self.state.policy_version,
                calendar_confirmed=reckoned.calendar_confirmed,
            )
        )

    def _reckon(self, row: ClockRow, start_at: datetime, agreed: datetime | None) -> Due:
        if agreed is None:
            return due(row, start_at, self.policy)
        return due_at_agreed(row, start_at, agreed, self.policy)

    def move(self, run: Run, row: ClockRow, due_at: datetime, reason: str, *, extended: bool) -> None:
        """Give a run another due time under a row; the same due time is no move, but the row changes all the same."""
        moved = due_at != run.due_at
        changed = replace(
            run,
            rule=row.id,
            due_at=due_at,
            warn_at=warn_for(row, run.start_at, due_at, self.policy),
            due_extended=extended,
            chosen_for=run.chosen_for if row.id == run.rule else self.state.facts(self.policy),
            due_set_at=self.at if moved else run.due_set_at,
            moves=(*run.moves, Move(self.at, run.due_at, due_at, reason)) if moved else run.moves,
        )
        self.put(changed)
        if moved:
            self.facts.append(
                SlaClockMoved(clock=run.clock, run=run.run, moved_from=run.due_at, due_at=due_at, reason=reason)
            )

    def stop(self, run: Run) -> None:
        """End a run because what it waited for came: met, or late when it had breached."""
        self._end(run, "late" if run.state == "breached" else "met")

    def cancel(self, run: Run) -> None:
        """End a run because nobody waits for it any more."""
        self._end(run, "cancelled")

    def _end(self, run: Run, outcome: str) -> None:
        self.state = replace(self.state, runs=tuple(it for it in self.state.runs if it.clock != run.clock))
        ended = replace(run, state=outcome, ended_at=self.at)  # type: ignore[arg-type]
        self.ended.append(ended)
        self.facts.append(SlaClockStopped(clock=run.clock, run=run.run, outcome=outcome))

    def stop_where(self, answers: Callable[[ClockRow], bool]) -> tuple[Run, ...]:
        """Stop every run whose row this event answers, and return them."""
        stopped = tuple(run for run in self.running() if answers(self.row(run)))
        for run in stopped:
            self.stop(run)
        return stopped
