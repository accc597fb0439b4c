"""The clocks of sla as intake has seen them."""

from sqlalchemy import text

from amends.db import Tx
from intake_svc.decisions.clocks_seen import SeenClock

_PUT = text("""
    INSERT INTO clocks_seen (ticket_id, clock, run, due_at, state) VALUES (:ticket_id, :clock, :run, :due_at, :state)
    ON CONFLICT (ticket_id, clock) DO UPDATE SET run = excluded.run, due_at = excluded.due_at, state = excluded.state
""")
_OF = text("SELECT clock, run, due_at, state FROM clocks_seen WHERE ticket_id = :ticket_id")


async def put(tx: Tx, ticket_id: str, seen: SeenClock) -> None:
    """Keep what was seen of a clock."""
    values = {"ticket_id": ticket_id, "clock": seen.clock, "run": seen.run, "due_at": seen.due_at, "state": seen.state}
    await tx.execute(_PUT, values)


async def of(tx: Tx, ticket_id: str) -> dict[str, SeenClock]:
    """Return a ticket's clocks by name."""
    rows = await tx.execute(_OF, {"ticket_id": ticket_id})
    return {row.clock: SeenClock(row.clock, row.run, row.due_at, row.state) for row in rows}
