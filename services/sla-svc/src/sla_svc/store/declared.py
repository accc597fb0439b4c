"""Outages that people declared, how far tickets have been worked, and which tickets a declaration touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from sla_svc.decisions.declared import Declared
from sla_svc.decisions.state import Run, TicketClocks

_WILL_WORK = text("UPDATE worked_up_to SET up_to = :up_to WHERE up_to < :up_to")
_WORKED = text("SELECT up_to, domain_now() FROM worked_up_to FOR SHARE")
_ADD = text("""
    INSERT INTO declared_outages (id, tenant, since, until, held_until, after, reason, declared_by, declared_at,
        handed_at)
    VALUES (:id, :tenant, :since, :until, :held_until, :after, :reason, :declared_by, :declared_at, :since)
""")
_OF = text("SELECT tenant, since, until, held_until, after, reason FROM declared_outages WHERE tenant = ANY(:tenants)")
_WAITING = text("""
    SELECT id, tenant, since, held_until, after, made_at, handed_at, handed_ticket FROM declared_outages
    WHERE NOT handed_over ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_TOUCHED = text("""
    SELECT at, ticket_id FROM (
        (SELECT due_at AS at, ticket_id FROM clocks WHERE tenant = :tenant AND ended_at IS NULL AND state = 'running'
            AND due_at > :since AND due_at <= :held_until AND (due_at, ticket_id) > (:handed_at, :handed_ticket)
            ORDER BY due_at, ticket_id LIMIT :count)
        UNION ALL
        (SELECT outage_until, ticket_id FROM given_back WHERE tenant = :tenant AND noted_at < :made_at
            AND (outage_until, ticket_id) > (:handed_at, :handed_ticket)
            ORDER BY outage_until, ticket_id LIMIT :count)
    ) touched ORDER BY at, ticket_id LIMIT :count
""")
_WORK = text("""
    UPDATE tickets SET next_at = :after WHERE ticket_id IN (
        SELECT ticket_id FROM tickets WHERE ticket_id = ANY(:tickets) AND (next_at IS NULL OR next_at > :after)
        ORDER BY ticket_id FOR UPDATE
    )
""")
_HANDED = text("UPDATE declared_outages SET handed_at = :at, handed_ticket = :ticket WHERE id = :id")
_HANDED_OVER = text("UPDATE declared_outages SET handed_over = true WHERE id = :id")
_GIVEN = text("""
    INSERT INTO given_back (tenant, outage_until, ticket_id) VALUES (:tenant, :until, :ticket) ON CONFLICT DO NOTHING
""")
_LIST = text("""
    SELECT * FROM (
        SELECT CAST(id AS text) AS id, 'declared' AS kind, since, until, reason, declared_by, declared_at
        FROM declared_outages WHERE tenant = :tenant
        UNION ALL
        SELECT CAST(until AS text), 'found', since, until, NULL, NULL, NULL FROM outages
    ) every WHERE (since, id) > (:after_since, :after_id) ORDER BY since, id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Page:
    """Some tickets that a declared outage touches, each with an instant, in order: beyond those handed over before.

    The instant is the due time of a clock in it, or the end of an outage before it that was given back.
    """

    outage: UUID
    after: datetime
    touched: Sequence[tuple[datetime, str]]


async def will_work(tx: Tx, up_to: datetime) -> None:
    """Say that tickets are going to be worked up to an instant; what is declared from now on has its place behind it."""
    await tx.execute(_WILL_WORK, {"up_to": up_to})


async def worked(tx: Tx) -> tuple[datetime, datetime]:
    """Return how far tickets have been or are being worked, and domain time. None goes further until this commits."""
    row = (await tx.execute(_WORKED)).one()
    return row[0], row[1]


async def add(tx: Tx, outage_id: UUID, tenant: str, outage: Declared, *, by: str, at: datetime) -> None:
    """Keep a declared outage."""
    values = {name: getattr(outage, name) for name in Declared.__slots__}
    await tx.execute(_ADD, {**values, "id": outage_id, "tenant": tenant, "declared_by": by, "declared_at": at})


async def of_tenants(tx: Tx, tenants: Sequence[str]) -> dict[str, list[Declared]]:
    """Return every outage that was declared for these tenants."""
    found: dict[str, list[Declared]] = {tenant: [] for tenant in tenants}
    for tenant, *outage in await tx.execute(_OF, {"tenants": list(tenants)}):
        found[tenant].append(Declared(*outage))
    return found


async def next_page(tx: Tx, count: int) -> Page | None:
    """Return the next tickets of an outage that is not handed over yet, and lock it; None: there is no such outage."""
    row = (await tx.execute(_WAITING)).mappings().first()
    if row is None:
        return None
    touched = await tx.execute(_TOUCHED, {**row, "count": count})
    return Page(row["id"], row["after"], [(at, ticket) for at, ticket in touched])


async def hand_over(tx: Tx, page: Page) -> None:
    """Have the page's tickets worked at the next sweep, and go on behind them; an empty page is the last."""
    if not page.touched:
        await tx.execute(_HANDED_OVER, {"id": page.outage})
        return
    tickets = {ticket for _, ticket in page.touched}
    await tx.execute(_WORK, {"tickets": list(tickets), "after": page.after})
    at, ticket = page.touched[-1]
    await tx.execute(_HANDED, {"id": page.outage, "at": at, "ticket": ticket})


async def note_given(tx: Tx, runs: Sequence[tuple[TicketClocks, Run]]) -> None:
    """Note which tickets have runs that were given outages back."""
    given = [
        {"tenant": state.tenant, "until": run.outages[-1][1], "ticket": state.ticket_id}
        for state, run in runs
        if run.outages
    ]
    if given:
        await tx.execute(_GIVEN, given)


async def listed(tx: Tx, tenant: str, after: tuple[datetime, str], limit: int) -> Sequence[dict[str, Any]]:
    """Return a tenant's declared outages and those of intake that were found, by start; the cursor is (since, id)."""
    values = {"tenant": tenant, "after_since": after[0], "after_id": after[1], "limit": limit}
    return [dict(row) for row in (await tx.execute(_LIST, values)).mappings()]
