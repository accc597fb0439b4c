"""How far the ticket watermark was seen, by any instance, and where it jumped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from amends.db import Tx
from sla_svc.decisions.outages import Outage

_SEEN = text("SELECT up_to, seen_at FROM watermark_seen WHERE topic = :topic")
_SEE = text("""
    INSERT INTO watermark_seen (topic, up_to, seen_at) VALUES (:topic, :up_to, clock_timestamp())
    ON CONFLICT (topic) DO UPDATE SET up_to = excluded.up_to, seen_at = excluded.seen_at
    WHERE watermark_seen.up_to < excluded.up_to
""")
_ADD = text("INSERT INTO outages (since, until) VALUES (:since, :until) ON CONFLICT DO NOTHING")
_ALL = text("SELECT since, until FROM outages ORDER BY until")


@dataclass(frozen=True, slots=True)
class Seen:
    """The last ticket watermark (domain time) that an instance saw, and the real time at which it did."""

    up_to: datetime
    seen_at: datetime


async def seen(tx: Tx, topic: str) -> Seen | None:
    """Return how far this topic's watermark was seen."""
    row = (await tx.execute(_SEEN, {"topic": topic})).first()
    return None if row is None else Seen(row[0], row[1])


async def see(tx: Tx, topic: str, up_to: datetime) -> None:
    """Remember how far this topic's watermark was seen; never less than before."""
    await tx.execute(_SEE, {"topic": topic, "up_to": up_to})


async def add(tx: Tx, found: Sequence[Outage]) -> None:
    """Keep outages; every instance finds the same ones."""
    if found:
        await tx.execute(_ADD, [{"since": outage.since, "until": outage.until} for outage in found])


async def all_of(tx: Tx) -> tuple[Outage, ...]:
    """Return every outage, oldest first."""
    return tuple(Outage(row[0], row[1]) for row in await tx.execute(_ALL))
