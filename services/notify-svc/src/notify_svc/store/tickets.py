"""Tickets as intake tells them, and facts of other services that wait for them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import decode, encode_structured
from amends.events.envelope import Event
from amends.events.sla import SlaDeadlineBreached
from notify_svc.decisions.ticket import Ticket

_COLUMNS = (
    "ticket_id, tenant, policy_version, opened_at, accepted_at, facts, asked, settled, reopenings, intake_sequence"
)
_FIND = text(f"SELECT {_COLUMNS} FROM tickets WHERE ticket_id = :ticket")
_LOCK = text(f"SELECT {_COLUMNS} FROM tickets WHERE ticket_id = :ticket FOR UPDATE")
_SAVE = text("""
    INSERT INTO tickets AS t (ticket_id, tenant, policy_version, opened_at, accepted_at, facts, asked, settled,
        reopenings, intake_sequence)
    VALUES (:ticket_id, :tenant, :policy_version, :opened_at, :accepted_at, CAST(:facts AS jsonb), CAST(:asked AS jsonb), :settled,
        :reopenings, :sequence)
    ON CONFLICT (ticket_id) DO UPDATE SET facts = excluded.facts, asked = excluded.asked, settled = excluded.settled,
        reopenings = excluded.reopenings, intake_sequence = excluded.intake_sequence
""")
_KEEP_BREACH = text("""
    INSERT INTO breaches (ticket_id, clock, run, step, as_of_sequence) VALUES (:ticket, :clock, :run, :step, :as_of)
    ON CONFLICT DO NOTHING
""")
_BREACH = text("""
    SELECT as_of_sequence FROM breaches WHERE ticket_id = :ticket AND clock = :clock AND run = :run AND step = :step
""")
_WAIT = text("INSERT INTO waiting_facts (ticket_id, needs_sequence, event) VALUES (:ticket, :needs, :event)")
_TAKE_READY = text("""
    DELETE FROM waiting_facts WHERE ticket_id = :ticket AND needs_sequence <= :sequence RETURNING position, event
""")
_READY_TICKETS = text("""
    SELECT DISTINCT w.ticket_id FROM waiting_facts w JOIN tickets t USING (ticket_id)
    WHERE w.needs_sequence <= t.intake_sequence LIMIT 100
""")
_KEEP_REMEDY = text("""
    INSERT INTO remedies (remedy_id, ticket_id, decided) VALUES (:remedy, :ticket, CAST(:decided AS jsonb))
    ON CONFLICT DO NOTHING
""")
_EXTENDED = text("""
    INSERT INTO extensions AS e (event_id, ticket_id, extended) VALUES (:id, :ticket, :event)
    ON CONFLICT (event_id) DO UPDATE SET extended = excluded.extended RETURNING moved
""")
_MOVED = text("""
    INSERT INTO extensions AS e (event_id, ticket_id, moved) VALUES (:id, :ticket, true)
    ON CONFLICT (event_id) DO UPDATE SET moved = true WHERE NOT e.moved RETURNING extended
""")


def _ticket(row: Any) -> Ticket:
    return Ticket(
        ticket_id=row.ticket_id,
        tenant=row.tenant,
        policy_version=row.policy_version,
        opened_at=row.opened_at,
        accepted_at=row.accepted_at,
        facts=row.facts,
        asked=tuple((sequence, department) for sequence, department in row.asked),
        settled=row.settled,
        reopenings=row.reopenings,
    )


async def find(tx: Tx, ticket_id: str) -> tuple[Ticket, int] | None:
    """Return the ticket and intake's last sequence that stands in it; None when `opened` has not come yet."""
    row = (await tx.execute(_FIND, {"ticket": ticket_id})).first()
    return (_ticket(row), row.intake_sequence) if row else None


async def lock(tx: Tx, ticket_id: str) -> Ticket | None:
    """Lock the ticket and return it; None when `opened` has not come yet."""
    row = (await tx.execute(_LOCK, {"ticket": ticket_id})).first()
    return _ticket(row) if row else None


async def save(tx: Tx, ticket: Ticket, sequence: int) -> None:
    """Keep the ticket as it stands after intake's event of this sequence."""
    values = {name: getattr(ticket, name) for name in Ticket.__dataclass_fields__}
    values |= {name: json.dumps(values[name], ensure_ascii=False) for name in ("facts", "asked")}
    await tx.execute(_SAVE, values | {"sequence": sequence})


async def wait(tx: Tx, event: Event, needs_sequence: int) -> None:
    """Keep an event until intake's events of its ticket stand up to this sequence."""
    values = {"ticket": event.subject, "needs": needs_sequence, "event": encode_structured(event).decode()}
    await tx.execute(_WAIT, values)


async def take_ready(tx: Tx, ticket_id: str, sequence: int) -> Sequence[Event]:
    """Take out what had waited for this sequence or less, in the order in which it came."""
    rows = (await tx.execute(_TAKE_READY, {"ticket": ticket_id, "sequence": sequence})).all()
    return [decode((), event.encode()) for _, event in sorted(rows)]


async def with_ready_facts(tx: Tx) -> Sequence[str]:
    """Return tickets whose waiting facts need not wait any more: their two events crossed in two transactions."""
    return (await tx.execute(_READY_TICKETS)).scalars().all()


async def keep_breach(tx: Tx, ticket_id: str, breach: SlaDeadlineBreached) -> None:
    """Keep up to which of intake's events a breach counts."""
    values = {"ticket": ticket_id, "clock": breach.clock, "run": breach.run, "step": breach.step}
    await tx.execute(_KEEP_BREACH, values | {"as_of": breach.as_of_sequence})


async def as_of_sequence(tx: Tx, ticket_id: str, decided: Mapping[str, Any]) -> int | None:
    """Return up to which of intake's events the breach counts that a remedy was decided for; None: no breach known."""
    values = {name: decided.get(name) for name in ("clock", "run", "step")}
    if None in values.values():
        return None
    found: int | None = (await tx.execute(_BREACH, values | {"ticket": ticket_id})).scalar()
    return found


async def keep_remedy(tx: Tx, ticket_id: str, remedy_id: str, decided: dict[str, Any]) -> None:
    """Keep what a remedy is, for the events that only name it."""
    await tx.execute(_KEEP_REMEDY, {"remedy": remedy_id, "ticket": ticket_id, "decided": json.dumps(decided)})


async def remedy(tx: Tx, remedy_id: str) -> dict[str, Any] | None:
    """Return the data of `decided` of a remedy."""
    query = text("SELECT decided FROM remedies WHERE remedy_id = :remedy")
    found: dict[str, Any] | None = (await tx.execute(query, {"remedy": remedy_id})).scalar()
    return found


async def extension_asked(tx: Tx, event: Event) -> bool:
    """Keep an `extended`; say whether sla has moved the clock because of it already."""
    values = {"id": event.id, "ticket": event.subject, "event": encode_structured(event).decode()}
    return bool((await tx.execute(_EXTENDED, values)).scalar_one())


async def extension_effective(tx: Tx, event_id: str, ticket_id: str) -> Event | None:
    """Note that sla moved a clock because of this event; return it if it is an `extended` that has come already."""
    event = (await tx.execute(_MOVED, {"id": event_id, "ticket": ticket_id})).scalar()
    return decode((), event.encode()) if event else None
