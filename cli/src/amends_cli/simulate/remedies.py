"""Compensation in a simulation: its decisions, its holds and charges, a money API that succeeds at once."""

from dataclasses import dataclass
from typing import Final

from amends.events.compensation import (
    CompensationApproved,
    CompensationDecided,
    CompensationIssued,
    CompensationRejected,
)
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.sla import SlaDeadlineBreached
from amends.events.ticket import (
    TicketGoodsReturned,
    TicketLiabilityFound,
    TicketOpened,
    TicketReclassified,
    TicketResolved,
    TicketSolutionExecuted,
)
from amends.policy.model import Policy
from amends_cli.simulate.books import Books, Taken
from amends_cli.simulate.cascade import Cascade, Cause
from amends_cli.simulate.telling import COMPENSATION, Said
from amends_cli.simulate.ticket import Remedy, SimulatedTicket
from compensation_svc.decisions.balance import executed_of, statement_of
from compensation_svc.decisions.budget import has_budget
from compensation_svc.decisions.charging import charge_for
from compensation_svc.decisions.hold import Hold, hold_after
from compensation_svc.decisions.remedy import Held, decide, promised, remedy_id_of
from compensation_svc.decisions.ticket import after

_DECISIVE: Final = frozenset({TicketGoodsReturned, TicketSolutionExecuted, TicketResolved})
"""What can end a hold."""


