"""All SQL of the sandbox. Every function takes the transaction it works in; whoever opened it commits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection as Tx

from amends_sandbox.faults import Fault, Tally
from amends_sandbox.money import Balance, Decision, PaymentKind, Status

SCHEMA_LOCK: Final = 0x5A4DB0C5
"""Advisory lock under which tables are made: two starts at once would collide in the catalogue."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A refund or voucher that was asked for, and what became of it."""

    id: UUID
    kind: PaymentKind
    reference: str
    status: Status
    reason: str | None
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as it was posted, and when."""

    body: dict[str, Any]
    at: datetime


async def create_tables(tx: Tx) -> None:
    await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SCHEMA_LOCK})
    schema = resources.files("amends_sandbox").joinpath("schema.sql").read_text(encoding="utf-8")
    for statement in schema.split(";"):
        if statement.strip():
            await tx.execute(text(statement))


async def ping(tx: Tx) -> None:
    await tx.execute(text("SELECT 1"))


async def keep_key(tx: Tx, jwk: dict[str, Any]) -> dict[str, Any]:
    """Keep this key unless there is one already, and return the one that counts from now on."""
    await tx.execute(
        text("INSERT INTO issuer_key (jwk) VALUES (CAST(:jwk AS jsonb)) ON CONFLICT DO NOTHING"),
        {"jwk": json.dumps(jwk)},
    )
    kept = await tx.scalar(text("SELECT CAST(jwk AS text) FROM issuer_key"))
    return cast("dict[str, Any]", json.loads(kept))


async def put_order(
    tx: Tx, *, tenant: str, order_id: str, currency: str, paid_amount: int, refunded_amount: int, body: dict[str, Any]
) -> bool:
    """Write an order over the one of that id and say whether it is new. Its refunds stay as they are."""
    statement = """
        INSERT INTO orders (tenant, order_id, currency, paid_amount, refunded_amount, body)
        VALUES (:tenant, :order_id, :currency, :paid_amount, :refunded_amount, CAST(:body AS jsonb))
        ON CONFLICT (tenant, order_id) DO UPDATE SET currency = excluded.currency, body = excluded.body,
            paid_amount = excluded.paid_amount, refunded_amount = excluded.refunded_amount
        RETURNING xmax = 0
    """
    values = {"tenant": tenant, "order_id": order_id, "currency": currency, "body": json.dumps(body)}
    amounts = {"paid_amount": paid_amount, "refunded_amount": refunded_amount}
    return bool(await tx.scalar(text(statement), values | amounts))


async def order_body(tx: Tx, tenant: str, order_id: str) -> dict[str, Any] | None:
    statement = "SELECT CAST(body AS text) FROM orders WHERE tenant = :tenant AND order_id = :order_id"
    body = await tx.scalar(text(statement), {"tenant": tenant, "order_id": order_id})
    return None if body is None else cast("dict[str, Any]", json.loads(body))


async def balance(tx: Tx, tenant: str, order_id: str, *, lock: bool) -> Balance | None:
    """Return an order's balance; with `lock`, nobody else can spend of it until this transaction ends.

    The refunds are summed in a second statement on purpose: it sees what others committed while we waited for the row.
    """
    key = {"tenant": tenant, "order_id": order_id}
    statement = """
        SELECT currency, paid_amount, refunded_amount FROM orders WHERE tenant = :tenant AND order_id = :order_id
    """
    row = (await tx.execute(text(statement + ("FOR UPDATE" if lock else "")), key)).one_or_none()
    if row is None:
        return None
    issued = """
        SELECT coalesce(sum(amount), 0) FROM payments
        WHERE tenant = :tenant AND order_id = :order_id AND kind = 'refund' AND status <> 'refused'
    """
    return Balance(row.currency, row.paid_amount, row.refunded_amount, int(await tx.scalar(text(issued), key) or 0))


_PAYMENT = "id, kind, reference, status, reason, CAST(body AS text) AS body, at"


def _payment(row: Row[Any]) -> Payment:
    return Payment(row.id, row.kind, row.reference, row.status, row.reason, json.loads(row.body), row.at)


async def payment(tx: Tx, tenant: str, kind: PaymentKind, reference: str) -> Payment | None:
    statement = f"""
        SELECT {_PAYMENT} FROM payments WHERE tenant = :tenant AND kind = :kind AND reference = :reference
    """
    row = (await tx.execute(text(statement), {"tenant": tenant, "kind": kind, "reference": reference})).one_or_none()
    return None if row is None else _payment(row)


async def add_payment(
    tx: Tx, *, payment_id: UUID, tenant: str, kind: PaymentKind, body: dict[str, Any], decision: Decision
) -> Payment | None:
    """Write down a payment with its decision, or return None when its reference is known already."""
    statement = f"""
        INSERT INTO payments (id, tenant, kind, reference, order_id, currency, amount, status, reason, body)
        VALUES (:id, :tenant, :kind, :reference, :order_id, :currency, :amount, :status, :reason, CAST(:body AS jsonb))
        ON CONFLICT DO NOTHING RETURNING {_PAYMENT}
    """
    values = {"id": payment_id, "tenant": tenant, "kind": kind, "body": json.dumps(body)}
    named = {name: body.get(name) for name in ("reference", "order_id", "currency", "amount")}
    row = (await tx.execute(text(statement), values | named | decision._asdict())).one_or_none()
    return None if row is None else _payment(row)


async def settle(tx: Tx, tenant: str, kind: PaymentKind, reference: str) -> None:
    """Let a pending payment have arrived."""
    statement = """
        UPDATE payments SET status = 'succeeded'
        WHERE tenant = :tenant AND kind = :kind AND reference = :reference AND status = 'pending'
    """
    await tx.execute(text(statement), {"tenant": tenant, "kind": kind, "reference": reference})


async def carried_out(tx: Tx, tenant: str) -> list[Payment]:
    """Return every payment of a tenant that was not refused, oldest first."""
    statement = f"SELECT {_PAYMENT} FROM payments WHERE tenant = :tenant AND status <> 'refused' ORDER BY serial"
    return [_payment(row) for row in await tx.execute(text(statement), {"tenant": tenant})]


async def add_message(tx: Tx, tenant: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """Put a message into the inbox. Returns None, or the body that is known under its id already."""
    statement = """
        INSERT INTO messages (tenant, message_id, ticket_id, recipient, body)
        VALUES (:tenant, :message_id, :ticket_id, :to, CAST(:body AS jsonb)) ON CONFLICT DO NOTHING RETURNING true
    """
    key = {"tenant": tenant, "message_id": body["message_id"]}
    values = {"ticket_id": body["ticket_id"], "to": body["to"], "body": json.dumps(body)}
    if await tx.scalar(text(statement), key | values):
        return None
    known = "SELECT CAST(body AS text) FROM messages WHERE tenant = :tenant AND message_id = :message_id"
    return cast("dict[str, Any]", json.loads(await tx.scalar(text(known), key) or "{}"))


async def inbox(tx: Tx, tenant: str, *, to: str | None, ticket: str | None) -> list[Delivered]:
    """Return a tenant's messages, oldest first, of one receiver or ticket when asked so."""
    statement = """
        SELECT CAST(body AS text) AS body, at FROM messages WHERE tenant = :tenant
        AND (CAST(:to AS text) IS NULL OR recipient = :to) AND (CAST(:ticket AS text) IS NULL OR ticket_id = :ticket)
        ORDER BY serial
    """
    rows = await tx.execute(text(statement), {"tenant": tenant, "to": to, "ticket": ticket})
    return [Delivered(json.loads(row.body), row.at) for row in rows]


