"""The services' decisions on virtual time: one queue of timers, one event of the input after the other (CONTRACT §4)."""

import heapq
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Final

from amends.events.compensation import Basis, CompensationApproved, CompensationRejected
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import COMPENSATION_TOPIC, TICKET_TOPIC
from amends.events.ticket import TicketContacted, TicketOpened, TicketRobotSwitched
from amends.policy.model import Policy
from amends_cli.simulate.books import Books, Step
from amends_cli.simulate.cascade import Cascade, Cause
from amends_cli.simulate.contacts import Contacts
from amends_cli.simulate.following import Following
from amends_cli.simulate.reading import BadLine, Heard
from amends_cli.simulate.remedies import Remedies
from amends_cli.simulate.shelf import Shelf
from amends_cli.simulate.telling import INTAKE, Moment, Said
from amends_cli.simulate.ticket import SimulatedTicket
from compensation_svc.decisions.ticket import begun
from notify_svc.decisions import ticket as contact_tickets
from sla_svc.decisions.apply import apply_read
from sla_svc.decisions.fire import Timer, fire, first_timer
from sla_svc.decisions.robot import Switch, robot_on
from sla_svc.decisions.state import ORDER

CLOSED_IN_MEMORY_MAX: Final = 10_000

_INPUT: Final = "input"
"""What the events that a ticket has in the input are counted under."""

Entry = tuple[datetime, datetime, str, int, int, Timer]
"""A timer in the queue: when it fires, what it is about, ticket, CONTRACT §3's order, a number, the timer itself."""


