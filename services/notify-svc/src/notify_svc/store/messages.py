"""Messages and the jobs that deliver them. What is personal stands in a row only until it is delivered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import decode, encode_structured
from amends.events.envelope import Event
from notify_svc.decisions.delivery import STOREFRONT
from notify_svc.decisions.messages import Message

MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as it stands. `text` None: not put into words yet."""

    message_id: UUID
    ticket_id: str
    tenant: str
    message: Message
    language: str
    cause: Event
    text: str | None
    subject: str | None
    address: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery taken to be tried, the `attempts`th time. Nobody else takes it until its lease ends."""

    message_id: UUID
    channel: str
    attempts: int


_INSERT = text("""
    INSERT INTO messages (message_id, ticket_id, tenant, template, recipient, party, language, values, cause, created_at)
    VALUES (:id, :ticket, :tenant, :template, :to, :party, :language, CAST(:values AS jsonb), :cause, :at)
""")
_ADD_DELIVERY = text("INSERT INTO deliveries (message_id, channel) VALUES (:id, :channel) ON CONFLICT DO NOTHING")
_CLAIM = text("""
    UPDATE deliveries d SET attempts = d.attempts + 1, next_at = clock_timestamp() + :lease
    FROM (
        SELECT message_id, channel FROM deliveries WHERE state = 'waiting' AND next_at <= clock_timestamp()
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) c WHERE d.message_id = c.message_id AND d.channel = c.channel
    RETURNING d.message_id, d.channel, d.attempts
""")
_FIND = text("""
    SELECT message_id, ticket_id, tenant, template, recipient, party, values, language, cause, text, subject, address,
        email
    FROM messages WHERE message_id = :id
""")
_WRITE = text("""
    UPDATE messages SET text = :text, subject = :subject, address = :address, email = :email,
        template_version = :version
    WHERE message_id = :id AND text IS NULL AND state = 'queued'
""")
_END = text("""
    UPDATE deliveries SET state = :state, last_error = :error
    WHERE message_id = :id AND channel = :channel AND state = 'waiting' RETURNING 1
""")
_AGAIN = text("""
    UPDATE deliveries SET next_at = clock_timestamp() + :wait, last_error = :error
    WHERE message_id = :id AND channel = :channel AND state = 'waiting' AND attempts = :attempts
""")
_SETTLE = text("UPDATE messages SET state = :state, settled_at = :at WHERE message_id = :id")
_WIPE = text("""
    UPDATE messages m SET text = NULL, subject = NULL, address = NULL, email = NULL
    WHERE m.message_id = :id AND NOT EXISTS (
        SELECT 1 FROM deliveries d WHERE d.message_id = m.message_id AND d.state = 'waiting')
""")
_OPEN = text("SELECT channel, count(*) AS jobs FROM deliveries WHERE state = 'waiting' GROUP BY channel")
_PAGE = text("""
    SELECT m.message_id, m.ticket_id, m.template, m.recipient AS "to", m.party, m.language, m.template_version, m.state,
        m.created_at, m.settled_at, d.channel, d.attempts, d.last_error,
        (SELECT x.state FROM deliveries x WHERE x.message_id = m.message_id AND x.channel = 'mail') AS mail
    FROM messages m JOIN deliveries d ON d.message_id = m.message_id AND d.channel = 'storefront'
    WHERE m.tenant = :tenant AND m.message_id > :after
    AND (CAST(:ticket AS text) IS NULL OR m.ticket_id = :ticket)
    AND (CAST(:to AS text) IS NULL OR m.recipient = :to)
    AND (CAST(:state AS text) IS NULL OR m.state = :state)
    ORDER BY m.message_id LIMIT :limit
""")


async def add(
    tx: Tx, message_id: UUID, ticket_id: str, message: Message, *, language: str, cause: Event, at: datetime
) -> None:
    """Keep a message and the job that delivers it to the storefront."""
    values = {
        "id": message_id,
        "ticket": ticket_id,
        "tenant": cause.tenantid,
        "template": message.template,
        "to": message.to,
        "party": message.party,
        "language": language,
        "values": json.dumps(message.values, ensure_ascii=False),
        "cause": encode_structured(cause).decode(),
        "at": at,
    }
    await tx.execute(_INSERT, values)
    await add_delivery(tx, message_id, STOREFRONT)


async def add_delivery(tx: Tx, message_id: UUID, channel: str) -> None:
    """Have the message go out by this channel too."""
    await tx.execute(_ADD_DELIVERY, {"id": message_id, "channel": channel})


async def claim(tx: Tx, lease: timedelta) -> Claim | None:
    """Take the delivery that has waited longest; None when none is due."""
    row = (await tx.execute(_CLAIM, {"lease": lease})).first()
    return Claim(*row) if row else None


async def find(tx: Tx, message_id: UUID) -> Stored:
    """Return a message as it stands."""
    row = (await tx.execute(_FIND, {"id": message_id})).one()
    return Stored(
        message_id=row.message_id,
        ticket_id=row.ticket_id,
        tenant=row.tenant,
        message=Message(row.template, row.recipient, row.party, row.values),
        language=row.language,
        cause=decode((), row.cause.encode()),
        text=row.text,
        subject=row.subject,
        address=row.address,
        email=row.email,
    )


async def write(tx: Tx, message_id: UUID, said: Mapping[str, str | None]) -> bool:
    """Keep the words of a message, once; False when it has some already, or is settled. A resend repeats them."""
    return bool((await tx.execute(_WRITE, {"id": message_id, **said})).rowcount)


async def end(tx: Tx, claim: Claim, state: str, error: str | None) -> bool:
    """End a delivery, `done` or `failed`; False when it was ended before."""
    values = {"id": claim.message_id, "channel": claim.channel, "state": state, "error": error}
    return (await tx.execute(_END, values)).first() is not None


async def again(tx: Tx, claim: Claim, wait: timedelta, error: str | None) -> None:
    """Have a delivery tried again later."""
    values = {"id": claim.message_id, "channel": claim.channel, "attempts": claim.attempts, "wait": wait}
    await tx.execute(_AGAIN, values | {"error": error})


async def settle(tx: Tx, message_id: UUID, state: str, at: datetime) -> None:
    """Write down what became of the message: the storefront's answer decides."""
    await tx.execute(_SETTLE, {"id": message_id, "state": state, "at": at})


async def wipe(tx: Tx, message_id: UUID) -> None:
    """Forget words and addresses once nothing of the message is left to be delivered."""
    await tx.execute(_WIPE, {"id": message_id})


async def open_jobs(tx: Tx) -> Mapping[str, int]:
    """Return how many deliveries wait or are under way, by channel."""
    rows = (await tx.execute(_OPEN)).all()
    return {STOREFRONT: 0, MAIL: 0} | {row.channel: row.jobs for row in rows}


async def page(tx: Tx, tenant: str, after: UUID, limit: int, **filters: Any) -> Sequence[Any]:
    """Return messages in the order in which they were caused. Filters that are None ask nothing."""
    return (await tx.execute(_PAGE, {"tenant": tenant, "after": after, "limit": limit} | filters)).all()
