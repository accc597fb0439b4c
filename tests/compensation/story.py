"""Tickets for tests, told as the events that intake and sla would have published."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import writing
from amends.events.codec import decode
from amends.events.envelope import Event
from amends.ids import new_id
from amends.inbox import Arrival, arrive
from compensation_svc.decisions.approval import Mode
from compensation_svc.handlers import consume, paying
from compensation_svc.handlers.ports import Ports
from compensation_svc.store import jobs, ledger, payouts

START = datetime(2026, 5, 13, 1, 20, tzinfo=UTC)


def item(line_id: str, paid_amount: int, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """An order line; affected unless said otherwise."""
    line = {"line_id": line_id, "sku": f"SKU-{line_id}", "name": f"item {line_id}", "quantity": quantity}
    return line | {"paid_amount": paid_amount, "affected": True} | more


def order(*items: dict[str, Any], shipping_fee: int = 0, **more: Any) -> dict[str, Any]:
    """An order whose paid amount is its items and shipping."""
    paid = sum(line["paid_amount"] for line in items) + shipping_fee
    whole = {"order_id": "O-1", "currency": "CNY", "paid_amount": paid, "shipping_fee": shipping_fee}
    return whole | {"items": list(items)} | more


@dataclass
class Story:
    """One ticket's events, numbered as they are told; an hour apart unless `at` says otherwise."""

    ticket: str = "T-1"
    tenant: str = "demo"
    events: list[Event] = field(default_factory=list)
    breaches: int = 0

    def opened(self, case_type: str = "refund_only", *, at: datetime = START, **data: Any) -> Event:
        whole = {"channel": "app", "kind": "complaint", "case_type": case_type, "policy_version": 1, "level": 3}
        return self.tell("opened", at=at, **(whole | {"customer": {"customer_id": "C-1"}} | data))

    def tell(self, what: str, *, at: datetime | None = None, **data: Any) -> Event:
        at = at or START + timedelta(hours=len(self.events))
        event = self._event("ticket", "intake", what, len(self.events) + 1, at, data)
        self.events.append(event)
        return event

    def liable(self, kind: str, name: str = "warehouse", **more: Any) -> Event:
        return self.tell("liability_found", party={"kind": kind, "id": name}, **more)

    def breach(self, rule: str, clock: str = "dept_reply", step: int = 1, **more: Any) -> Event:
        """What sla declares when the deadline passed, as of all that was told so far unless `as_of_sequence` says so."""
        self.breaches += 1
        due_at = START + timedelta(hours=24)
        data = {"clock": clock, "run": 1, "step": step, "rule": rule, "due_at": due_at.isoformat()}
        data |= {"as_of_sequence": len(self.events)} | more
        return self._event("sla", "sla", "deadline_breached", self.breaches, due_at, data)

    def _event(self, aggregate: str, source: str, what: str, sequence: int, at: datetime, data: Any) -> Event:
        return Event(
            id=str(new_id()),
            source=f"/amends/{source}",
            type=f"amends.{aggregate}.{what}.v1",
            subject=self.ticket,
            time=at,
            partitionkey=self.ticket,
            tenantid=self.tenant,
            data=data,
            sequence=sequence,
        )


async def deliver(engine: AsyncEngine, ports: Ports, *events: Event) -> list[Arrival]:
    """Hand events in as the consumer does: through the inbox, a transaction each."""
    arrivals = []
    for event in events:
        async with writing(engine) as tx:
            arrivals.append(await arrive(tx, event, lambda tx, it: consume.handle(tx, ports, it)))
    return arrivals


async def deliver_at_once(engine: AsyncEngine, ports: Ports, events: Sequence[Event]) -> None:
    """Hand events in as the consumer does a batch: in one transaction."""
    async with writing(engine) as tx:
        for event in events:
            await arrive(tx, event, lambda tx, it: consume.handle(tx, ports, it))


async def published(engine: AsyncEngine, ticket: str = "T-1") -> list[tuple[str, dict[str, Any]]]:
    """What compensation published about a ticket, in order: what happened, and its data."""
    query = text("SELECT event FROM outbox WHERE subject = :ticket ORDER BY sequence")
    async with engine.connect() as connection:
        rows = (await connection.execute(query, {"ticket": ticket})).all()
    events = [decode((), row[0].encode()) for row in rows]
    return [(event.type.split(".")[2], event.data) for event in events]


async def set_payouts(engine: AsyncEngine, mode: Mode, tenant: str = "demo") -> None:
    async with writing(engine) as tx:
        await payouts.set_mode(tx, tenant, mode, by="test")


async def issue_all(engine: AsyncEngine, ports: Ports) -> int:
    """Claim every call that may go, and have each succeed; return how many there were."""
    async with writing(engine) as tx:
        claimed = await jobs.claim(tx, 10_000, 30)
    for job in claimed:
        async with writing(engine) as tx:
            await paying.issued(tx, ports, job, f"X-{job.remedy_id}")
    return len(claimed)


async def rows(engine: AsyncEngine, query: str, **values: Any) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(text(query), values)).all())


async def ledger_sums(engine: AsyncEngine, tenant: str = "demo") -> dict[str, int]:
    async with engine.connect() as connection:
        return dict(await ledger.sums(connection, tenant))