class Simulation:
    """All tickets under one policy. Memory holds the open ones, and a bounded number of closed ones.

    `reopened_by_input`: ids of events after which the input itself holds the reopening. `basis`: what recorded
    decisions saw of balances, where a recording is compared with its simulation.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        reopened_by_input: Collection[str] = (),
        basis: Mapping[Step, Basis] | None = None,
        closed_in_memory_max: int = CLOSED_IN_MEMORY_MAX,
    ) -> None:
        self._policy = policy
        self._remedies = Remedies(policy, Books(policy, basis))
        self._following = Following(policy, self._remedies, reopened_by_input)
        self._contacts = Contacts.under(policy)
        self._open: dict[str, SimulatedTicket] = {}
        self._closed = Shelf[SimulatedTicket](closed_in_memory_max)
        self._switches: dict[str, list[Switch]] = {}
        self._queue: list[Entry] = []
        self._entries = 0

    def hear(self, heard: Heard) -> list[Said]:
        """Apply the next event of the input and return what it causes; the timers before it have fired.

        Raises:
            BadLine: it is about a ticket that was not opened before, or cannot be reckoned with.
        """
        if isinstance(heard.fact, TicketRobotSwitched):
            self._switches[heard.tenant] = [(heard.time, heard.fact.on)]
            return []
        try:
            return self._about_ticket(heard)
        except BadLine:
            raise
        except (ValueError, ArithmeticError) as error:
            raise BadLine(heard.line, heard.type, str(error)) from error

    def fire_before(self, until: datetime) -> Iterator[list[Said]]:
        """Fire the timers that are due before an instant."""
        while self._queue and self._queue[0][0] < until:
            yield from self._fire_next()

    def fire_until(self, until: datetime) -> Iterator[list[Said]]:
        """Fire the timers that are due at or before an instant."""
        while self._queue and self._queue[0][0] <= until:
            yield from self._fire_next()

    def _fire_next(self) -> Iterator[list[Said]]:
        entry = heapq.heappop(self._queue)
        timer = entry[-1]
        ticket = self._open.get(entry[2])
        if ticket is None or ticket.armed is not timer:
            return
        cascade = Cascade(ticket, Moment(timer.at))
        self._following.clocks(cascade, fire(ticket.clocks, timer, self._policy), None)
        yield self._finished(cascade, None)

    def _about_ticket(self, heard: Heard) -> list[Said]:
        if isinstance(heard.fact, TicketOpened):
            return self._opened(heard, heard.fact)
        ticket = self._find(heard)
        if self._following.ignores(ticket, heard.fact):
            self._keep(ticket)
            return []
        cascade = Cascade(ticket, _named(heard, ticket.next_sequence(_INPUT)))
        if heard.topic == TICKET_TOPIC:
            event = _event(heard, ticket.next_sequence(INTAKE))
            self._following.own(cascade, event, heard.fact, heard, robot_on=self._robot_on(heard))
        elif heard.topic == COMPENSATION_TOPIC:
            self._decided_by_a_person(cascade, heard.fact, heard)
        else:
            self._following.contact(cascade, _event(heard, None), heard.fact, heard)
            return self._finished(cascade, None)
        return self._finished(cascade, heard)

    def _opened(self, heard: Heard, fact: TicketOpened) -> list[Said]:
        if heard.subject in self._open or (known := self._closed.take(heard.subject)) is not None:
            if heard.subject not in self._open and known is not None:
                self._keep(known)
            raise BadLine(heard.line, "subject", f"ticket {heard.subject} was opened before")
        moment = _named(heard, 1)
        event = _event(heard, 1)
        step = apply_read(None, event, fact, self._policy)
        ticket = SimulatedTicket(
            subject=heard.subject,
            tenant=heard.tenant,
            clocks=step.state,
            contact=contact_tickets.opened(event, fact, fact.policy_version or 1),
            views=[(1, begun(event, fact))],
        )
        ticket.spoken |= {_INPUT: 1, INTAKE: 1}
        self._remedies.note(ticket, event, fact, 1)
        cascade = Cascade(ticket, moment)
        self._following.clocks(cascade, step, heard)
        return self._finished(cascade, heard)

    def _find(self, heard: Heard) -> SimulatedTicket:
        ticket = self._open.get(heard.subject) or self._closed.take(heard.subject)
        if ticket is None:
            raise BadLine(heard.line, "subject", f"{heard.type} of {heard.subject} comes before the ticket is opened")
        return ticket

    def _decided_by_a_person(self, cascade: Cascade, fact: EventData, cause: Cause) -> None:
        if isinstance(fact, CompensationApproved):
            self._following.issued(cascade, self._remedies.approved(cascade, fact, cause))
        elif isinstance(fact, CompensationRejected):
            self._remedies.rejected(cascade, fact)

    def _robot_on(self, heard: Heard) -> bool:
        """Say whether the robot answers; only a contact by a robot asks."""
        fact = heard.fact
        if not isinstance(fact, TicketContacted) or fact.by != "robot":
            return False
        return robot_on(self._policy, self._switches.get(heard.tenant, ()), heard.time)

    def _finished(self, cascade: Cascade, heard: Heard | None) -> list[Said]:
        self._contacts.follow(cascade, heard)
        self._keep(cascade.ticket)
        return cascade.said

    def _keep(self, ticket: SimulatedTicket) -> None:
        """Set the ticket's next timer, and put a closed one away."""
        runs = ticket.clocks.runs
        if runs is not ticket.armed_for:
            ticket.armed_for = runs
            self._arm(ticket, first_timer(ticket.clocks, self._policy))
        if ticket.armed is None and ticket.clocks.phase == "closed":
            self._open.pop(ticket.subject, None)
            self._closed.put(ticket.subject, ticket)
        else:
            self._open[ticket.subject] = ticket

    def _arm(self, ticket: SimulatedTicket, timer: Timer | None) -> None:
        if timer == ticket.armed:
            return
        ticket.armed = timer  # the entry of the one before is passed over when its time comes
        if timer is not None:
            self._entries += 1
            place = (timer.at, timer.due_at, ticket.subject, ORDER[timer.clock])
            heapq.heappush(self._queue, (*place, self._entries, timer))


def _named(heard: Heard, number: int) -> Moment:
    """Give its ticket's so manyth event of the input an id, if it has none, and return its moment."""
    moment = Moment(heard.time)
    heard.id = heard.id or moment.id_of(heard.tenant, heard.subject, _INPUT, str(number))
    heard.correlationid = heard.correlationid or heard.id
    return moment


def _event(heard: Heard, sequence: int | None) -> Event:
    subject = heard.subject
    return Event(
        heard.id,
        INTAKE,
        heard.type,
        subject,
        heard.time,
        subject,
        heard.tenant,
        heard.data,
        sequence,
        heard.correlationid,
    )
