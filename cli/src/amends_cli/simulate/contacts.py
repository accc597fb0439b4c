"""Notify in a simulation: its decisions about revisits and messages, all of which reach their reader at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from amends.events.compensation import CompensationDecided
from amends.events.contact import ContactMessageSent, ContactRevisitPlanned, ContactSurveySent
from amends.events.data import EventData
from amends.events.registry import REGISTRY
from amends.events.sla import SlaClockMoved, SlaClockStarted, SlaDeadlineBreached
from amends.events.ticket import TicketClosed, TicketExtended
from amends.policy.model import Policy
from amends_cli.simulate.cascade import Cascade, Cause, cause_of
from amends_cli.simulate.telling import NOTIFY
from amends_cli.simulate.ticket import SimulatedTicket
from notify_svc.decisions.catalogue import catalogue, language_of
from notify_svc.decisions.delivery import STOREFRONT
from notify_svc.decisions.messages import messages_for, name_of
from notify_svc.decisions.recipient import CUSTOMER
from notify_svc.decisions.revisits import Plan, when_clock_starts, when_closed

_DEFAULT_LANGUAGE = "zh"


@dataclass(frozen=True, slots=True)
class _Message:
    template: str
    to: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Contacts:
    """Ends a cascade with what notify says of it. `sending`: the types that rows send messages for."""

    policy: Policy
    sending: frozenset[str]

    @classmethod
    def under(cls, policy: Policy) -> "Contacts":
        """Return the contacts that this policy asks for."""
        named = {row.when.event for row in policy.messages}
        return cls(policy, frozenset(wire_type for wire_type in REGISTRY if name_of(wire_type) in named))

    def follow(self, cascade: Cascade, heard: EventData | None, cause: Cause | None) -> None:
        """Add the revisits, then the messages, that the input's event and everything said so far ask for.

        `heard`: the event of the input, unless a timer led to this or notify published it itself.
        """
        facts = [(said.fact, cause_of(said)) for said in cascade.said]
        if heard is not None and cause is not None:
            facts.insert(0, (heard, cause))
        moved = any(isinstance(fact, SlaClockMoved) for fact, _ in facts)
        messages: list[_Message] = []
        for fact, why in facts:
            for plan in self._plans(cascade, fact):
                self._plan(cascade, plan, why)
            # An extension that moved no clock was none, and nobody is told of it (C5).
            if fact.wire_type in self.sending and (moved or not isinstance(fact, TicketExtended)):
                messages += self._messages(cascade.ticket, fact, why)
        for message in sorted(messages, key=lambda it: (it.to, it.template)):
            self._send(cascade, message)

    def _plans(self, cascade: Cascade, fact: EventData) -> tuple[Plan, ...]:
        if isinstance(fact, SlaClockStarted):
            plan = when_clock_starts(self.policy, fact)
            return () if plan is None else (plan,)
        if isinstance(fact, TicketClosed):
            return when_closed(self.policy, cascade.ticket.contact, cascade.at)
        return ()

    def _plan(self, cascade: Cascade, plan: Plan, cause: Cause) -> None:
        ticket = cascade.ticket
        number = str(ticket.spoken.get(NOTIFY, 0) + 1)
        revisit_id = cascade.moment.id_of(ticket.tenant, ticket.subject, "revisit", number)
        fact = ContactRevisitPlanned(revisit_id=revisit_id, due_at=plan.due_at, reason=plan.reason)
        cascade.tell(NOTIFY, fact, cause)

    def _messages(self, ticket: SimulatedTicket, fact: EventData, cause: Cause) -> Iterator[_Message]:
        decided = _decided(ticket, fact)
        as_of = _as_of(ticket, fact if decided is None else decided)
        said = None if decided is None else decided.to_data()
        for message in messages_for(self.policy, ticket.contact, fact, decided=said, as_of_sequence=as_of):
            yield _Message(message.template, message.to, cause)

    def _send(self, cascade: Cascade, message: _Message) -> None:
        sent = ContactMessageSent(template=message.template, to=message.to, channel=STOREFRONT)
        cascade.tell(NOTIFY, sent, message.cause)
        wanted = cascade.ticket.contact.customer.get("language") if message.to == CUSTOMER else None
        entry = catalogue(language_of(wanted, _DEFAULT_LANGUAGE)).templates.get(message.template)
        if entry is not None and entry.is_survey:
            cascade.tell(NOTIFY, ContactSurveySent(), message.cause)


def _decided(ticket: SimulatedTicket, fact: EventData) -> CompensationDecided | None:
    """Return what was decided of the remedy that an event names."""
    remedy_id = getattr(fact, "remedy_id", None)
    if remedy_id is None:
        return None
    return next((it.decided for it in ticket.remedies if it.remedy_id == remedy_id), None)


def _as_of(ticket: SimulatedTicket, fact: EventData) -> int | None:
    """Return up to which of the ticket's events the breach counts that an event is about; None: it is about none."""
    if isinstance(fact, SlaDeadlineBreached):
        return fact.as_of_sequence
    key = (getattr(fact, "clock", None), getattr(fact, "run", None), getattr(fact, "step", None))
    return ticket.breaches.get(key)  # type: ignore[arg-type]
