"""A ticket's events and timers in their order: time, inputs before timers at one instant (DESIGN, "Order").

Live and simulated run this very function; live hands it what the watermarks have made complete.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, TICKET_TOPIC, topic_of
from amends.events.ticket import TicketContacted, TicketOpened
from amends.policy.model import Policy
from sla_svc.decisions.apply import NotOpened, apply
from sla_svc.decisions.fire import Timer, fire, first_timer
from sla_svc.decisions.state import Run, TicketClocks

SOURCE_ORDER = {TICKET_TOPIC: 0, CONTACT_TOPIC: 1, COMPENSATION_TOPIC: 2}
"""Which of two events of one ticket at one instant comes first."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event or timer that was worked, with what came of it. `cause` is the event; None: a timer did it."""

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
) -> Progress:
    """Apply the events (all of them recorded at or before `up_to`) and fire every timer due by then.

    `robot_on`: whether the tenant's robot answered at an instant. `in_outage`: whether a deadline lies where departments
    could not reply.

    Raises:
        NotOpened: there is neither a state nor an `opened` among the events.
    """
    happenings: list[Happening] = []
    for event in in_order(events):
        if state is not None:
            state = _fire_until(state, policy, event.time, happenings, in_outage, inclusive=False)
        by_robot = event.type == TicketContacted.wire_type and robot_on(event.time)
        step = apply(state, event, policy, robot_on=by_robot)
        state = step.state
        happenings.append(Happening(event.time, event, None, step.facts, step.ended))
    if state is None:
        raise NotOpened("a ticket without events has no clocks")
    state = _fire_until(state, policy, up_to, happenings, in_outage, inclusive=True)
    first = first_timer(state, policy)
    return Progress(state, tuple(happenings), None if first is None else first.at)


def _fire_until(
    state: TicketClocks,
    policy: Policy,
    until: datetime,
    happenings: list[Happening],
    in_outage: Callable[[datetime], bool],
    *,
    inclusive: bool,
) -> TicketClocks:
    while (first := first_timer(state, policy)) is not None:
        if first.at > until or (first.at == until and not inclusive):
            break
        step = fire(state, first, policy, in_outage=in_outage(first.due_at))
        state = step.state
        happenings.append(Happening(first.at, None, first, step.facts, step.ended))
    return state
