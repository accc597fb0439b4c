"""Look at what is left, take of it, give back: in the deciding transaction, rows locked in one order (DESIGN 13)."""

from dataclasses import dataclass
from datetime import date, datetime

from amends.db import Tx
from amends.events.compensation import CompensationDecided
from amends.events.parts import Order
from amends.money import Balance
from amends.policy.model import Policy
from compensation_svc.decisions import ledger as entries
from compensation_svc.decisions.approval import Mode
from compensation_svc.decisions.balance import VOUCHERS, Movements, left_of
from compensation_svc.decisions.budget import has_budget, left_of_day, taken_of_day
from compensation_svc.decisions.cap import has_cap
from compensation_svc.decisions.remedy import Seen
from compensation_svc.decisions.ticket import TicketView
from compensation_svc.handlers.ports import Ports
from compensation_svc.store import balances, ledger, remedies
from compensation_svc.store.balances import OrderKey
from compensation_svc.store.remedies import Remedy
from compensation_svc.store.remedy_changes import Reserved


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen under locks that last until the transaction ends."""

    tenant: str
    mode: Mode
    order: Order | None
    movements: Movements
    left: Balance | None
    day: date
    budget_left: int | None

    @property
    def shadow(self) -> bool:
        """Say whether nothing will be paid."""
        return self.mode == "shadow"

    @property
    def key(self) -> OrderKey:
        """Return which balances were looked at."""
        return OrderKey(self.tenant, self.order.order_id if self.order else "", self.shadow)

    def most(self) -> dict[str, int]:
        """Return how much may be taken in all, of the order ('') and of each line."""
        left = self.left or Balance(0, {})
        ours = self.movements.ours
        lines = {line: amount + sum(one.lines.get(line, 0) for one in ours) for line, amount in left.lines.items()}
        return {"": left.order + sum(one.amount for one in ours)} | lines


async def look(
    tx: Tx,
    view: TicketView,
    policy: Policy,
    *,
    up_to: int | None,
    day: date,
    mode: Mode,
) -> Looked:
    """Lock and read the order's balances, then the day's budget, then the customer where a cap asks for it.

    `up_to`: this ticket's own words count up to there.
    """
    shadow, order, tenant = mode == "shadow", view.order, view.tenant
    left, moved = None, Movements()
    if order is not None:
        key = OrderKey(tenant, order.order_id, shadow)
        await balances.lock_order(tx, key, order)
        moved = await balances.movements(tx, key, ticket_id=view.ticket_id, up_to=up_to, vouchers=VOUCHERS)
        left = left_of(order, moved)
    budget_left = None
    if has_budget(policy, order):
        used = await balances.lock_budget(tx, tenant, day, policy.currency, shadow=shadow)
        budget_left = left_of_day(policy, used)
    if has_cap(policy.amounts.customer_cap):
        await remedies.lock_customer(tx, tenant, view.customer_id)
    return Looked(tenant, mode, order, moved, left, day, budget_left)


async def seen(tx: Tx, looked: Looked, policy: Policy, view: TicketView, at: datetime) -> Seen:
    """Return what a decision at `at` sees: the balances, and what the customer was given in the 90 days before."""
    given = await remedies.given(tx, view.tenant, view.customer_id, at, currency=policy.currency, shadow=looked.shadow)
    return Seen(looked.left, looked.budget_left, given.remedies, looked.mode, given.amount)


async def take(tx: Tx, looked: Looked, fact: CompensationDecided) -> Reserved:
    """Reserve what was decided. What exceeds the day's budget takes nothing of it until somebody approves it."""
    if fact.amount and fact.remedy not in VOUCHERS:
        lines = {line.line_id: line.amount for line in fact.lines or ()}
        await balances.reserve(tx, looked.key, fact.amount, lines, looked.most())
    from_budget = taken_of_day(fact.amount, looked.budget_left)
    if from_budget:
        await balances.move_budget(tx, looked.tenant, looked.day, fact.currency, from_budget, shadow=looked.shadow)
    return Reserved(looked.shadow, looked.day, from_budget)


async def give_back(tx: Tx, ports: Ports, remedy: Remedy, at: datetime) -> None:
    """Release what a remedy had reserved: order, lines, budget, ledger. It was rejected, or the storefront refused."""
    amount, currency = remedy.money
    if amount:
        await free(tx, remedy)
        await post(tx, ports, remedy, entries.release(amount, currency), at)


async def free(tx: Tx, remedy: Remedy) -> None:
    """Release what a remedy with an amount took of its order, its lines and the day's budget."""
    amount, currency = remedy.money
    if remedy.order_id is not None and remedy.remedy not in VOUCHERS:
        key = OrderKey(remedy.tenant, remedy.order_id, remedy.shadow)
        await balances.release(tx, key, amount, remedy.by_line)
    if remedy.budget_amount and remedy.budget_day:
        await balances.move_budget(
            tx, remedy.tenant, remedy.budget_day, currency, -remedy.budget_amount, shadow=remedy.shadow
        )


async def post(tx: Tx, ports: Ports, remedy: Remedy, movement: entries.Movement, at: datetime) -> None:
    """Append a movement of a remedy to the ledger."""
    await ledger.post(
        tx,
        movement,
        tenant=remedy.tenant,
        ticket_id=remedy.ticket_id,
        remedy_id=remedy.remedy_id,
        at=at,
        new_id=ports.new_id,
    )
