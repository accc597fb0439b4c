"""The tickets table: what is looked for stands in columns, the rest of a ticket in two JSON documents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import TextClause, text

from amends.db import Tx
from amends.instants import parse_instant
from intake_svc.decisions.access import Sight
from intake_svc.decisions.ticket import Ticket

_READ: Final = """
    ticket_id, tenant, opened_by, policy_version, version, status, asked, fields, kept, description, demand
"""
_INSERT = text("""
    INSERT INTO tickets (ticket_id, tenant, ticket_no, opened_by, external_id, policy_version, version, status, kind,
        level, tags, asked, customer_id, order_id, merchant_id, department, owner, accepted_at, fields, kept,
        description, demand)
    VALUES (:ticket_id, :tenant, :ticket_no, :opened_by, :external_id, :policy_version, :version, :status, :kind,
        :level, :tags, :asked, :customer_id, :order_id, :merchant_id, :department, :owner, :accepted_at,
        CAST(:fields AS jsonb), CAST(:kept AS jsonb), :description, :demand)
    ON CONFLICT (tenant, opened_by, external_id) WHERE external_id IS NOT NULL DO NOTHING
    RETURNING ticket_id
""")
_UPDATE = text("""
    UPDATE tickets SET version = :version, status = :status, kind = :kind, level = :level, tags = :tags,
        asked = :asked, customer_id = :customer_id, order_id = :order_id, merchant_id = :merchant_id,
        department = :department, owner = :owner, fields = CAST(:fields AS jsonb), kept = CAST(:kept AS jsonb)
    WHERE ticket_id = :ticket_id
""")
_BY_EXTERNAL_ID = text("""
    SELECT ticket_id FROM tickets WHERE tenant = :tenant AND opened_by = :opened_by AND external_id = :external_id
""")
_GET = text(f"SELECT {_READ} FROM tickets WHERE ticket_id = :ticket_id AND tenant = :tenant")
_LOCK = text(f"SELECT {_READ} FROM tickets WHERE ticket_id = :ticket_id AND tenant = :tenant FOR NO KEY UPDATE")
_COMPLAINED = text("""
    SELECT EXISTS (
        SELECT 1 FROM tickets WHERE tenant = :tenant AND order_id = :order_id AND kind = :kind
        AND accepted_at BETWEEN :since AND :until
    )
""")
_IN_SIGHT: Final = """
    tenant = :tenant
    AND (CAST(:seen_opened_by AS text) IS NULL OR opened_by = :seen_opened_by)
    AND (CAST(:seen_department AS text) IS NULL OR department = :seen_department OR :seen_department = ANY(asked))
    AND (CAST(:seen_merchant AS text) IS NULL OR merchant_id = :seen_merchant OR department = :seen_merchant
         OR :seen_merchant = ANY(asked))
"""
_FILTERS: Final[Mapping[str, str]] = {
    "customer": "customer_id = :customer",
    "order": "order_id = :order",
    "owner": "owner = :owner",
    "department": "(department = :department OR :department = ANY(asked))",
    "status": "status = :status",
    "level": "level = :level",
    "tag": ":tag = ANY(tags)",
    "text": """(ticket_no ILIKE :text OR external_id ILIKE :text OR customer_id ILIKE :text OR order_id ILIKE :text
        OR description ILIKE :text OR demand ILIKE :text OR fields->>'case_type' ILIKE :text
        OR CAST(fields->'order'->'items' AS text) ILIKE :text)""",
    "incident": """ticket_id IN (
        SELECT ticket_id FROM incident_tickets WHERE tenant = :tenant AND incident_id = :incident AND linked)""",
    "before": "ticket_id < :before",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None asks nothing. `before`: ids smaller than this one, newest first."""

    customer: str | None = None
    order: str | None = None
    owner: str | None = None
    department: str | None = None
    status: str | None = None
    level: int | None = None
    tag: str | None = None
    text: str | None = None
    incident: str | None = None
    before: str | None = None


async def insert(tx: Tx, ticket: Ticket) -> bool:
    """Keep a new ticket. False: its opener used this `external_id` before; nothing was kept."""
    fields = ticket.fields
    own = {
        "ticket_no": fields["ticket_no"],
        "opened_by": ticket.opened_by,
        "external_id": fields.get("external_id"),
        "policy_version": ticket.policy_version,
        "accepted_at": parse_instant(fields["accepted_at"]),
        "tenant": ticket.tenant,
        "description": ticket.description,
        "demand": ticket.demand,
    }
    return (await tx.execute(_INSERT, _changing(ticket) | own)).first() is not None


