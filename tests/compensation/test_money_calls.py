"""Money calls against the real sandbox, with its faults: each remedy goes out once, or not at all (DESIGN 13)."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from tests.compensation.shop import until, worker, working
from tests.compensation.story import (
    Story,
    deliver,
    deliver_at_once,
    item,
    ledger_sums,
    order,
    published,
    rows,
    set_payouts,
)

from amends import inbox
from amends.db import writing
from compensation_svc.store import jobs

pytestmark = pytest.mark.servers


async def breached(engine, ports, shop, count: int = 1):
    """Tickets about one large order, each about a line of its own, all breached."""
    await set_payouts(engine, "automatic")
    bought = [item(str(n), 10000 + n) for n in range(count)]
    sold = order(*bought, order_id="O-all")
    await shop.sell(sold)
    events = []
    for n in range(count):
        told = Story(f"T-{n}")
        told.opened("refund_only", order=sold | {"items": [bought[n]]})
        events += [*told.events, told.breach("B1")]
    await deliver_at_once(engine, ports, events)


async def states(engine) -> dict[str, int]:
    found = await rows(engine, "SELECT state, count(*) FROM remedies GROUP BY state")
    return {row[0]: row[1] for row in found}


async def all_end(engine, count: int, **expected: int) -> None:
    async def ended() -> bool:
        now = await states(engine)
        return now.get("issued", 0) + now.get("failed", 0) == count

    await until(ended, limit_s=60)
    assert await states(engine) == (expected or {"issued": count})


async def assert_agrees(engine, shop) -> None:
    """Our ledger and the storefront's say the same."""
    ours = await rows(engine, "SELECT remedy_id, amount FROM remedies WHERE state = 'issued'")
    assert await shop.paid() == {str(remedy_id): amount for remedy_id, amount in ours}
    assert set((await ledger_sums(engine)).values()) <= {0}


async def test_a_refund_and_a_voucher_go_out_and_both_ledgers_agree(engine, ports, shop):
    await breached(engine, ports, shop, 1)
    late = Story("T-late")
    late.opened("late_delivery", order=order(item("1", 26000), order_id="O-late"))
    await deliver(engine, ports, *late.events, late.breach("B6"))
    async with working(worker(engine, ports, shop)):
        await all_end(engine, 2)
    await assert_agrees(engine, shop)
    what, issued = (await published(engine, "T-0"))[1]
    assert what == "issued"
    assert issued["external_reference"]


@pytest.mark.parametrize("kind", ["timeout_after_success", "reset", "error", "slow", "pending"])
async def test_whatever_troubles_the_call_each_remedy_goes_out_once(engine, ports, shop, kind):
    await breached(engine, ports, shop, 6)
    await shop.faults({"endpoint": "POST /refunds", "kind": kind, "rate": 0.5})
    async with working(worker(engine, ports, shop)):
        await all_end(engine, 6)
    assert await shop.fault_hits() >= 3
    await assert_agrees(engine, shop)
    told = [[what for what, _ in await published(engine, f"T-{n}")] for n in range(6)]
    assert told == [["decided", "issued"]] * 6


async def test_when_asking_fails_too_nothing_is_sent_blindly_and_all_goes_out_once_in_the_end(engine, ports, shop):
    await breached(engine, ports, shop, 4)
    await shop.faults(
        {"endpoint": "POST /refunds", "kind": "timeout_after_success", "rate": 0.5},
        {"endpoint": "GET /refunds", "kind": "error", "rate": 0.5},
    )
    async with working(worker(engine, ports, shop)):
        await all_end(engine, 4)
    await assert_agrees(engine, shop)


async def test_a_refused_refund_fails_and_frees_what_it_had_reserved(engine, ports, shop):
    await breached(engine, ports, shop, 1)
    await shop.faults({"endpoint": "POST /refunds", "kind": "reject"})
    async with working(worker(engine, ports, shop)):
        await all_end(engine, 1, failed=1)
    what, failed = (await published(engine, "T-0"))[1]
    assert (what, failed["reason"]) == ("failed", "refused on request (fault reject)")
    assert [row[0] for row in await rows(engine, "SELECT live_amount FROM order_balances")] == [0, 0]
    await assert_agrees(engine, shop)


