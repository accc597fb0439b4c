"""Tickets with work: claimed by whoever comes first, worked under their row's lock, saved whole.

A claim carries a lower bound on time: without it, a snapshot that somebody holds open makes every claim walk over the
dead entries of all timers that fired since (DESIGN 4). A sweep without the bound finds what a bound left out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from amends.db import Tx
from sla_svc.decisions.state import TicketClocks, to_json

_FREE = """
    NOT EXISTS (SELECT 1 FROM parked_tickets p WHERE p.ticket_id = t.ticket_id)
    AND NOT (t.ticket_id = ANY(:skipped))
    AND NOT EXISTS (SELECT 1 FROM unnest(CAST(:tenants AS text[]), CAST(:versions AS integer[])) AS m (tenant, version)
        WHERE m.tenant = t.tenant AND m.version = t.policy_version)
"""
_COLUMNS = "t.ticket_id, t.tenant, t.policy_version, t.state"
_BY_TIMER = text(f"""
    SELECT {_COLUMNS} FROM tickets t WHERE t.next_at BETWEEN :since AND :up_to AND {_FREE}
    ORDER BY t.next_at LIMIT :count FOR UPDATE OF t SKIP LOCKED
""")
_BY_EVENT = text(f"""
    SELECT {_COLUMNS} FROM tickets t WHERE t.ticket_id IN (
        SELECT w.ticket_id FROM (
            SELECT e.ticket_id FROM events e JOIN tickets t ON t.ticket_id = e.ticket_id
            WHERE e.applied_at IS NULL AND e.time BETWEEN :since AND :up_to AND {_FREE}
            ORDER BY e.time LIMIT :candidates
        ) w
    ) LIMIT :count FOR UPDATE OF t SKIP LOCKED
""")
_ANY = text(f"""
    SELECT EXISTS (SELECT 1 FROM tickets t WHERE t.next_at BETWEEN :since AND :up_to AND {_FREE})
    OR EXISTS (SELECT 1 FROM events e JOIN tickets t ON t.ticket_id = e.ticket_id
        WHERE e.applied_at IS NULL AND e.time BETWEEN :since AND :up_to AND {_FREE})
""")
_ONE = text(f"SELECT {_COLUMNS} FROM tickets t WHERE t.ticket_id = :ticket FOR UPDATE OF t SKIP LOCKED")
_SAVE = text("""
    UPDATE tickets SET state = :state, next_at = :next_at, owner = :owner, department = :department,
        merchant_id = :merchant
    WHERE ticket_id = :ticket
""")
CANDIDATES_PER_CLAIM = 20
"""How many waiting events are looked at for each ticket wanted: instances that claim at once find different ones."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A ticket whose row this transaction has locked.

    `written`: its state as JSON, read by whoever works it; None: its `opened` has not been applied yet.
    """

    ticket_id: str
    tenant: str
    policy_version: int
    written: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which work is looked for: due in [since, up_to], not of these tickets, not of these policies (tenant, version)."""

    since: datetime
    up_to: datetime
    skipped: Collection[str] = ()
    missing: Collection[tuple[str, int]] = ()

    def values(self) -> dict[str, Any]:
        """Return the parameters of a claim."""
        pairs = list(self.missing)
        return {
            "since": self.since,
            "up_to": self.up_to,
            "skipped": list(self.skipped),
            "tenants": [tenant for tenant, _ in pairs],
            "versions": [version for _, version in pairs],
        }


async def any_waits(tx: Tx, window: Window) -> bool:
    """Say whether a claim could find something: asked first, as a claim's transaction takes an xid."""
    return bool((await tx.execute(_ANY, window.values())).scalar_one())


async def claim(tx: Tx, window: Window, count: int) -> list[Claimed]:
    """Lock and return tickets with timers due or events waiting; parked ones and those that others hold are left out."""
    rows = list(await tx.execute(_BY_TIMER, window.values() | {"count": count}))
    left = count - len(rows)
    if left > 0:
        more = {"count": count, "candidates": count * CANDIDATES_PER_CLAIM}
        known = {row[0] for row in rows}
        rows += [row for row in await tx.execute(_BY_EVENT, window.values() | more) if row[0] not in known]
    return [_claimed(row) for row in rows]


async def claim_one(tx: Tx, ticket_id: str) -> Claimed | None:
    """Lock and return this ticket; None when somebody else holds it."""
    row = (await tx.execute(_ONE, {"ticket": ticket_id})).first()
    return None if row is None else _claimed(row)


def _claimed(row: Any) -> Claimed:
    return Claimed(row[0], row[1], row[2], row[3])


async def save(tx: Tx, states: Sequence[tuple[TicketClocks, datetime | None]]) -> None:
    """Save tickets with the instant of each one's next timer."""
    if states:
        await tx.execute(_SAVE, [_row(state, next_at) for state, next_at in states])


def _row(state: TicketClocks, next_at: datetime | None) -> dict[str, Any]:
    return {
        "ticket": state.ticket_id,
        "state": to_json(state),
        "next_at": next_at,
        "owner": state.owner,
        "department": state.department,
        "merchant": state.merchant_id,
    }