async def save(tx: Tx, ticket: Ticket) -> None:
    """Keep what changed of a ticket that `lock` gave."""
    await tx.execute(_UPDATE, _changing(ticket))


async def lock(tx: Tx, tenant: str, ticket_id: str) -> Ticket | None:
    """Return the tenant's ticket and hold its row until the transaction ends."""
    return await _one(tx, _LOCK, tenant, ticket_id)


async def get(tx: Tx, tenant: str, ticket_id: str) -> Ticket | None:
    """Return the tenant's ticket."""
    return await _one(tx, _GET, tenant, ticket_id)


async def _one(tx: Tx, query: TextClause, tenant: str, ticket_id: str) -> Ticket | None:
    row = (await tx.execute(query, {"tenant": tenant, "ticket_id": ticket_id})).first()
    return None if row is None else _ticket(row)


async def opened_as(tx: Tx, tenant: str, opened_by: str, external_id: str) -> str:
    """Return the id of the ticket that its opener gave this `external_id`."""
    values = {"tenant": tenant, "opened_by": opened_by, "external_id": external_id}
    return str((await tx.execute(_BY_EXTERNAL_ID, values)).scalar_one())


async def accepted_between(tx: Tx, tenant: str, order_id: str, kind: str, since: datetime, until: datetime) -> bool:
    """Say whether a ticket of this kind on the order was accepted in [since, until]."""
    values = {"tenant": tenant, "order_id": order_id, "kind": kind, "since": since, "until": until}
    return bool((await tx.execute(_COMPLAINED, values)).scalar_one())


async def listed(tx: Tx, seen: Sight, filters: Filters, limit: int) -> list[Ticket]:
    """Return the tickets in sight that meet every filter, newest first."""
    asked = {name: getattr(filters, name) for name in _FILTERS if getattr(filters, name) is not None}
    where = " AND ".join([_IN_SIGHT, *(_FILTERS[name] for name in asked)])
    if "text" in asked:
        asked["text"] = f"%{_literal(asked['text'])}%"
    query = text(f"SELECT {_READ} FROM tickets WHERE {where} ORDER BY ticket_id DESC LIMIT :limit")
    in_sight = {
        "tenant": seen.tenant,
        "seen_opened_by": seen.opened_by,
        "seen_department": seen.department,
        "seen_merchant": seen.merchant,
    }
    return [_ticket(row) for row in await tx.execute(query, asked | in_sight | {"limit": limit})]


def _literal(asked: str) -> str:
    """Take the meaning from what LIKE would read as a pattern."""
    return asked.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _changing(ticket: Ticket) -> dict[str, Any]:
    fields = ticket.fields
    kept = {
        "level_given": ticket.level_given,
        "tags_given": ticket.tags_given,
        "proposed": ticket.proposed,
        "proposed_amount": ticket.proposed_amount,
        "reviews": ticket.reviews,
        "reviewers": ticket.reviewers,
        "levels_up": ticket.levels_up,
        "incidents": ticket.incidents,
    }
    return {
        "ticket_id": ticket.ticket_id,
        "version": ticket.version,
        "status": ticket.status,
        "kind": fields["kind"],
        "level": ticket.level,
        "tags": list(fields.get("tags", ())),
        "asked": list(ticket.asked),
        "customer_id": ticket.customer_id,
        "order_id": ticket.order_id,
        "merchant_id": fields.get("merchant_id"),
        "department": fields.get("department"),
        "owner": fields.get("owner"),
        "fields": json.dumps(fields, ensure_ascii=False),
        "kept": json.dumps(kept, ensure_ascii=False),
    }


def _ticket(row: Any) -> Ticket:
    kept = row.kept
    return Ticket(
        ticket_id=row.ticket_id,
        tenant=row.tenant,
        opened_by=row.opened_by,
        policy_version=row.policy_version,
        fields=row.fields,
        description=row.description,
        demand=row.demand,
        status=row.status,
        version=row.version,
        level_given=kept["level_given"],
        tags_given=tuple(kept["tags_given"]),
        asked=tuple(row.asked),
        proposed=kept["proposed"],
        proposed_amount=kept.get("proposed_amount"),
        reviews=tuple(kept["reviews"]),
        # Reviews that were passed before their reviewers were kept are by nobody known.
        reviewers=tuple(kept.get("reviewers", [""] * len(kept["reviews"]))),
        levels_up=kept["levels_up"],
        incidents=tuple(kept["incidents"]),
    )
