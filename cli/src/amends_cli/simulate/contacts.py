"""Notify in a simulation: its decisions about revisits and messages, all of which reach their reader at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from amends.events.compensation import CompensationDecided
from amends.events.contact import ContactMessageSent, ContactRevisitPlanned, ContactSurveySent
from amends.events.data import EventData
from amends.events.registry import REGISTRY
from amends.events.sla import SlaClockMoved, SlaClockStarted
from amends.events.ticket import TicketClosed, TicketExtended
from amends.policy.messages import MessageRow, When
from amends.policy.model import Policy
from amends_cli.simulate.cascade import Cascade, Cause
from amends_cli.simulate.reading import Heard
from amends_cli.simulate.telling import NOTIFY
from amends_cli.simulate.ticket import SimulatedTicket
from notify_svc.decisions.catalogue import catalogue, language_of
from notify_svc.decisions.delivery import STOREFRONT
from notify_svc.decisions.messages import ESCALATED_TO, chosen, reader_of, rows_of
from notify_svc.decisions.recipient import CUSTOMER
from notify_svc.decisions.revisits import Plan, when_clock_starts, when_closed

_DEFAULT_LANGUAGE: Final = "zh"
_PLANNING: Final = frozenset({SlaClockStarted, TicketClosed})
_TO_AND_TEMPLATE: Final = itemgetter(0, 1)


_Message = tuple[str, str, Cause]
"""Who reads it, its template, and the event that sends it."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Ends a cascade with what notify says of it.

    `rows`: by type, the rows that send messages for it. `asking`: the types of which some row asks what the data says.
    `revisited`: the clocks and rules whose start plans a revisit.
    """

    policy: Policy
    rows: Mapping[type[EventData], Sequence[MessageRow]]
    asking: frozenset[type[EventData]]
    revisited: frozenset[tuple[str | None, str]]

    @classmethod
    def under(cls, policy: Policy) -> "Contacts":
        """Return the contacts that this policy asks for."""
        rows = {model: found for wire_type, model in REGISTRY.items() if (found := rows_of(policy, wire_type))}
        asking = frozenset(model for model, found in rows.items() if any(map(_asks, found)))
        return cls(policy, rows, asking, frozenset((row.clock, row.id) for row in policy.revisits))

    def follow(self, cascade: Cascade, heard: Heard | None) -> None:
        """Add the revisits, then the messages, that the input's event and everything said so far ask for.

        `heard`: the event of the input, unless a timer led to this or notify published it itself.
        """
        messages: list[_Message] = []
        causes: list[Cause] = [*cascade.said] if heard is None else [heard, *cascade.said]
        for why in causes:
            fact = why.fact
            if type(fact) in _PLANNING:
                for plan in self._plans(cascade, fact):
                    self._plan(cascade, plan, why)
            rows = self.rows.get(type(fact))
            if rows is not None and not _moved_nothing(fact, cascade):
                messages += self._messages(cascade.ticket, fact, why, rows)
        messages.sort(key=_TO_AND_TEMPLATE)
        for message in messages:
            self._send(cascade, message)

    def _plans(self, cascade: Cascade, fact: EventData) -> Sequence[Plan]:
        if isinstance(fact, SlaClockStarted):
            plan = when_clock_starts(self.policy, fact) if (fact.clock, fact.rule) in self.revisited else None
            return () if plan is None else (plan,)
        return when_closed(self.policy, cascade.ticket.contact, cascade.at) if isinstance(fact, TicketClosed) else ()

    def _plan(self, cascade: Cascade, plan: Plan, cause: Cause) -> None:
        ticket = cascade.ticket
        number = str(ticket.spoken.get(NOTIFY, 0) + 1)
        revisit_id = cascade.moment.id_of(ticket.tenant, ticket.subject, "revisit", number)
        fact = ContactRevisitPlanned(revisit_id=revisit_id, due_at=plan.due_at, reason=plan.reason)
        cascade.tell(NOTIFY, fact, cause)

    def _messages(
        self, ticket: SimulatedTicket, fact: EventData, cause: Cause, rows: Sequence[MessageRow]
    ) -> Iterator[_Message]:
        said: dict[str, Any] = {}
        if type(fact) in self.asking:
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


def _asks(row: MessageRow) -> bool:
    """Say whether a row has a condition, or names its reader by what the event says."""
    return row.to == ESCALATED_TO or row.when != When(event=row.when.event)


def _moved_nothing(fact: EventData, cascade: Cascade) -> bool:
    """Say whether this is an extension that moved no clock: it was none, and nobody is told of it (C5)."""
    return isinstance(fact, TicketExtended) and not any(isinstance(said.fact, SlaClockMoved) for said in cascade.said)


def _decided(ticket: SimulatedTicket, fact: EventData) -> CompensationDecided | None:
    """Return what was decided of the remedy that an event names."""
    remedy_id = getattr(fact, "remedy_id", None) if "remedy_id" in type(fact).model_fields else None
    if remedy_id is None:
        return None
    return next((it.decided for it in ticket.remedies if it.remedy_id == remedy_id), None)
