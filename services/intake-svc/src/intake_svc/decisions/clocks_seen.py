"""Which clocks of a ticket run, by what intake has seen of sla's events: an extension needs a running one (CONTRACT §3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from amends.events import sla
from amends.events.data import EventData


@dataclass(frozen=True, slots=True)
class SeenClock:
    """The last run of a clock, as far as intake has seen. A breached one still runs, but cannot be extended."""

    clock: str
    run: int
    due_at: datetime
    state: str

    @property
    def extendable(self) -> bool:
        """Whether its due time may still be moved."""
        return self.state == "running"


def seen(known: SeenClock | None, fact: EventData) -> SeenClock | None:
    """Return what is known of a clock after one more event of sla about it."""
    match fact:
        case sla.SlaClockStarted():
            return SeenClock(fact.clock, fact.run, fact.due_at, "running")
        case sla.SlaClockMoved() if known is not None and known.run == fact.run:
            return replace(known, due_at=fact.due_at)
        case sla.SlaClockStopped() if known is not None and known.run == fact.run:
            return replace(known, state="stopped")
        case sla.SlaDeadlineBreached() if known is not None and known.run == fact.run:
            return replace(known, state="breached")
    return known


def clock_of(fact: EventData) -> str | None:
    """Return the clock that an event of sla tells about, if its state depends on it."""
    telling = sla.SlaClockStarted | sla.SlaClockMoved | sla.SlaClockStopped | sla.SlaDeadlineBreached
    return fact.clock if isinstance(fact, telling) else None


Clocks = Mapping[str, SeenClock]
