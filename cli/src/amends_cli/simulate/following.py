"""From one event or timer to all that follows: clocks, remedies, clocks again, a reopening (H6), revisits and messages."""

from collections.abc import Collection
from dataclasses import dataclass

from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.sla import SlaDeadlineBreached
from amends.events.ticket import TicketReopened, TicketResolved
from amends.policy.model import Policy
from amends_cli.simulate.cascade import Cascade, Cause
from amends_cli.simulate.remedies import Remedies
from amends_cli.simulate.telling import INTAKE, SLA, Said
from amends_cli.simulate.ticket import SimulatedTicket
from intake_svc.decisions.reopening import may_reopen, reopened_by
from intake_svc.decisions.ticket import Ticket as IntakeTicket
from notify_svc.decisions import ticket as contact_tickets
from sla_svc.decisions.apply import apply_read
from sla_svc.decisions.draft import Step


@dataclass(frozen=True, slots=True)
class Following:
    """Adds to a cascade what sla, compensation and intake say of an event.

    `reopened_by_input`: ids of events after which the input itself holds the reopening.
    """

    policy: Policy
    remedies: Remedies
    reopened_by_input: Collection[str]

    def own(self, cascade: Cascade, event: Event, fact: EventData, cause: Cause, *, robot_on: bool = False) -> None:
        """Follow one of the ticket's own events, its `event.sequence`th."""
        ticket, sequence = cascade.ticket, event.sequence or 0
        ticket.contact = contact_tickets.after(ticket.contact, fact, sequence)
        if isinstance(fact, TicketResolved):
            ticket.resolved_at = event.time
        self.remedies.note(ticket, event, fact, sequence)
        self.clocks(cascade, apply_read(ticket.clocks, event, fact, self.policy, robot_on=robot_on), cause)
        self.issued(cascade, self.remedies.heard(cascade, fact, cause))

    def contact(self, cascade: Cascade, event: Event, fact: EventData, cause: Cause) -> None:
        """Follow what a customer said or was told; an unhappy one reopens the ticket (H6)."""
        ticket = cascade.ticket
        self.clocks(cascade, apply_read(ticket.clocks, event, fact, self.policy), cause)
        if not may_reopen(fact) or event.id in self.reopened_by_input:
            return
        reopened = reopened_by(
            _as_intake_knows(ticket), fact, self.policy, heard_at=event.time, resolved_at=ticket.resolved_at
        )
        if reopened is not None:
            said = cascade.tell(INTAKE, reopened, cause)
            self.own(cascade, said.as_event(), reopened, said)

    def clocks(self, cascade: Cascade, step: Step, cause: Cause | None) -> None:
        """Say what a step of the clocks says, then decide its breaches."""
        ticket = cascade.ticket
        ticket.clocks = step.state
        told = [cascade.tell(SLA, fact, cause) for fact in step.facts]
        for said in told:
            if isinstance(said.fact, SlaDeadlineBreached):
                self.issued(cascade, self.remedies.breached(cascade, said.fact, said))

    def issued(self, cascade: Cascade, issued: list[Said]) -> None:
        """Let the clocks hear what was issued."""
        for said in issued:
            step = apply_read(cascade.ticket.clocks, said.as_event(), said.fact, self.policy)
            self.clocks(cascade, step, said)

    def ignores(self, ticket: SimulatedTicket, fact: EventData) -> bool:
        """Say whether an event is none: a reopening of an open ticket."""
        return isinstance(fact, TicketReopened) and ticket.clocks.phase == "open"


def _as_intake_knows(ticket: SimulatedTicket) -> IntakeTicket:
    return IntakeTicket(
        ticket_id=ticket.subject,
        tenant=ticket.tenant,
        opened_by="",
        policy_version=ticket.clocks.policy_version,
        fields={},
        status="received" if ticket.clocks.phase == "open" else ticket.clocks.phase,
    )
