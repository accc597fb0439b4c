"""What one event of the input, or one timer, causes: all at its instant, in the order in which it is written."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from amends.events.data import EventData
from amends_cli.simulate.telling import Moment, Said
from amends_cli.simulate.ticket import SimulatedTicket


class Cause(Protocol):
    """An event that leads to others: one of the input, or one that was said."""

    id: str
    correlationid: str
    fact: EventData


@dataclass(slots=True)
class Cascade:
    """One ticket's new events at one instant."""

    ticket: SimulatedTicket
    moment: Moment
    said: list[Said] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """Return when all of it happens."""
        return self.moment.at

    def tell(self, source: str, fact: EventData, cause: Cause | None) -> Said:
        """Add a fact. Without a cause a timer led to it."""
        ticket = self.ticket
        subject, tenant = ticket.subject, ticket.tenant
        sequence = ticket.next_sequence(source)
        own_id = self.moment.id_of(tenant, subject, source, str(sequence))
        correlation, causation = (own_id, None) if cause is None else (cause.correlationid, cause.id)
        said = Said(own_id, source, subject, tenant, self.moment, sequence, fact, correlation, causation)
        self.said.append(said)
        return said
