"""What an order and a day's budget have left. Rows are locked in one order everywhere: order, lines by id, budget."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import TextClause, text

from amends.db import Tx
from amends.events.parts import Order
from compensation_svc.decisions.balance import Movements, Refunded, Statement

_ORDER = ""
"""The line id of an order's own row: it sorts before every line's."""

_ADD = text("""
    INSERT INTO order_movements (tenant, order_id, ticket_id, sequence, kind, at, amount, lines)
    VALUES (:tenant, :order, :ticket, :sequence, :kind, :at, :amount, :lines) ON CONFLICT DO NOTHING
""")
_MOVEMENTS = text("""
    SELECT kind, at, amount, lines FROM order_movements WHERE tenant = :tenant AND order_id = :order
    AND (ticket_id <> :ticket OR CAST(:up_to AS bigint) IS NULL OR sequence <= :up_to)
""")
_OURS = text("""
    SELECT issued_at, amount, lines FROM remedies WHERE tenant = :tenant AND order_id = :order AND amount > 0
    AND remedy <> ALL(:vouchers) AND (shadow AND :shadow OR state IN ('decided', 'approved', 'issued'))
""")
_LOCK_ORDER = text("""
    INSERT INTO order_balances AS b (tenant, order_id, line_id)
    SELECT :tenant, :order, line FROM unnest(CAST(:lines AS text[])) WITH ORDINALITY AS l (line, place) ORDER BY place
    ON CONFLICT (tenant, order_id, line_id) DO UPDATE SET live_amount = b.live_amount
""")
_TAKE = """
    UPDATE order_balances b SET {column} = b.{column} + t.amount
    FROM unnest(CAST(:lines AS text[]), CAST(:amounts AS bigint[]), CAST(:most AS bigint[])) AS t (line, amount, most)
    WHERE b.tenant = :tenant AND b.order_id = :order AND b.line_id = t.line
    AND b.live_amount + CASE WHEN :shadow THEN b.shadow_amount ELSE 0 END + t.amount <= t.most
"""
_GIVE = """
    UPDATE order_balances b SET {column} = b.{column} - t.amount
    FROM unnest(CAST(:lines AS text[]), CAST(:amounts AS bigint[])) AS t (line, amount)
    WHERE b.tenant = :tenant AND b.order_id = :order AND b.line_id = t.line
"""
_LOCK_BUDGET = text("""
    INSERT INTO budgets AS b (tenant, day, currency) VALUES (:tenant, :day, :currency)
    ON CONFLICT (tenant, day, currency) DO UPDATE SET live_amount = b.live_amount
    RETURNING live_amount + CASE WHEN :shadow THEN shadow_amount ELSE 0 END
""")
_MOVE_BUDGET = """
    UPDATE budgets SET {column} = {column} + :amount WHERE tenant = :tenant AND day = :day AND currency = :currency
"""


class TooLate(RuntimeError):  # noqa: N818 - it says when
    """The balance changed under a lock that should have held it: a defect; nothing was reserved."""


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One order of one tenant, under the mode in which it is looked at: shadow remedies count only among themselves."""

    tenant: str
    order_id: str
    shadow: bool


async def state(tx: Tx, order_id: str, said: Statement, *, tenant: str, ticket_id: str, sequence: int) -> None:
    """Keep what a ticket's event says was refunded of its order before."""
    values = {"tenant": tenant, "order": order_id, "ticket": ticket_id, "sequence": sequence, "at": said.at}
    values |= {"kind": "statement", "amount": said.refunded_amount, "lines": json.dumps(dict(said.lines))}
    await tx.execute(_ADD, values)


async def execute(tx: Tx, order_id: str, refunded: Refunded, *, tenant: str, ticket_id: str, sequence: int) -> None:
    """Keep a refund that people carried out outside the suite."""
    values = {"tenant": tenant, "order": order_id, "ticket": ticket_id, "sequence": sequence, "at": refunded.at}
    values |= {"kind": "execution", "amount": refunded.amount, "lines": json.dumps(dict(refunded.lines))}
    await tx.execute(_ADD, values)


async def lock_order(tx: Tx, key: OrderKey, order: Order) -> None:
    """Lock an order's balances: its own row first, then its lines by id."""
    lines = [_ORDER, *sorted(item.line_id for item in order.items)]
    await tx.execute(_LOCK_ORDER, {"tenant": key.tenant, "order": key.order_id, "lines": lines})


async def movements(tx: Tx, key: OrderKey, *, ticket_id: str, up_to: int | None, vouchers: frozenset[str]) -> Movements:
    """Return everything known about an order's refunds; of this ticket's own words only those up to a sequence."""
    where = {"tenant": key.tenant, "order": key.order_id}
    said = (await tx.execute(_MOVEMENTS, where | {"ticket": ticket_id, "up_to": up_to})).all()
    ours = (await tx.execute(_OURS, where | {"vouchers": sorted(vouchers), "shadow": key.shadow})).all()
    return Movements(
        statements=[
            Statement(at, amount, json.loads(lines)) for kind, at, amount, lines in said if kind == "statement"
        ],
        executed=[Refunded(at, amount, json.loads(lines)) for kind, at, amount, lines in said if kind == "execution"],
        ours=[Refunded(at, amount, _by_line(lines)) for at, amount, lines in ours],
    )


async def reserve(tx: Tx, key: OrderKey, amount: int, lines: Mapping[str, int], most: Mapping[str, int]) -> None:
    """Take an amount, and its parts by line, out of what is left. `most`: what may be taken in all, by line; '' all.

    Raises:
        TooLate: more would be taken than there is. The rows are locked, so this is a defect.
    """
    parts = _parts(amount, lines)
    values = _taken(key, parts) | {"shadow": key.shadow, "most": [most[line] for line in parts]}
    taken = await tx.execute(_for_mode(_TAKE, shadow=key.shadow), values)
    if taken.rowcount != len(parts):
        raise TooLate(f"order {key.order_id}: {parts} is not there any more")


async def release(tx: Tx, key: OrderKey, amount: int, lines: Mapping[str, int]) -> None:
    """Give a reservation back."""
    await tx.execute(_for_mode(_GIVE, shadow=key.shadow), _taken(key, _parts(amount, lines)))


async def lock_budget(tx: Tx, tenant: str, day: date, currency: str, *, shadow: bool) -> int:
    """Lock a day's budget and return what is used of it."""
    values = {"tenant": tenant, "day": day, "currency": currency, "shadow": shadow}
    return (await tx.execute(_LOCK_BUDGET, values)).scalar_one()  # type: ignore[no-any-return]


async def move_budget(tx: Tx, tenant: str, day: date, currency: str, amount: int, *, shadow: bool) -> None:
    """Use an amount of a day's budget; a negative one gives it back."""
    values = {"tenant": tenant, "day": day, "currency": currency, "amount": amount}
    await tx.execute(_for_mode(_MOVE_BUDGET, shadow=shadow), values)


def _parts(amount: int, lines: Mapping[str, int]) -> dict[str, int]:
    return {_ORDER: amount} | {line: part for line, part in lines.items() if part}


def _taken(key: OrderKey, parts: Mapping[str, int]) -> dict[str, Any]:
    return {"tenant": key.tenant, "order": key.order_id, "lines": list(parts), "amounts": list(parts.values())}


def _for_mode(statement: str, *, shadow: bool) -> TextClause:
    return text(statement.format(column="shadow_amount" if shadow else "live_amount"))


def _by_line(lines: str | None) -> Mapping[str, int]:
    return {line["line_id"]: line["amount"] for line in json.loads(lines)} if lines else {}
