"""What notify knows of a ticket: a fold over intake's events. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.ticket import (
    TicketAssigned,
    TicketClosed,
    TicketDepartmentAsked,
    TicketOpened,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
)
from amends.frozen import altered, frozen
from amends.policy.choose import TicketFacts
from amends.policy.facts import facts_of
from amends.policy.model import Policy


@frozen
class Ticket:
    """A ticket as intake's events tell it; never a name, an address or a text of a person.

    `facts`: the data of `opened`, with every later change laid over it. `asked`: the departments asked, with intake's
    sequence of each request, oldest first.
    `settled`: resolved or closed now. `opened_at`: when intake recorded it; `accepted_at`: from when its clocks run.
    """

    ticket_id: str
    tenant: str
    policy_version: int
    opened_at: datetime
    accepted_at: datetime
    facts: Mapping[str, Any]
    asked: tuple[tuple[int, str], ...] = ()
    settled: bool = False
    reopenings: int = 0

    def department(self, as_of_sequence: int | None = None) -> str | None:
        """Return whom a message to the department reaches: the one asked last, else the ticket's own.

        `as_of_sequence`: what was asked after intake's event of this sequence does not count: a reminder is for the
        department that missed its deadline, not for the one asked since.
        """
        asked = [name for at, name in self.asked if as_of_sequence is None or at <= as_of_sequence]
        return asked[-1] if asked else self.facts.get("department")

    @property
    def customer(self) -> Mapping[str, Any]:
        """Return who the customer is, by reference."""
        found: Mapping[str, Any] = self.facts.get("customer") or {}
        return found

    @property
    def number(self) -> str:
        """Return what people call the ticket by."""
        return str(self.facts.get("ticket_no") or self.ticket_id)

    def scope(self, policy: Policy) -> TicketFacts:
        """Return what policy rows ask of it, as it stands now (G4: one level up at each reopening)."""
        levels_up = policy.reopening.levels_up if policy.reopening else 0
        return facts_of(policy, self.tenant, self.facts, levels_up=self.reopenings * levels_up)


def opened(event: Event, data: TicketOpened, version: int) -> Ticket:
    """Return the ticket that `opened` begins, under the policy version that it pins."""
    facts = {name: value for name, value in data.to_data().items() if name != "evidence"}
    return Ticket(event.subject, event.tenantid, version, event.time, data.accepted(event.time), facts)


def after(ticket: Ticket, data: EventData, sequence: int) -> Ticket:
    """Return the ticket after one more of intake's events, its `sequence`th."""
    fold = _FOLDS.get(type(data))
    return ticket if fold is None else fold(ticket, data, sequence)


def _reclassified(ticket: Ticket, data: TicketReclassified, _sequence: int) -> Ticket:
    changed = {name: value for name, value in data.to_data().items() if name != "evidence"}
    return altered(ticket, facts={**ticket.facts, **changed})


def _assigned(ticket: Ticket, data: TicketAssigned, _sequence: int) -> Ticket:
    return altered(ticket, facts={**ticket.facts, "owner": data.owner})


def _department_asked(ticket: Ticket, data: TicketDepartmentAsked, sequence: int) -> Ticket:
    return altered(ticket, asked=(*ticket.asked, (sequence, data.department)))


def _settled(ticket: Ticket, _data: EventData, _sequence: int) -> Ticket:
    return ticket if ticket.settled else altered(ticket, settled=True)


def _reopened(ticket: Ticket, _data: TicketReopened, _sequence: int) -> Ticket:
    return altered(ticket, settled=False, reopenings=ticket.reopenings + 1) if ticket.settled else ticket


_FOLDS: Mapping[type[EventData], Callable[[Ticket, Any, int], Ticket]] = {
    TicketReclassified: _reclassified,
    TicketAssigned: _assigned,
    TicketDepartmentAsked: _department_asked,
    TicketResolved: _settled,
    TicketClosed: _settled,
    TicketReopened: _reopened,
}
"""What the events say that change something here."""
