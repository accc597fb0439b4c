"""Deciders at the same time on one order, and one budget: what is left goes out once (DESIGN 13)."""

import asyncio

import pytest
from tests.compensation.story import Story, deliver, item, ledger_sums, order, published, rows, set_payouts

from amends.db import writing
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from compensation_svc.handlers import consume
from compensation_svc.handlers.ports import Ports

pytestmark = pytest.mark.servers


def story(ticket: str, **shared) -> Story:
    told = Story(ticket)
    told.opened("refund_only", order=order(item("1", 100_000), **shared))
    return told


async def at_once(engine, ports, events) -> None:
    """Apply each event in a transaction of its own, all open at the same time."""

    async def one(event) -> None:
        async with writing(engine) as tx:
            await consume.handle(tx, ports, event)

    await asyncio.gather(*(one(event) for event in events))


async def test_two_tickets_on_one_order_with_cny_300_left_both_breached_give_300_not_600(engine, ports):
    await set_payouts(engine, "automatic")
    # CNY 1,000 paid, 700 refunded before either ticket came: 300 left
    tickets = [story(f"T-{n}", order_id="O-9", refunded_amount=70_000) for n in range(2)]
    for told in tickets:
        await deliver(engine, ports, *told.events)
    await at_once(engine, ports, [told.breach("B1") for told in tickets])
    facts = [(await published(engine, f"T-{n}"))[0][1] for n in range(2)]
    assert sorted(fact["amount"] for fact in facts) == [0, 30_000]
    assert sorted(fact["basis"]["order_left"] for fact in facts) == [0, 30_000]


async def test_twelve_deciders_on_one_order_never_give_more_than_was_paid(engine, ports):
    await set_payouts(engine, "automatic")
    tickets = [story(f"T-{n}", order_id="O-9") for n in range(12)]
    for told in tickets:
        await deliver(engine, ports, *told.events)
    await at_once(engine, ports, [told.breach("B1") for told in tickets])
    given = await rows(engine, "SELECT sum(amount), count(*) FILTER (WHERE amount > 0) FROM remedies")
    assert tuple(given[0]) == (100_000, 1)
    assert await ledger_sums(engine) == {"CNY": 0}


async def test_a_days_budget_is_kept_by_deciders_at_the_same_time(engine, ports):
    await set_payouts(engine, "automatic")
    policy = default_policy()
    tight = policy.model_copy(update={"budgets": policy.budgets.model_copy(update={"per_day": 250_000})})
    book = PolicyBook()
    book.put(PublishedPolicy("demo", 1, tight))
    budgeted = Ports(ports.outbox, book, ports.new_id)
    tickets = [story(f"T-{n}", order_id=f"O-{n}") for n in range(6)]
    for told in tickets:
        await deliver(engine, budgeted, *told.events)
    await at_once(engine, budgeted, [told.breach("B1") for told in tickets])
    # CNY 1,000 each against CNY 2,500: two go, four wait for a person
    by_approval = await rows(engine, "SELECT approval, count(*) FROM remedies GROUP BY approval ORDER BY approval")
    assert [tuple(row) for row in by_approval] == [("none", 2), ("required", 4)]
    assert [row[0] for row in await rows(engine, "SELECT live_amount FROM budgets")] == [200_000]


async def test_balances_always_equal_the_remedies_that_stand(engine, ports):
    await set_payouts(engine, "automatic")
    tickets = [story(f"T-{n}", order_id=f"O-{n % 2}") for n in range(6)]
    for told in tickets:
        await deliver(engine, ports, *told.events)
    await at_once(engine, ports, [told.breach("B1") for told in tickets])
    differing = await rows(
        engine,
        """SELECT b.order_id FROM order_balances b WHERE b.line_id = '' AND b.live_amount <>
        (SELECT COALESCE(sum(r.amount), 0) FROM remedies r WHERE r.order_id = b.order_id)""",
    )
    assert differing == []
