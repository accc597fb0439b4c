"""The ledger refuses what would break it, and sums to zero whatever happens."""

import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.compensation.story import Story, deliver, item, ledger_sums, order, rows, set_payouts

from amends.auth import Principal
from amends.db import writing
from compensation_svc.handlers import paying, people
from compensation_svc.store import jobs

pytestmark = pytest.mark.servers

MANAGER = Principal("demo", "manager", "mia", "mia")


async def a_paid_remedy(engine, ports) -> None:
    await set_payouts(engine, "automatic")
    told = Story()
    told.opened("refund_only", order=order(item("1", 10000)))
    await deliver(engine, ports, *told.events, told.breach("B1"))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger_entries SET amount = amount + 1", "DELETE FROM ledger_entries", "TRUNCATE ledger_entries"],
)
async def test_an_entry_is_never_changed_or_taken_away(engine, ports, statement):
    await a_paid_remedy(engine, ports)
    with pytest.raises(DBAPIError, match="append-only"):
        async with writing(engine) as tx:
            await tx.execute(text(statement))


async def test_a_movement_that_does_not_sum_to_zero_is_refused(engine, ports):
    with pytest.raises(DBAPIError, match="what it gives to another"):
        async with writing(engine) as tx:
            await tx.execute(
                text("""INSERT INTO ledger_entries
                (movement_id, tenant, remedy_id, ticket_id, kind, account, amount, currency, at)
                VALUES (gen_random_uuid(), 'demo', gen_random_uuid(), 'T', 'issue', 'customer:C', 5, 'CNY', now())""")
            )


@pytest.mark.parametrize("seed", range(3))
async def test_the_ledger_sums_to_zero_and_balances_hold_whatever_happens_in_whatever_order(engine, ports, seed):
    """Thirty tickets on five orders: decided, issued, refused, approved, rejected, charged back, as the dice fall."""
    dice = random.Random(seed)
    await set_payouts(engine, "automatic")
    tickets = []
    for n in range(30):
        told = Story(f"T-{n}")
        told.opened("refund_only", order=order(item("1", 400_000), item("2", 300_000), order_id=f"O-{n % 5}"))
        if dice.random() < 0.4:
            told.liable(dice.choice(["merchant", "department", "customer"]))
        tickets.append(told)
        await deliver(engine, ports, *told.events, told.breach(dice.choice(["B1", "B4", "B6"])))
    for told in tickets:
        if dice.random() < 0.5:
            await deliver(engine, ports, told.liable(dice.choice(["carrier", "supplier"])))
        await decide_some(engine, ports, dice)
        await pay_some(engine, ports, dice)
        assert await ledger_sums(engine) == {"CNY": 0}
    await assert_balances_hold(engine)


async def decide_some(engine, ports, dice) -> None:
    waiting = await rows(engine, "SELECT remedy_id FROM remedies WHERE state = 'decided' AND approval = 'required'")
    for (remedy_id,) in waiting:
        if dice.random() < 0.5:
            step = dice.choice([people.approved, people.rejected])
            async with writing(engine) as tx:
                await step(tx, ports, MANAGER, remedy_id, None)


async def pay_some(engine, ports, dice) -> None:
    async with writing(engine) as tx:
        claimed = await jobs.claim(tx, 3, 30)
    for job in claimed:
        async with writing(engine) as tx:
            if dice.random() < 0.7:
                await paying.issued(tx, ports, job, "X")
            else:
                await paying.failed(tx, ports, job, "refused")


async def assert_balances_hold(engine) -> None:
    standing = "state IN ('decided', 'approved', 'issued')"
    wrong = await rows(
        engine,
        f"""SELECT b.order_id FROM order_balances b WHERE b.line_id = '' AND b.live_amount <> (
        SELECT COALESCE(sum(r.amount), 0) FROM remedies r
        WHERE r.order_id = b.order_id AND {standing} AND r.remedy <> 'cash_voucher')""",
    )
    assert wrong == []
    over = await rows(engine, "SELECT 1 FROM order_balances WHERE line_id = '' AND live_amount > 700000")
    assert over == []
    issued = await rows(engine, "SELECT COALESCE(sum(amount), 0) FROM remedies WHERE state = 'issued'")
    to_customers = await rows(engine, "SELECT sum(amount) FROM ledger_entries WHERE account LIKE 'customer:%'")
    assert to_customers[0][0] == issued[0][0]
    promised = await rows(
        engine, "SELECT COALESCE(sum(amount), 0) FROM remedies WHERE state IN ('decided', 'approved')"
    )
    reserved = await rows(engine, "SELECT sum(amount) FROM ledger_entries WHERE account = 'platform:reserved'")
    assert reserved[0][0] == promised[0][0]
