"""Notify in a simulation: its decisions about revisits and messages, all of which reach their reader at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from amends.events.compensation import CompensationDecided
from amends.events.contact import ContactMessageSent, ContactRevisitPlanned, ContactSurveySent
from amends.events.data import EventData
from amends.events.registry import REGISTRY
from amends.events.sla import SlaClockMoved, SlaClockStarted
from amends.events.ticket import TicketClosed, TicketExtended
from amends.policy.messages import MessageRow
from amends.policy.model import Policy
from amends_cli.simulate.cascade import Cascade, Cause
from amends_cli.simulate.reading import Heard
from amends_cli.simulate.telling import NOTIFY
from amends_cli.simulate.ticket import SimulatedTicket
from notify_svc.decisions.catalogue import catalogue, language_of
from notify_svc.decisions.delivery import STOREFRONT
from notify_svc.decisions.messages import chosen, reader_of, rows_of
from notify_svc.decisions.recipient import CUSTOMER
from notify_svc.decisions.revisits import Plan, when_clock_starts, when_closed

_DEFAULT_LANGUAGE: Final = "zh"
_TO_AND_TEMPLATE: Final = itemgetter(0, 1)


_Message = tuple[str, str, Cause]
"""Who reads it, its template, and the event that sends it."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Ends a cascade with what notify says of it. `rows`: by event type, the rows that send messages for it."""

    policy: Policy
    rows: Mapping[str, Sequence[MessageRow]]

    @classmethod
    def under(cls, policy: Policy) -> "Contacts":
        """Return the contacts that this policy asks for."""
        rows = {wire_type: rows_of(policy, wire_type) for wire_type in REGISTRY}
        return cls(policy, {wire_type: found for wire_type, found in rows.items() if found})

    def follow(self, cascade: Cascade, heard: Heard | None) -> None:
        """Add the revisits, then the messages, that the input's event and everything said so far ask for.

        `heard`: the event of the input, unless a timer led to this or notify published it itself.
        """
        messages: list[_Message] = []
        causes: list[Cause] = [*cascade.said] if heard is None else [heard, *cascade.said]
        for why in causes:
            fact = why.fact
            if isinstance(fact, SlaClockStarted):
                plan = when_clock_starts(self.policy, fact)
                if plan is not None:
                    self._plan(cascade, plan, why)
            elif isinstance(fact, TicketClosed):
                for plan in when_closed(self.policy, cascade.ticket.contact, cascade.at):
                    self._plan(cascade, plan, why)
            if (rows := self.rows.get(fact.wire_type)) and not _moved_nothing(fact, cascade):
                messages += self._messages(cascade.ticket, fact, why, rows)
        for message in sorted(messages, key=_TO_AND_TEMPLATE):
            self._send(cascade, message)

    def _plan(self, cascade: Cascade, plan: Plan, cause: Cause) -> None:
        ticket = cascade.ticket
        number = str(ticket.spoken.get(NOTIFY, 0) + 1)
        revisit_id = cascade.moment.id_of(ticket.tenant, ticket.subject, "revisit", number)
        fact = ContactRevisitPlanned(revisit_id=revisit_id, due_at=plan.due_at, reason=plan.reason)
        cascade.tell(NOTIFY, fact, cause)

    def _messages(
        self, ticket: SimulatedTicket, fact: EventData, cause: Cause, rows: Sequence[MessageRow]
    ) -> Iterator[_Message]:
        decided = _decided(ticket, fact)
        said = fact.to_data() if decided is None else {**decided.to_data(), **fact.to_data()}
        for row in chosen(self.policy, ticket.contact, fact, said, rows):
            yield reader_of(row, said), row.template, cause

    def _send(self, cascade: Cascade, message: _Message) -> None:
        to, template, cause = message
        cascade.tell(NOTIFY, ContactMessageSent(template=template, to=to, channel=STOREFRONT), cause)
        wanted = cascade.ticket.contact.customer.get("language") if to == CUSTOMER else None
        entry = catalogue(language_of(wanted, _DEFAULT_LANGUAGE)).templates.get(template)
        if entry is not None and entry.is_survey:
            cascade.tell(NOTIFY, ContactSurveySent(), cause)


def _moved_nothing(fact: EventData, cascade: Cascade) -> bool:
    """Say whether this is an extension that moved no clock: it was none, and nobody is told of it (C5)."""
    return isinstance(fact, TicketExtended) and not any(isinstance(said.fact, SlaClockMoved) for said in cascade.said)


def _decided(ticket: SimulatedTicket, fact: EventData) -> CompensationDecided | None:
    """Return what was decided of the remedy that an event names."""
    remedy_id = getattr(fact, "remedy_id", None)
    if remedy_id is None:
        return None
    return next((it.decided for it in ticket.remedies if it.remedy_id == remedy_id), None)
