"""What this service published about a ticket."""

from collections.abc import Sequence

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import decode
from amends.events.envelope import Event

_ABOUT = text("SELECT event FROM outbox WHERE subject = :ticket ORDER BY sequence")


async def about(tx: Tx, ticket_id: str) -> Sequence[Event]:
    """Return a ticket's events of this service, in order; the caller has seen to it that the ticket is theirs."""
    return [decode((), row[0].encode()) for row in (await tx.execute(_ABOUT, {"ticket": ticket_id})).all()]
