"""What happened to a ticket: our own events stand in the outbox, the other services' in `told`."""

from datetime import datetime

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import encode_structured
from amends.events.envelope import Event

_TELL = text("""
    INSERT INTO told (event_id, tenant, ticket_id, time, event) VALUES (:event_id, :tenant, :ticket_id, :time, :event)
    ON CONFLICT (event_id) DO NOTHING
""")
_PAGE = text("""
    SELECT time, event_id, event FROM (
        SELECT time, CAST(id AS text) AS event_id, event, tenant FROM outbox WHERE subject = :ticket_id
        UNION ALL
        SELECT time, event_id, event, tenant FROM told WHERE ticket_id = :ticket_id
    ) happened
    WHERE tenant = :tenant AND (time, event_id) > (:after_time, :after_id)
    ORDER BY time, event_id LIMIT :limit
""")
_LAST_TIME = text("""
    SELECT max(time) FROM outbox WHERE subject = :ticket_id AND CAST(event AS jsonb)->>'type' = :wire_type
""")


async def tell(tx: Tx, event: Event) -> None:
    """Keep an event of another service."""
    values = {"event_id": event.id, "tenant": event.tenantid, "ticket_id": event.subject, "time": event.time}
    await tx.execute(_TELL, values | {"event": encode_structured(event).decode()})


async def page(
    tx: Tx, tenant: str, ticket_id: str, *, after: tuple[datetime, str], limit: int
) -> list[tuple[datetime, str, str]]:
    """Return (time, id, CloudEvents JSON) of what happened after a point, in order."""
    values = {"tenant": tenant, "ticket_id": ticket_id, "limit": limit, "after_time": after[0], "after_id": after[1]}
    return [(row[0], row[1], row[2]) for row in await tx.execute(_PAGE, values)]


async def last_time(tx: Tx, ticket_id: str, wire_type: str) -> datetime | None:
    """Return when the ticket's last own event of a type was recorded, None when it has none."""
    return (await tx.execute(_LAST_TIME, {"ticket_id": ticket_id, "wire_type": wire_type})).scalar()
