"""The ledger: two entries a movement, appended in the transaction of its cause, never changed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from compensation_svc.decisions.ledger import Movement

_POST = text("""
    INSERT INTO ledger_entries (movement_id, tenant, remedy_id, ticket_id, kind, account, amount, currency, at)
    SELECT :movement, :tenant, :remedy, :ticket, :kind, e.account, e.amount, :currency, :at
    FROM unnest(CAST(:accounts AS text[]), CAST(:amounts AS bigint[])) AS e (account, amount)
""")
_PAGE = text("""
    SELECT serial, movement_id, remedy_id, ticket_id, kind, account, amount, currency, at FROM ledger_entries
    WHERE tenant = :tenant AND serial > :after
    AND (CAST(:ticket AS text) IS NULL OR ticket_id = :ticket)
    AND (CAST(:remedy AS uuid) IS NULL OR remedy_id = :remedy)
    AND (CAST(:account AS text) IS NULL OR account = :account)
    ORDER BY serial LIMIT :limit
""")
_SUMS = text("""
    SELECT currency, sum(amount)::bigint AS amount FROM ledger_entries WHERE tenant = :tenant
    GROUP BY currency ORDER BY currency
""")
_ACCOUNTS = text("""
    SELECT account, currency, sum(amount)::bigint AS amount FROM ledger_entries WHERE tenant = :tenant
    AND (account, currency) > (:after_account, :after_currency)
    GROUP BY account, currency ORDER BY account, currency LIMIT :limit
""")


async def post(
    tx: Tx,
    movement: Movement,
    *,
    tenant: str,
    ticket_id: str,
    remedy_id: UUID,
    at: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Append one movement of a remedy; each kind happens to a remedy at most once. `at`: event time."""
    values = {"movement": new_id(), "tenant": tenant, "remedy": remedy_id, "ticket": ticket_id, "at": at}
    values |= {"kind": movement.kind, "currency": movement.currency}
    accounts = [movement.source, movement.target]
    await tx.execute(_POST, values | {"accounts": accounts, "amounts": [-movement.amount, movement.amount]})


async def page(tx: Tx, tenant: str, filters: Mapping[str, Any], after: int, limit: int) -> Sequence[Any]:
    """Return entries in the order they were written; `filters`: ticket, remedy, account (None: any)."""
    return (await tx.execute(_PAGE, {"tenant": tenant, "after": after, "limit": limit, **filters})).all()


async def sums(tx: Tx, tenant: str) -> Mapping[str, int]:
    """Return the sum of all entries per currency: always zero."""
    return {row[0]: row[1] for row in await tx.execute(_SUMS, {"tenant": tenant})}


async def accounts(tx: Tx, tenant: str, after: tuple[str, str], limit: int) -> Sequence[Any]:
    """Return what stands on each account."""
    values = {"tenant": tenant, "after_account": after[0], "after_currency": after[1], "limit": limit}
    return (await tx.execute(_ACCOUNTS, values)).all()
