"""Putting a message into words and writing down what became of it. The calls in between are the workers'."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from amends.db import Tx
from amends.events.contact import ContactMessageFailed, ContactMessageSent, ContactSurveySent
from amends.events.data import EventData
from amends.outbox import Outbox
from amends.policy.book import PolicyBook
from notify_svc.decisions import recipient
from notify_svc.decisions.catalogue import SURVEY_LINK, Catalogue, Entry, catalogue
from notify_svc.decisions.delivery import STOREFRONT, Result, Retries
from notify_svc.decisions.render import NoText, render
from notify_svc.decisions.ticket import Ticket
from notify_svc.store import messages, surveys, templates
from notify_svc.store import tickets as ticket_store
from notify_svc.store.messages import MAIL, Claim, Stored


@dataclass(frozen=True, slots=True)
class Job:
    """A message to deliver and its ticket. `contact_ref`: where intake has the reader's contact data, if anywhere."""

    message: Stored
    ticket: Ticket

    @property
    def contact_ref(self) -> str | None:
        """Return what to ask intake for: only customers have contact data there."""
        ref: str | None = self.ticket.customer.get("contact_ref")
        return ref if self.message.message.to == recipient.CUSTOMER else None


@dataclass(frozen=True, slots=True)
class DeliveryHandler:
    """`make_token`: a survey's secret. `mails`: whether mail goes out at all."""

    outbox: Outbox
    policies: PolicyBook
    retries: Retries
    survey_link_base: str
    make_token: Callable[[], str]
    mails: bool

    async def load(self, tx: Tx, claim: Claim) -> Job:
        """Return the message that was claimed."""
        message = await messages.find(tx, claim.message_id)
        found = await ticket_store.find(tx, message.ticket_id)
        if found is None:
            raise LookupError(f"message {claim.message_id} has no ticket {message.ticket_id}")
        return Job(message, found[0])

    async def put_into_words(self, tx: Tx, job: Job, contact: Mapping[str, Any] | None) -> Stored:
        """Keep the words, the address and the mail beside it. Another process may have done it: its words stand.

        Raises:
            NoText: there is no template of that name, or none of its texts can be filled.
            PolicyMissing: the ticket's policy has not arrived here yet.
        """
        stored = job.message
        words = catalogue(stored.language)
        entry, version = await self._entry(tx, stored, words)
        policy = self.policies.get(stored.tenant, job.ticket.policy_version)
        if stored.message.to == recipient.CUSTOMER:
            reader = recipient.customer(contact, words)
        else:
            newest = self.policies.latest(
                stored.tenant
            ).policy  # an address is no promise: the newest is where mail goes
            reader = recipient.staff(stored.message, newest.contacts, words)
        token = self.make_token() if entry.is_survey else None
        values = {**stored.message.values, "name": reader.name}
        if token is not None:
            values[SURVEY_LINK] = self.survey_link_base + token
        said = render(entry, words, values, ZoneInfo(policy.timezone))
        row = {"text": said.text, "subject": said.subject, "address": reader.address, "email": reader.email}
        if await messages.write(tx, stored.message_id, row | {"version": version}):
            if token is not None:
                await surveys.add(tx, digest(token), stored.ticket_id, stored.tenant, stored.message_id)
            if reader.email and self.mails:
                await messages.add_delivery(tx, stored.message_id, MAIL)
        return await messages.find(tx, stored.message_id)

    async def _entry(self, tx: Tx, stored: Stored, words: Catalogue) -> tuple[Entry, str]:
        name = stored.message.template
        written = await templates.latest(tx, stored.tenant, name, stored.language)
        if written is not None:
            return Entry.model_validate(written.body), f"{stored.tenant}/{written.version}"
        if name not in words.templates:
            raise NoText(f"there is no template {name!r} in {stored.language}")
        return words.templates[name], str(words.version)

    async def finish(self, tx: Tx, claim: Claim, result: Result, spread: float) -> None:
        """Write down how an attempt ended; the storefront's answer decides `message_sent` or `message_failed`."""
        verdict = self.retries.verdict(result, claim.attempts)
        if verdict.outcome == "later":
            await messages.again(tx, claim, self.retries.wait(claim.attempts, spread), verdict.error)
            return
        if await messages.end(tx, claim, verdict.outcome, verdict.error) and claim.channel == STOREFRONT:
            await self._settle(tx, claim, sent=verdict.outcome == "done")
        await messages.wipe(tx, claim.message_id)

    async def _settle(self, tx: Tx, claim: Claim, *, sent: bool) -> None:
        stored = await messages.find(tx, claim.message_id)
        asks = await surveys.of_message(tx, claim.message_id)
        at = await self.outbox.now(tx, stored.ticket_id)
        await messages.settle(tx, claim.message_id, "sent" if sent else "failed", at)
        kind = ContactMessageSent if sent else ContactMessageFailed
        facts: list[EventData] = [
            kind(template=stored.message.template, to=stored.message.to, channel=claim.channel),
            *([ContactSurveySent()] if sent and asks else []),
        ]
        await self.outbox.publish(tx, stored.ticket_id, facts, tenant=stored.tenant, at=at, cause=stored.cause)


def digest(token: str) -> str:
    """Return what is kept of a survey's token: enough to know it again, not to use it."""
    return hashlib.sha256(token.encode()).hexdigest()