@dataclass(frozen=True, slots=True)
class Remedies:
    """Handles what compensation would, in its order; each method adds to the cascade and returns what was issued."""

    policy: Policy
    books: Books

    def note(self, ticket: SimulatedTicket, event: Event, fact: EventData, sequence: int) -> None:
        """Keep one of the ticket's own events, and what it says of its order's refunds."""
        view = ticket.view
        match fact:
            case TicketOpened() | TicketReclassified() if fact.order is not None:
                said = statement_of(fact.order, event.time)
                self.books.state(ticket.tenant, ticket.subject, sequence, fact.order.order_id, said)
            case TicketSolutionExecuted() if (refunded := executed_of(fact.remedy, event.time)) is not None:
                if view.order is not None:
                    self.books.execute(ticket.tenant, ticket.subject, sequence, view.order.order_id, refunded)
        if type(fact) in _DECISIVE:
            ticket.decisive.append((sequence, event))
        changed = after(view, fact)
        if changed is not view:
            ticket.views.append((sequence, changed))

    def heard(self, cascade: Cascade, fact: EventData, cause: Cause) -> list[Said]:
        """Follow one of the ticket's own events: holds that it settles, charges that it makes possible."""
        if type(fact) in _DECISIVE:
            return self._settle_holds(cascade, cause)
        if isinstance(fact, TicketLiabilityFound):
            for remedy in cascade.ticket.remedies:
                if remedy.state == "issued":
                    self._charge(cascade, remedy, cause)
        return []

    def breached(self, cascade: Cascade, breach: SlaDeadlineBreached, said: Said) -> list[Said]:
        """Decide a breach, once per clock and step for ever."""
        ticket = cascade.ticket
        view = ticket.view_as_of(breach.as_of_sequence)
        if promised(breach, self.policy, view) is None or _has_remedy(ticket, breach):
            return []
        remedy = Remedy(
            remedy_id=str(remedy_id_of(ticket.tenant, ticket.subject, breach.clock, breach.step)),
            breach=breach,
            breach_said=said,
            state="held",
        )
        ticket.remedies.append(remedy)
        return self._decide(cascade, remedy, said, goods_returned=None)

    def approved(self, cascade: Cascade, fact: CompensationApproved, cause: Cause) -> list[Said]:
        """A person approves: the money goes out. Approving overrides a budget, but counts in it."""
        remedy = _waiting(cascade.ticket, fact.remedy_id)
        if remedy is None or remedy.decided is None:
            return []
        view = cascade.ticket.view_as_of(remedy.breach.as_of_sequence)
        if remedy.budget_day is not None and not remedy.budget_amount and has_budget(self.policy, view.order):
            remedy.budget_amount = remedy.decided.amount
            self.books.move_budget(cascade.ticket.tenant, Taken(remedy.budget_day, remedy.budget_amount))
        remedy.state = "approved"
        return [self._issue(cascade, remedy, remedy.decided, cause)]

    def rejected(self, cascade: Cascade, fact: CompensationRejected) -> None:
        """A person rejects: what was reserved is free again."""
        remedy = _waiting(cascade.ticket, fact.remedy_id)
        if remedy is None or remedy.decided is None or remedy.budget_day is None:
            return
        remedy.state = "rejected"
        view = cascade.ticket.view_as_of(remedy.breach.as_of_sequence)
        self.books.give_back(view, remedy.decided, Taken(remedy.budget_day, remedy.budget_amount))

    def _settle_holds(self, cascade: Cascade, cause: Cause) -> list[Said]:
        issued: list[Said] = []
        for remedy in cascade.ticket.remedies:
            if remedy.state != "held":
                continue
            hold = hold_after(cascade.ticket.decisive_after(remedy.breach.as_of_sequence))
            if hold is Hold.DUE:
                issued += self._decide(cascade, remedy, cause, goods_returned=True)
            elif hold is not Hold.WAITS:
                remedy.state = "rejected"
        return issued

    def _decide(self, cascade: Cascade, remedy: Remedy, cause: Cause, *, goods_returned: bool | None) -> list[Said]:
        ticket, breach, at = cascade.ticket, remedy.breach, cascade.at
        view = ticket.view_as_of(breach.as_of_sequence)
        step = (ticket.subject, breach.clock, breach.step)
        seen = self.books.look(view, step, as_of=breach.as_of_sequence, due_at=breach.due_at, at=at)
        decision = decide(breach, view, self.policy, seen, goods_returned=goods_returned)
        if isinstance(decision, Held):
            cascade.tell(COMPENSATION, decision.fact, cause)
            return self._settle_holds(cascade, cause)
        if decision is None:
            raise TypeError(f"{ticket.subject}: a remedy that was promised came out as none")
        fact = decision.fact
        said = cascade.tell(COMPENSATION, fact, cause)
        taken = self.books.take(view, fact, seen, due_at=breach.due_at, at=at)
        remedy.state, remedy.decided = "decided", fact
        remedy.budget_day, remedy.budget_amount = taken.day, taken.amount
        if not fact.amount or fact.approval != "none":
            return []
        return [self._issue(cascade, remedy, fact, said)]

    def _issue(self, cascade: Cascade, remedy: Remedy, fact: CompensationDecided, cause: Cause) -> Said:
        self.books.issue(cascade.ticket.view_as_of(remedy.breach.as_of_sequence), fact, cascade.at)
        remedy.state = "issued"
        reference = f"simulated/{remedy.remedy_id}"
        said = cascade.tell(
            COMPENSATION, CompensationIssued(remedy_id=remedy.remedy_id, external_reference=reference), cause
        )
        self._charge(cascade, remedy, cause)
        return said

    def _charge(self, cascade: Cascade, remedy: Remedy, cause: Cause) -> None:
        fact = remedy.decided
        if remedy.charged or fact is None:
            return
        charge = charge_for(remedy.remedy_id, fact.rule, fact.amount, fact.currency, cascade.ticket.view)
        if charge is not None:
            remedy.charged = True
            cascade.tell(COMPENSATION, charge.fact, cause)


def _has_remedy(ticket: SimulatedTicket, breach: SlaDeadlineBreached) -> bool:
    return any((it.breach.clock, it.breach.step) == (breach.clock, breach.step) for it in ticket.remedies)


def _waiting(ticket: SimulatedTicket, remedy_id: str | None) -> Remedy | None:
    """Return the remedy that a person decides on: the named one, else the oldest that waits."""
    waiting = (it for it in ticket.remedies if it.waits_for_approval)
    return next((it for it in waiting if remedy_id is None or it.remedy_id == remedy_id), None)
