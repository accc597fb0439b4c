"""Money of one order is given out once, however many tickets ask for it."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.e2e.api import Api
from tests.e2e.bodies import Json, an_order
from tests.e2e.claims import breached_once, ledgers_agree, nothing_happened_twice
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


async def test_two_tickets_on_one_order_with_300_yuan_left_get_300_together_when_both_are_breached_at_once(
    api: Api,
) -> None:
    order = an_order(30_000, 30_000, refunded_amount=30_000)  # CNY 600 paid, CNY 300 refunded before: 300 are left
    await api.put_order(order)
    first, second = [{**order, "items": _affecting(order, line)} for line in ("L1", "L2")]
    tickets = await asyncio.gather(*(api.open_and_ask("abnormal_refund", order=order) for order in (first, second)))

    async def decided() -> bool:
        return all([await api.events("compensation", ticket, "decided") for ticket in tickets])

    await eventually(decided, 60, "both tickets' remedies are decided")
    for ticket in tickets:
        assert (await breached_once(api, ticket))["rule"] == "B2"

    async def settled() -> bool:
        return await _open_money_jobs(api, tickets) == 0

    await eventually(settled, 30, "no remedy of theirs is under way any more")
    amounts = [sum(p["amount"] for p in await api.paid([ticket])) for ticket in tickets]
    assert sorted(amounts) == [0, 30_000]
    decided_amounts = [e["data"]["amount"] for t in tickets for e in await api.events("compensation", t, "decided")]
    assert sum(decided_amounts) == 30_000
    assert (await api.done("GET", f"sandbox/orders/{order['order_id']}"))["left_amount"] == 0
    await ledgers_agree(api, tickets)
    for ticket in tickets:
        await nothing_happened_twice(api, ticket)


def _affecting(order: Json, line: str) -> list[Json]:
    return [{**item, "affected": item["line_id"] == line} for item in order["items"]]


async def _open_money_jobs(api: Api, tickets: Sequence[str]) -> int:
    remedies = [remedy for ticket in tickets for remedy in await api.remedies(ticket)]
    return sum(remedy["amount"] > 0 and remedy["state"] != "issued" for remedy in remedies)
