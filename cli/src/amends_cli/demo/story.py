"""What happened to one ticket, as the four services published it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import payload
from amends.events.sla import SlaClockStarted
from amends.events.ticket import TicketDepartmentAsked, TicketOpened

Fact = TypeVar("Fact", bound=EventData)


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket's events, in order of time, with their data read."""

    told: tuple[tuple[Event, EventData], ...] = ()

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Story":
        """Tell the story of these events; one that is there twice counts once."""
        once = {event.id: event for event in events}
        in_order = sorted(once.values(), key=lambda event: (event.time, event.source, event.sequence or 0))
        return cls(tuple((event, payload(event)) for event in in_order))

    def all(self, kind: type[Fact]) -> Sequence[Fact]:
        """Return every fact of a kind."""
        return [data for _, data in self.told if isinstance(data, kind)]

    def timed(self, kind: type[Fact]) -> Sequence[tuple[datetime, Fact]]:
        """Return every fact of a kind with when it was recorded."""
        return [(event.time, data) for event, data in self.told if isinstance(data, kind)]

    @property
    def accepted_at(self) -> datetime | None:
        """When the ticket was accepted: where its clocks start."""
        return next((data.accepted(at) for at, data in self.timed(TicketOpened)), None)

    @property
    def asked_at(self) -> datetime | None:
        """When a department was asked first."""
        return next((at for at, _ in self.timed(TicketDepartmentAsked)), None)

    def start(self, clock: str, run: int) -> SlaClockStarted | None:
        """Return how a run of a clock started."""
        found = (data for data in self.all(SlaClockStarted) if (data.clock, data.run) == (clock, run))
        return next(found, None)
