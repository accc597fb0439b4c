"""What complaints count for, the incidents that came of it, and which tickets belong to them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from amends.db import Tx
from intake_svc.decisions.groups import Complaint, Incident

_GROUPS_LOCK = 0x0A4D_0101
"""With the tenant's hash: whoever holds it looks at the tenant's complaints, so that none is grouped twice."""

_COUNT = text("""
    WITH waits AS (
        INSERT INTO complaints_waiting (ticket_id, tenant) VALUES (:ticket_id, :tenant) ON CONFLICT DO NOTHING
    )
    INSERT INTO complaint_subjects (tenant, category, subject, accepted_at, ticket_id, customer_id)
    SELECT :tenant, :category, subject, :accepted_at, :ticket_id, :customer_id
    FROM unnest(CAST(:subjects AS text[])) s (subject)
""")
_FORGET = text("DELETE FROM complaint_subjects WHERE ticket_id = :ticket_id")
_WAITING = text("SELECT tenant, ticket_id FROM complaints_waiting ORDER BY ticket_id LIMIT :most")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock, hashtext(:tenant))")
_TAKE = text("DELETE FROM complaints_waiting WHERE ticket_id = :ticket_id")
_POLICY_VERSION = text("SELECT policy_version FROM tickets WHERE ticket_id = :ticket_id")
_WITH_INCIDENT = """
    SELECT s.*, i.incident_id, i.first_at, i.last_at
    FROM (
        SELECT tenant, category, ticket_id, customer_id, accepted_at, array_agg(subject) AS subjects
        FROM complaint_subjects WHERE {found} GROUP BY tenant, category, ticket_id, customer_id, accepted_at
    ) s
    LEFT JOIN incident_tickets m ON m.tenant = s.tenant AND m.ticket_id = s.ticket_id
    LEFT JOIN incidents i ON i.incident_id = m.incident_id AND i.category = s.category
    ORDER BY s.accepted_at, s.ticket_id, i.first_at, i.incident_id
"""
_COMPLAINT = text(_WITH_INCIDENT.format(found="ticket_id = :ticket_id"))
_ALIKE = text(
    _WITH_INCIDENT.format(
        found="""tenant = :tenant AND category = :category AND subject = ANY(:subjects)
        AND accepted_at BETWEEN :since AND :until AND ticket_id <> :ticket_id"""
    )
)
_ABOUT = text("""
    SELECT DISTINCT i.incident_id, i.first_at, i.last_at FROM incident_subjects s JOIN incidents i USING (incident_id)
    WHERE s.tenant = :tenant AND s.subject = ANY(:subjects) AND i.category = :category
""")
_KEEP_INCIDENT = text("""
    INSERT INTO incidents AS i (incident_id, tenant, category, first_at, last_at)
    VALUES (:incident_id, :tenant, :category, :first_at, :last_at)
    ON CONFLICT (incident_id) DO UPDATE SET
        first_at = LEAST(i.first_at, excluded.first_at), last_at = GREATEST(i.last_at, excluded.last_at)
""")
_KEEP_SUBJECTS = text("""
    INSERT INTO incident_subjects (tenant, subject, incident_id)
    SELECT :tenant, subject, :incident_id FROM unnest(CAST(:subjects AS text[])) s (subject) ON CONFLICT DO NOTHING
""")
_ADD_TICKETS = text("""
    INSERT INTO incident_tickets (tenant, incident_id, ticket_id, linked)
    SELECT :tenant, :incident_id, ticket_id, false FROM unnest(CAST(:tickets AS text[])) t (ticket_id)
    ON CONFLICT DO NOTHING
""")
_UNLINKED = text(
    "SELECT DISTINCT tenant, ticket_id FROM incident_tickets WHERE NOT linked ORDER BY ticket_id LIMIT :most"
)
_UNLINKED_OF = text("""
    SELECT incident_id FROM incident_tickets WHERE tenant = :tenant AND ticket_id = :ticket_id AND NOT linked
    ORDER BY incident_id
""")
_LINKED = text("""
    INSERT INTO incident_tickets (tenant, incident_id, ticket_id, linked)
    VALUES (:tenant, :incident_id, :ticket_id, true)
    ON CONFLICT (tenant, incident_id, ticket_id) DO UPDATE SET linked = true
