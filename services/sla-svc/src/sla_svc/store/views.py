"""What the API reads: clocks, deadlines and penalties of one tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from amends.db import Tx
from amends.policy.values import CLOCK_ORDER

CLOCK_FIELDS = ("clock", "run", "rule", "start_at", "due_at", "warn_at", "state", "breached_at", "policy_version")
"""A clock as CONTRACT §6 says it, in its order."""

_COLUMNS = ", ".join(f"c.{name}" for name in CLOCK_FIELDS)
_TICKET = text("SELECT department, merchant_id FROM tickets WHERE ticket_id = :ticket AND tenant = :tenant")
_CLOCKS = text(f"""
    SELECT {_COLUMNS} FROM clocks c WHERE c.ticket_id = :ticket ORDER BY array_position(:order, c.clock), c.run
""")
_RUN = text("""
    SELECT detail, policy_version FROM clocks WHERE ticket_id = :ticket AND clock = :clock
    AND (CAST(:run AS integer) IS NULL OR run = :run) ORDER BY run DESC LIMIT 1
""")
_DEADLINES = text(f"""
    SELECT {_COLUMNS}, c.ticket_id, t.owner, t.department FROM clocks c JOIN tickets t ON t.ticket_id = c.ticket_id
    WHERE c.tenant = :tenant AND c.ended_at IS NULL AND (CAST(:before AS timestamptz) IS NULL OR c.due_at < :before)
    AND (CAST(:owner AS text) IS NULL OR t.owner = :owner)
    AND (CAST(:department AS text) IS NULL OR t.department = :department)
    AND (c.due_at, c.ticket_id, c.clock) > (:after_due, :after_ticket, :after_clock)
    ORDER BY c.due_at, c.ticket_id, c.clock LIMIT :limit
""")
_PENALTIES = text("""
    SELECT id, ticket_id, owner, amount, currency, rule, at FROM penalties
    WHERE tenant = :tenant AND (CAST(:owner AS text) IS NULL OR owner = :owner)
    AND (at, id) > (:after_at, :after_id) ORDER BY at, id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Answerable:
    """Who answers for a ticket besides the agents."""

    department: str | None
    merchant_id: str | None


async def ticket(tx: Tx, tenant: str, ticket_id: str) -> Answerable | None:
    """Return who answers for a ticket; None when the tenant has no such ticket here."""
    row = (await tx.execute(_TICKET, {"tenant": tenant, "ticket": ticket_id})).first()
    return None if row is None else Answerable(row[0], row[1])


async def clocks(tx: Tx, ticket_id: str) -> list[dict[str, Any]]:
    """Return every run of every clock of a ticket, in CONTRACT §3's order."""
    rows = (await tx.execute(_CLOCKS, {"ticket": ticket_id, "order": list(CLOCK_ORDER)})).mappings()
    return [dict(row) for row in rows]


async def run_detail(tx: Tx, ticket_id: str, clock: str, run: int | None) -> tuple[str, int] | None:
    """Return a run as it was written and its policy version: this one, or the last."""
    row = (await tx.execute(_RUN, {"ticket": ticket_id, "clock": clock, "run": run})).first()
    return None if row is None else (row[0], row[1])


async def deadlines(
    tx: Tx,
    tenant: str,
    *,
    before: datetime | None,
    owner: str | None,
    department: str | None,
    after: tuple[datetime, str, str],
    limit: int,
) -> Sequence[dict[str, Any]]:
    """Return runs not stopped yet, by due time; the cursor is (due_at, ticket, clock)."""
    values = {"tenant": tenant, "before": before, "owner": owner, "department": department, "limit": limit}
    cursor = {"after_due": after[0], "after_ticket": after[1], "after_clock": after[2]}
    return [dict(row) for row in (await tx.execute(_DEADLINES, values | cursor)).mappings()]


async def penalties(
    tx: Tx, tenant: str, *, owner: str | None, after: tuple[datetime, str], limit: int
) -> Sequence[dict[str, Any]]:
    """Return penalties, oldest first; the cursor is (at, id)."""
    values = {"tenant": tenant, "owner": owner, "after_at": after[0], "after_id": after[1], "limit": limit}
    return [dict(row) for row in (await tx.execute(_PENALTIES, values)).mappings()]
