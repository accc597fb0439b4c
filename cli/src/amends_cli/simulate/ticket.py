"""One ticket in a simulation: what each service would know of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from amends.events.compensation import CompensationDecided
from amends.events.envelope import Event
from amends.events.sla import SlaDeadlineBreached
from amends_cli.simulate.telling import Said
from compensation_svc.decisions.ticket import TicketView
from notify_svc.decisions.ticket import Ticket as ContactTicket
from sla_svc.decisions.fire import Timer
from sla_svc.decisions.state import Run, TicketClocks


@dataclass(slots=True)
class Remedy:
    """A remedy from held or decided to its end, as compensation stores it.

    `decided`: None while it is held. `budget_day` and `budget_amount`: what it took of a day's budget.
    """

    remedy_id: str
    breach: SlaDeadlineBreached
    breach_said: Said
    state: str
    decided: CompensationDecided | None = None
    charged: bool = False
    budget_day: date | None = None
    budget_amount: int = 0

    @property
    def waits_for_approval(self) -> bool:
        """Say whether a person must still decide."""
        return self.state == "decided" and self.decided is not None and self.decided.approval == "required"


@dataclass(slots=True)
class SimulatedTicket:
    """`views`: the ticket as compensation sees it, after each of its events that changed it, with their sequences.

    `decisive`: the events that can end a hold. `spoken`: the last sequence of each source. `armed`: the timer that is in the queue for it, found for the runs `armed_for`.
    """

    subject: str
    tenant: str
    clocks: TicketClocks
    contact: ContactTicket
    views: list[tuple[int, TicketView]]
    resolved_at: datetime | None = None
    decisive: list[tuple[int, Event]] = field(default_factory=list)
    remedies: list[Remedy] = field(default_factory=list)
    spoken: dict[str, int] = field(default_factory=dict)
    armed: Timer | None = None
    armed_for: tuple[Run, ...] = ()

    @property
    def view(self) -> TicketView:
        """Return the ticket as compensation sees it now."""
        return self.views[-1][1]

    def view_as_of(self, sequence: int) -> TicketView:
        """Return the ticket as its events 1…sequence tell it."""
        return next(view for at, view in reversed(self.views) if at <= sequence or at == 1)

    def decisive_after(self, sequence: int) -> Sequence[Event]:
        """Return the events after this one that can end a hold."""
        return [event for at, event in self.decisive if at > sequence]

    def next_sequence(self, source: str) -> int:
        """Count one more event of a source."""
        count = self.spoken.get(source, 0) + 1
        self.spoken[source] = count
        return count
