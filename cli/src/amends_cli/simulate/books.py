"""What is left of orders and of the days' budgets, and what customers were given: compensation's tables, in memory.

What the figures mean is decided by compensation's own functions; here they are only kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from amends.events.compensation import Basis, CompensationDecided
from amends.events.parts import Order
from amends.money import Balance
from amends.policy.model import Policy
from amends_cli.simulate.shelf import Shelf
from compensation_svc.decisions.balance import VOUCHERS, Movements, Refunded, Statement, left_of
from compensation_svc.decisions.budget import day_of, has_budget, left_of_day, taken_of_day
from compensation_svc.decisions.cap import Given
from compensation_svc.decisions.remedy import Seen
from compensation_svc.decisions.ticket import TicketView

Step = tuple[str, str, int]
"""Ticket, clock and step: what has one remedy, for ever."""

_REMEDIES_COUNT: Final = timedelta(days=90)  # `basis.customer_remedies_90d`
_ORDERS_IN_MEMORY: Final = 20_000
_CUSTOMERS_IN_MEMORY: Final = 20_000


@dataclass(slots=True)
class OrderBook:
    """What is known of one order's refunds: by which ticket's which event it was said, and our own by remedy."""

    statements: list[tuple[str, int, Statement]] = field(default_factory=list)
    executed: list[tuple[str, int, Refunded]] = field(default_factory=list)
    ours: dict[str, Refunded] = field(default_factory=dict)

    def movements(self, ticket_id: str, as_of: int) -> Movements:
        """Return all of it; of this ticket's own words only those up to a sequence."""
        return Movements(
            statements=[it for by, at, it in self.statements if by != ticket_id or at <= as_of],
            executed=[it for by, at, it in self.executed if by != ticket_id or at <= as_of],
            ours=list(self.ours.values()),
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a decision took of its day's budget."""

    day: date
    amount: int


class Books:
    """Kept per tenant. `basis`: what recorded decisions saw, where a recording is simulated again."""

    def __init__(self, policy: Policy, basis: Mapping[Step, Basis] | None = None) -> None:
        self._policy = policy
        self._basis = basis or {}
        self._orders = Shelf[OrderBook](_ORDERS_IN_MEMORY)
        self._customers = Shelf[dict[str, tuple[datetime, int]]](_CUSTOMERS_IN_MEMORY)
        self._used: dict[tuple[str, date], int] = {}

    def state(self, tenant: str, ticket_id: str, sequence: int, order_id: str, said: Statement) -> None:
        """Keep what a ticket's event says was refunded of its order; that nothing was changes nothing."""
        if not said.refunded_amount and not said.lines:
            return
        key = _key(tenant, order_id)
        book = self._orders.take(key) or OrderBook()
        book.statements.append((ticket_id, sequence, said))
        self._orders.put(key, book)

    def execute(self, tenant: str, ticket_id: str, sequence: int, order_id: str, refunded: Refunded) -> None:
        """Keep a refund that people carried out outside the suite."""
        key = _key(tenant, order_id)
        book = self._orders.take(key) or OrderBook()
        book.executed.append((ticket_id, sequence, refunded))
        self._orders.put(key, book)

    def look(self, view: TicketView, step: Step, *, as_of: int, due_at: datetime, at: datetime) -> Seen:
        """Return what a decision at `at` sees of balances, as of the ticket's events 1…as_of."""
        left = None if view.order is None else self._left(view, view.order, as_of)
        budget_left = None
        if has_budget(self._policy, view.order):
            used = self._used.get((view.tenant, day_of(self._policy, due_at)), 0)
            budget_left = left_of_day(self._policy, used)
        given = self._given(view, at)
        seen = Seen(left, budget_left, given.remedies, customer_amount_90d=given.amount)
        recorded = self._basis.get(step)
        return seen if recorded is None else _as_recorded(seen, recorded)

    def take(self, view: TicketView, fact: CompensationDecided, seen: Seen, *, due_at: datetime, at: datetime) -> Taken:
        """Reserve what was decided, and count it as given to the customer."""
        if fact.amount and fact.remedy not in VOUCHERS and view.order is not None:
            self._put_ours(view, fact, Refunded(None, fact.amount, _lines(fact)))
        if fact.amount:
            key = _key(view.tenant, view.customer_id)
            given = self._customers.take(key) or {}
            # An amount in another currency says nothing of a cap in the policy's.
            amount = fact.amount if fact.currency == self._policy.currency else 0
            self._customers.put(key, given | {fact.remedy_id: (at, amount)})
        taken = Taken(day_of(self._policy, due_at), taken_of_day(fact.amount, seen.budget_left))
        self.move_budget(view.tenant, taken)
        return taken

    def issue(self, view: TicketView, fact: CompensationDecided, at: datetime) -> None:
        """Note that a reserved refund was carried out."""
        if fact.remedy not in VOUCHERS and view.order is not None:
            self._put_ours(view, fact, Refunded(at, fact.amount, _lines(fact)))

    def give_back(self, view: TicketView, fact: CompensationDecided, taken: Taken) -> None:
        """Release what a rejected remedy had reserved; it was given to nobody."""
        if view.order is not None and (book := self._orders.take(_key(view.tenant, view.order.order_id))) is not None:
            book.ours.pop(fact.remedy_id, None)
            self._orders.put(_key(view.tenant, view.order.order_id), book)
        key = _key(view.tenant, view.customer_id)
        given = self._customers.take(key) or {}
        given.pop(fact.remedy_id, None)
        self._customers.put(key, given)
        self.move_budget(view.tenant, Taken(taken.day, -taken.amount))

    def move_budget(self, tenant: str, taken: Taken) -> None:
        """Use an amount of a day's budget; a negative one gives it back."""
        if taken.amount:
            key = (tenant, taken.day)
            self._used[key] = self._used.get(key, 0) + taken.amount

    def _left(self, view: TicketView, order: Order, as_of: int) -> Balance:
        key = _key(view.tenant, order.order_id)
        book = self._orders.take(key)
        if book is None:
            return left_of(order, Movements())
        self._orders.put(key, book)
        return left_of(order, book.movements(view.ticket_id, as_of))

    def _given(self, view: TicketView, at: datetime) -> Given:
        key = _key(view.tenant, view.customer_id)
        given = self._customers.take(key)
        if given is None:
            return Given()
        recent = {remedy: one for remedy, one in given.items() if one[0] > at - _REMEDIES_COUNT}
        self._customers.put(key, recent)
        return Given(len(recent), sum(amount for _, amount in recent.values()))

    def _put_ours(self, view: TicketView, fact: CompensationDecided, refunded: Refunded) -> None:
        if view.order is None:
            return
        key = _key(view.tenant, view.order.order_id)
        book = self._orders.take(key) or OrderBook()
        book.ours[fact.remedy_id] = refunded
        self._orders.put(key, book)


def _as_recorded(seen: Seen, basis: Basis) -> Seen:
    recorded = Seen.of(basis)
    if basis.lines_left is None and recorded.left is not None and seen.left is not None:
        return replace(recorded, left=Balance(recorded.left.order, seen.left.lines))
    return recorded


def _lines(fact: CompensationDecided) -> dict[str, int]:
    return {line.line_id: line.amount for line in fact.lines or ()}


def _key(tenant: str, name: str) -> str:
    return f"{tenant}\x00{name}"
