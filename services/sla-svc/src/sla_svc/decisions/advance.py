"""A ticket's events and timers in their order: time, inputs before timers at one instant (DESIGN, "Order").

Live and simulated run this very function; live hands it what the watermarks have made complete.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, TICKET_TOPIC, topic_of
from amends.events.ticket import TicketContacted, TicketOpened
from amends.policy.model import Policy
from sla_svc.decisions.apply import NotOpened, apply
from sla_svc.decisions.declared import Declared, concerns, give_back, in_place
from sla_svc.decisions.fire import Timer, fire, first_timer
from sla_svc.decisions.state import Run, TicketClocks

SOURCE_ORDER = {TICKET_TOPIC: 0, CONTACT_TOPIC: 1, COMPENSATION_TOPIC: 2}
"""Which of two events of one ticket at one instant comes first."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What was worked, with what came of it. `cause`: the event; `timer`: the timer; neither: a declared outage."""

    at: datetime
    cause: Event | None
    timer: Timer | None
    facts: tuple[EventData, ...]
    ended: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A ticket brought up to an instant: its state, what happened, and when the next timer is set."""

    state: TicketClocks
    happenings: tuple[Happening, ...]
    next_at: datetime | None


def is_opening(event: Event) -> bool:
    """Say whether this event opens its ticket."""
    return event.type == TicketOpened.wire_type


def in_order(events: Sequence[Event]) -> list[Event]:
    """Return a ticket's events in the order in which they are applied; its `opened` is the first of all."""
    return sorted(events, key=_order)


def _order(event: Event) -> tuple[bool, datetime, int, int]:
    topic = topic_of(event.type)
    # Two services' clocks may differ: nothing that happened to a ticket happened before it was opened.
    return (not is_opening(event), event.time, SOURCE_ORDER[topic], event.sequence or 0)


def advance(
    state: TicketClocks | None,
    events: Sequence[Event],
    policy: Policy,
    up_to: datetime,
    *,
    robot_on: Callable[[datetime], bool] = lambda _: False,
    in_outage: Callable[[datetime], bool] = lambda _: False,
    declared: Sequence[Declared] = (),
) -> Progress:
    """Apply the events (all of them recorded at or before `up_to`) and fire every timer due by then.

    `robot_on`: whether the tenant's robot answered at an instant. `in_outage`: whether a deadline lies where departments
    could not reply. `declared`: the tenant's declared outages, each known from its place on.

    Raises:
        NotOpened: there is neither a state nor an `opened` among the events.
    """
    course = _Course(policy, in_outage, deque(in_place(declared)))
    for event in in_order(events):
        state = course.until(state, event.time, inclusive=False)
        by_robot = event.type == TicketContacted.wire_type and robot_on(event.time)
        step = apply(state, event, policy, robot_on=by_robot)
        state = course.took(Happening(event.time, event, None, step.facts, step.ended), step.state)
    state = course.until(state, up_to, inclusive=True)
    if state is None:
        raise NotOpened("a ticket without events has no clocks")
    first = first_timer(state, policy)
    return Progress(state, tuple(course.happenings), None if first is None else first.at)


@dataclass(slots=True)
class _Course:
    """What happens to a ticket on its way to an instant. `ahead`, `known`: declared outages not reached yet, and others."""

    policy: Policy
    in_outage: Callable[[datetime], bool]
    ahead: deque[Declared]
    known: list[Declared] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    def until(self, state: TicketClocks | None, until: datetime, *, inclusive: bool) -> TicketClocks | None:
        """Fire what is due before the instant (`inclusive`: or at it), and give back declared outages at their places."""
        while self.ahead and (self.ahead[0].after < until or (inclusive and self.ahead[0].after == until)):
            outage = self.ahead.popleft()
            state = self._fire(state, outage.after, inclusive=True)
            self.known.append(outage)
            state = None if state is None else self._give_back(state, outage.after)
        return self._fire(state, until, inclusive=inclusive)

    def took(self, happening: Happening, state: TicketClocks) -> TicketClocks:
        """Keep what happened; what it let be due in a declared outage moves on at once."""
        self.happenings.append(happening)
        return self._give_back(state, happening.at)

    def _fire(self, state: TicketClocks | None, until: datetime, *, inclusive: bool) -> TicketClocks | None:
        while state is not None and (first := first_timer(state, self.policy)) is not None:
            if first.at > until or (first.at == until and not inclusive):
                break
            step = fire(state, first, self.policy, in_outage=self.in_outage(first.due_at))
            state = self.took(Happening(first.at, None, first, step.facts, step.ended), step.state)
        return state

    def _give_back(self, state: TicketClocks, at: datetime) -> TicketClocks:
        if not any(concerns(outage, run) for outage in self.known for run in state.runs):
            return state
        step = give_back(state, self.policy, at, self.known)
        if step.facts:
            # Nothing of the ticket's caused it: an extension that had no effect must not look as if it had moved a clock.
            self.happenings.append(Happening(at, None, None, step.facts, ()))
        return step.state
