"""What each consumed event does: load, decide, save, in the transaction it comes with.

Topics are not ordered between each other. What an event of sla or compensation stands on (the ticket's `opened`, and
intake's events up to `as_of_sequence`) may come after it: such an event is kept aside and applied when they are there,
so that no partition waits for another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from amends.db import Tx
from amends.events.compensation import CompensationDecided
from amends.events.contact import ContactRevisitPlanned
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import TICKET_TOPIC, payload, topic_of
from amends.events.sla import SlaClockMoved, SlaClockStarted, SlaClockStopped, SlaDeadlineBreached
from amends.events.ticket import TicketClosed, TicketExtended, TicketOpened, TicketReopened
from amends.ids import new_id
from amends.outbox import Outbox
from amends.policy.book import PolicyBook
from notify_svc.decisions import messages, recipient, revisits
from notify_svc.decisions import ticket as tickets
from notify_svc.decisions.catalogue import language_of
from notify_svc.decisions.ticket import Ticket
from notify_svc.store import messages as message_store
from notify_svc.store import revisits as revisit_store
from notify_svc.store import tickets as ticket_store

OPENED_SEQUENCE = 1


@dataclass(frozen=True, slots=True)
class EventHandler:
    """Applies consumed events. `default_language`: for readers whose language is not known."""

    outbox: Outbox
    policies: PolicyBook
    default_language: str = "zh"
    make_id: Callable[[], UUID] = new_id

    async def __call__(self, tx: Tx, event: Event) -> None:
        """Apply one event. Raises PolicyMissing while the policy that it is about has not arrived here."""
        if event.sequence is None:  # about no ticket: the robot, an alert
            return
        data = payload(event)
        if topic_of(event.type) == TICKET_TOPIC:
            await self._of_ticket(tx, event, data, event.sequence)
        else:
            await self._of_others(tx, event, data)
            await self.tell(tx, event)

    async def _of_ticket(self, tx: Tx, event: Event, data: EventData, sequence: int) -> None:
        ticket = await self._advanced(tx, event, data)
        await ticket_store.save(tx, ticket, sequence)
        if isinstance(data, TicketClosed):
            policy = self.policies.get(ticket.tenant, ticket.policy_version)
            await self._plan(tx, event, revisits.when_closed(policy, ticket, event.time))
        elif isinstance(data, TicketReopened):
            await revisit_store.cancel(tx, ticket.ticket_id, revisits.AFTER_CLOSE, event.time)
        if not isinstance(data, TicketExtended) or await ticket_store.extension_asked(tx, event):
            await self._send(tx, event, ticket)
        await self.catch_up(tx, ticket.ticket_id, sequence)

    async def _advanced(self, tx: Tx, event: Event, data: EventData) -> Ticket:
        if isinstance(data, TicketOpened):
            version = data.policy_version or self.policies.latest(event.tenantid).version
            return tickets.opened(event, data, version)
        ticket = await ticket_store.lock(tx, event.subject)
        if ticket is None:
            raise ValueError(f"{event.type} of {event.subject} came without its `opened`")
        return tickets.after(ticket, data, event.sequence or 0)

    async def _of_others(self, tx: Tx, event: Event, data: EventData) -> None:
        match data:
            case SlaClockStarted():
                policy = self.policies.get(event.tenantid, data.policy_version)
                plan = revisits.when_clock_starts(policy, data)
                await self._plan(tx, event, (plan,) if plan else ())
            case SlaClockStopped():
                state = revisits.ended_by(data)
                await revisit_store.end_run(tx, event.subject, data.clock, data.run, state, event.time)
            case SlaClockMoved() if event.causationid:
                extended = await ticket_store.extension_effective(tx, event.causationid, event.subject)
                if extended is not None:
                    await self.tell(tx, extended)
            case SlaDeadlineBreached():
                await ticket_store.keep_breach(tx, event.subject, data)
            case CompensationDecided():
                await ticket_store.keep_remedy(tx, event.subject, data.remedy_id, data.to_data())

    async def _plan(self, tx: Tx, event: Event, plans: Sequence[revisits.Plan]) -> None:
        for plan in plans:
            await revisit_store.lock_open(tx, event.subject, plan.reason)
        if not plans:
            return
        at = await self.outbox.now(tx, event.subject)
        facts = []
        for plan in plans:
            revisit_id = self.make_id()
            await revisit_store.replace(tx, revisit_id, event.subject, event.tenantid, plan, at)
            facts.append(ContactRevisitPlanned(revisit_id=str(revisit_id), due_at=plan.due_at, reason=plan.reason))
        await self.outbox.publish(tx, event.subject, facts, tenant=event.tenantid, at=at, cause=event)

    async def tell(self, tx: Tx, event: Event) -> None:
        """Send what this event causes, once intake's events that it stands on are here; keep it aside until then."""
        data = payload(event)
        needs = max(OPENED_SEQUENCE, data.as_of_sequence if isinstance(data, SlaDeadlineBreached) else 0)
        found = await ticket_store.find(tx, event.subject)
        if found is None or found[1] < needs:
            await ticket_store.wait(tx, event, needs)
        else:
            await self._send(tx, event, found[0])

    async def catch_up(self, tx: Tx, ticket_id: str, sequence: int) -> None:
        """Send what had waited for intake's events up to this sequence."""
        for event in await ticket_store.take_ready(tx, ticket_id, sequence):
            await self.tell(tx, event)

    async def _send(self, tx: Tx, event: Event, ticket: Ticket) -> None:
        data = payload(event)
        policy = self.policies.get(ticket.tenant, ticket.policy_version)
        decided, as_of = await self._ground(tx, ticket.ticket_id, data)
        for message in messages.messages_for(policy, ticket, data, decided=decided, as_of_sequence=as_of):
            wanted = recipient.language_wanted(message, ticket, policy.contacts)
            language = language_of(wanted, self.default_language)
            message_id = self.make_id()
            await message_store.add(
                tx, message_id, ticket.ticket_id, message, language=language, cause=event, at=event.time
            )

    async def _ground(self, tx: Tx, ticket_id: str, data: EventData) -> tuple[Mapping[str, Any] | None, int | None]:
        """Return what was decided of the remedy that an event names, and as of when the breach counts behind it."""
        if isinstance(data, SlaDeadlineBreached):
            return None, data.as_of_sequence
        remedy_id = getattr(data, "remedy_id", None)
        decided = await ticket_store.remedy(tx, remedy_id) if remedy_id else None
        return decided, await ticket_store.as_of_sequence(tx, ticket_id, decided or data.to_data())
