"""What people and storefronts report: how a revisit went, that feedback was given, a rating."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from amends.db import Tx
from amends.events.contact import ContactFeedbackGiven, ContactRevisitDone, ContactSurveyAnswered
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.outbox import Outbox
from amends.policy.book import PolicyBook
from notify_svc.decisions.feedback import WRITTEN, Given, kept
from notify_svc.handlers.deliveries import digest
from notify_svc.store import feedback, revisits, surveys
from notify_svc.store import tickets as ticket_store


class Unknown(LookupError):  # noqa: N818 - named after what it means
    """The tenant has nothing of this id (yet)."""


class NotOpen(Exception):  # noqa: N818 - as above
    """It is over already; the message says how it stands."""


class MustBeWritten(Exception):  # noqa: N818 - as above
    """The result was told in a form that the policy does not take for such a ticket (I1)."""


@dataclass(frozen=True, slots=True)
class StepHandler:
    """Records steps, each in the transaction it is given."""

    outbox: Outbox
    policies: PolicyBook

    async def end_revisit(self, tx: Tx, tenant: str, revisit_id: UUID, outcome: str, by: str) -> Event:
        """Record how a revisit went. Raises Unknown, NotOpen."""
        revisit = await revisits.lock(tx, tenant, revisit_id)
        if revisit is None:
            raise Unknown(f"there is no revisit {revisit_id}")
        if revisit.state != "open":
            raise NotOpen(f"the revisit is {revisit.state}; list the open ones with GET /v1/revisits?state=open")
        at = await self.outbox.now(tx, revisit.ticket_id)
        await revisits.done(tx, revisit_id, outcome, by, at)
        fact = ContactRevisitDone(revisit_id=str(revisit_id), outcome=outcome, by=by)
        return await self._publish(tx, tenant, revisit.ticket_id, fact, at=at)

    async def give_feedback(self, tx: Tx, tenant: str, given: Given) -> tuple[Event, tuple[str, ...]]:
        """Record that the result was told to the customer (RULEBOOK I), and what was said; the event holds no word of it.

        Return the event, and which contents written feedback still lacks (I2). Raises Unknown, MustBeWritten.
        """
        ticket = await ticket_store.lock(tx, given.ticket_id)
        if ticket is None or ticket.tenant != tenant:
            raise Unknown(f"notify knows no ticket {given.ticket_id}; one just opened is known within a second")
        policy = self.policies.get(tenant, ticket.policy_version)
        found = kept(policy, ticket.scope(policy), given)
        if found.form_asked == WRITTEN and given.form != WRITTEN:
            raise MustBeWritten("the result of such a ticket is told in writing (rule I1); send form: written")
        at = await self.outbox.now(tx, given.ticket_id)
        event = await self._publish(tx, tenant, given.ticket_id, ContactFeedbackGiven(form=given.form), at=at)
        await feedback.add(tx, UUID(event.id), tenant, given, found, at)
        return event, found.missing

    async def answer_survey(self, tx: Tx, tenant: str, token: str, rating: int) -> Event:
        """Record a customer's rating, once per survey. Raises Unknown, NotOpen."""
        survey = await surveys.lock(tx, tenant, digest(token))
        if survey is None:
            raise Unknown("there is no survey with this token")
        if survey.rating is not None:
            raise NotOpen(f"this survey was answered already, with {survey.rating}; a rating stands")
        at = await self.outbox.now(tx, survey.ticket_id)
        await surveys.answer(tx, survey.token_sha256, rating, at)
        return await self._publish(tx, tenant, survey.ticket_id, ContactSurveyAnswered(rating=rating), at=at)

    async def _publish(self, tx: Tx, tenant: str, ticket_id: str, fact: EventData, *, at: datetime) -> Event:
        events = await self.outbox.publish(tx, ticket_id, [fact], tenant=tenant, at=at)
        return events[0]