""")


async def count(tx: Tx, tenant: str, complaint: Complaint) -> None:
    """Keep what a ticket counts for, and that nobody has looked at it yet."""
    values = {
        "tenant": tenant,
        "ticket_id": complaint.ticket_id,
        "customer_id": complaint.customer_id,
        "accepted_at": complaint.accepted_at,
        "category": complaint.category,
        "subjects": sorted(complaint.subjects),
    }
    await tx.execute(_COUNT, values)


async def forget(tx: Tx, ticket_id: str) -> None:
    """Have a ticket count for nothing; what it was linked to stays."""
    await tx.execute(_FORGET, {"ticket_id": ticket_id})


async def waiting(tx: Tx, most: int) -> list[tuple[str, str]]:
    """Return (tenant, ticket) of complaints that nobody has looked at yet, oldest first."""
    return [(row.tenant, row.ticket_id) for row in await tx.execute(_WAITING, {"most": most})]


async def hold(tx: Tx, tenant: str) -> bool:
    """Keep other instances from the tenant's groups until the transaction ends; False: another one does so now."""
    return bool((await tx.execute(_TRY_LOCK, {"lock": _GROUPS_LOCK, "tenant": tenant})).scalar_one())


async def take(tx: Tx, ticket_id: str) -> tuple[Complaint, int] | None:
    """Take a complaint that waits, with the policy version of its ticket; None: it is taken, or counts for nothing now.

    Hold the tenant's groups.
    """
    if (await tx.execute(_TAKE, {"ticket_id": ticket_id})).rowcount == 0:
        return None
    row = (await tx.execute(_COMPLAINT, {"ticket_id": ticket_id})).first()
    if row is None:
        return None
    version = (await tx.execute(_POLICY_VERSION, {"ticket_id": ticket_id})).scalar_one()
    return _complaint(row), version


async def incidents_about(tx: Tx, tenant: str, complaint: Complaint) -> list[Incident]:
    """Return the incidents of its category about any of a complaint's subjects, however old."""
    values = {"tenant": tenant, "category": complaint.category, "subjects": sorted(complaint.subjects)}
    return [Incident(row.incident_id, row.first_at, row.last_at) for row in await tx.execute(_ABOUT, values)]


async def alike(tx: Tx, tenant: str, complaint: Complaint, within: timedelta) -> list[Complaint]:
    """Return the others of its category about one of its subjects, accepted at most `within` before or after it.

    Their subjects are those that they share with it.
    """
    values = {
        "tenant": tenant,
        "ticket_id": complaint.ticket_id,
        "category": complaint.category,
        "subjects": sorted(complaint.subjects),
        "since": complaint.accepted_at - within,
        "until": complaint.accepted_at + within,
    }
    found: dict[str, Complaint] = {}
    for row in await tx.execute(_ALIKE, values):
        found.setdefault(row.ticket_id, _complaint(row))
    return list(found.values())


def _complaint(row: Any) -> Complaint:
    incident = None if row.incident_id is None else Incident(row.incident_id, row.first_at, row.last_at)
    return Complaint(row.ticket_id, row.customer_id, row.accepted_at, row.category, frozenset(row.subjects), incident)


async def keep(
    tx: Tx, tenant: str, category: str, incident: Incident, *, subjects: Iterable[str], tickets: Iterable[str]
) -> None:
    """Keep an incident, new or longer than it was, with more that it is about and more tickets, yet to be linked."""
    values = {"tenant": tenant, "incident_id": incident.incident_id}
    own = {"category": category, "first_at": incident.first_at, "last_at": incident.last_at}
    await tx.execute(_KEEP_INCIDENT, values | own)
    await tx.execute(_KEEP_SUBJECTS, values | {"subjects": sorted(subjects)})
    await tx.execute(_ADD_TICKETS, values | {"tickets": sorted(tickets)})


async def unlinked(tx: Tx, most: int) -> list[tuple[str, str]]:
    """Return (tenant, ticket) of tickets that belong to an incident and are not linked yet, oldest first."""
    return [(row.tenant, row.ticket_id) for row in await tx.execute(_UNLINKED, {"most": most})]


async def unlinked_of(tx: Tx, tenant: str, ticket_id: str) -> list[str]:
    """Return the incidents that a ticket belongs to and is not linked to yet. Hold the ticket: others link it too."""
    rows = await tx.execute(_UNLINKED_OF, {"tenant": tenant, "ticket_id": ticket_id})
    return [row.incident_id for row in rows]


async def linked(tx: Tx, tenant: str, ticket_id: str, incident_id: str) -> None:
    """Keep that a ticket, which is held, was linked to an incident: one that was found, or one that a person names."""
    await tx.execute(_LINKED, {"tenant": tenant, "ticket_id": ticket_id, "incident_id": incident_id})