async def test_an_order_that_the_storefront_does_not_know_fails_the_remedy(engine, ports, shop):
    await set_payouts(engine, "automatic")
    told = Story()
    told.opened("refund_only", order=order(item("1", 10000), order_id="O-nowhere"))
    await deliver(engine, ports, *told.events, told.breach("B1"))
    async with working(worker(engine, ports, shop)):
        await all_end(engine, 1, failed=1)


async def test_two_workers_share_the_calls_and_none_is_carried_out_twice(engine, ports, shop):
    await breached(engine, ports, shop, 30)
    await shop.faults({"endpoint": "POST /refunds", "kind": "timeout_after_success", "rate": 0.1})
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(working(worker(engine, ports, shop, in_flight_max=4)))
        await all_end(engine, 30)
    await assert_agrees(engine, shop)


async def test_a_worker_that_died_after_its_call_is_taken_over_without_paying_twice(engine, ports, shop):
    await breached(engine, ports, shop, 1)
    dead = worker(engine, ports, shop, lease_s=0.3)
    async with writing(engine) as tx:
        (job,) = await jobs.claim(tx, 1, 0.3)
    await dead.outcome(job)  # the money has moved, and nobody writes it down
    async with working(worker(engine, ports, shop)):
        await all_end(engine, 1)
    await assert_agrees(engine, shop)
    async with writing(engine) as tx:
        assert not await jobs.finish(tx, job)  # should the dead one wake up, its answer is not used


async def test_a_stop_that_comes_as_it_is_woken_is_not_lost(engine, ports, shop):
    calls = worker(engine, ports, shop)
    for _ in range(20):
        task = asyncio.create_task(calls.run())
        await until(lambda: asyncio.sleep(0, bool(calls._woken._waiters)))  # it waits for something to do
        calls.wake()
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([task])
        assert task.cancelled()


async def test_one_command_stops_all_calls_and_they_go_on_when_it_is_taken_back(engine, ports, shop):
    await breached(engine, ports, shop, 5)
    await set_payouts(engine, "shadow")
    calls = worker(engine, ports, shop)
    async with working(calls):
        for _ in range(3):
            async with writing(engine) as tx:
                assert await jobs.claim(tx, 10, 5) == []
        assert await shop.paid() == {}
        await set_payouts(engine, "automatic")
        calls.wake()
        await all_end(engine, 5)
    await assert_agrees(engine, shop)


async def test_stopped_payouts_ask_about_a_started_call_but_do_not_send_it_again(engine, ports, shop):
    await breached(engine, ports, shop, 1)
    async with writing(engine) as tx:
        (first,) = await jobs.claim(tx, 1, 0)  # an attempt that died before its call went out
    await set_payouts(engine, "shadow")
    async with writing(engine) as tx:
        (second,) = await jobs.claim(tx, 1, 5)
    assert (first.may_pay, second.may_pay, second.attempt) == (True, False, 2)
    outcome = await worker(engine, ports, shop).outcome(second)
    assert "stopped" in str(outcome)
    assert await shop.paid() == {}


async def test_no_new_call_starts_while_its_ticket_is_parked(engine, ports, shop):
    await breached(engine, ports, shop, 1)
    async with writing(engine) as tx:
        await inbox.park(tx, "T-0", reason="poison", cause="test")
    async with writing(engine) as tx:
        assert await jobs.claim(tx, 10, 5) == []
    assert await rows(engine, "SELECT attempt FROM money_jobs") == [(0,)]


async def test_a_storefront_that_is_away_is_waited_for(engine, ports, shop):
    await breached(engine, ports, shop, 2)
    await shop.faults({"endpoint": "POST /refunds", "kind": "reset", "count": 6})
    async with working(worker(engine, ports, shop)):
        await all_end(engine, 2)
    await assert_agrees(engine, shop)


async def test_a_hundred_at_one_instant_a_tenth_timing_out_after_success_go_out_once_each(engine, ports, shop):
    """A tenth of the project's thousand, which runs end to end elsewhere."""
    await breached(engine, ports, shop, 100)
    await shop.faults({"endpoint": "POST /refunds", "kind": "timeout_after_success", "rate": 0.1})
    async with working(worker(engine, ports, shop, timeout_s=2, lease_s=30)):
        await all_end(engine, 100)
    assert await shop.fault_hits() >= 10
    await assert_agrees(engine, shop)