async def tallies(tx: Tx, endpoint: str | None = None, *, lock: bool = False) -> list[tuple[int, Tally]]:
    """Return the faults with their counts, in the order in which they were wished for."""
    statement = """
        SELECT serial, CAST(fault AS text) AS fault, calls, hits FROM faults
        WHERE CAST(:endpoint AS text) IS NULL OR endpoint = :endpoint ORDER BY serial
    """
    rows = await tx.execute(text(statement + ("FOR UPDATE" if lock else "")), {"endpoint": endpoint})
    return [(row.serial, Tally(Fault.model_validate_json(row.fault), row.calls, row.hits)) for row in rows]


async def save_tally(tx: Tx, serial: int, tally: Tally) -> None:
    statement = "UPDATE faults SET calls = :calls, hits = :hits WHERE serial = :serial"
    await tx.execute(text(statement), {"serial": serial, "calls": tally.calls, "hits": tally.hits})


async def replace_faults(tx: Tx, faults: Sequence[Fault], *, endpoint: str | None) -> None:
    """Forget the faults of one endpoint, or all, and take these instead, their counts at zero."""
    await tx.execute(
        text("DELETE FROM faults WHERE CAST(:endpoint AS text) IS NULL OR endpoint = :endpoint"),
        {"endpoint": endpoint},
    )
    for fault in faults:
        await tx.execute(
            text("INSERT INTO faults (endpoint, fault) VALUES (:endpoint, CAST(:fault AS jsonb))"),
            {"endpoint": fault.endpoint, "fault": fault.model_dump_json()},
        )
