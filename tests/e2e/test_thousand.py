"""A thousand deadlines at one instant, while the storefront's answers get lost on a tenth of the calls."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from tests.e2e.api import Api
from tests.e2e.bodies import Json, an_order, kind_of, opening
from tests.e2e.claims import ledgers_agree
from tests.e2e.suite import Suite, running_suite
from tests.e2e.waiting import eventually

from amends.clock import monotonic_s
from amends.instants import format_instant, parse_instant
from amends_cli.suite.folder import SERVICES

pytestmark = pytest.mark.e2e

T = TypeVar("T")

TWELVE_HOURS = timedelta(hours=12)
TICKETS = 1_000
BATCH = 250
AT_ONCE = 8
SCALE = 240
"""12 h are 180 s. The tickets say that they were accepted earlier, so that the deadline comes soon after all are ready."""
OPENING_TAKES = 9
"""How many times as long as writing the orders it takes to open all tickets and to have the goods back, about."""
PAID = 5_000
SECONDS_MAX = 150.0
"""From the deadline until all is paid."""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    monkeypatch.setenv("MONEY_TIMEOUT_S", "1")  # a hundred calls time out: 5 s each would only make the test long
    with running_suite(tmp_path / "data", bus="embedded", time_scale=SCALE) as running:
        yield running


@pytest.fixture
async def api(suite: Suite) -> AsyncIterator[Api]:
    async with Api.of(suite) as opened:
        yield opened


async def test_a_thousand_deadlines_at_one_instant_are_a_thousand_breaches_and_refunds_none_twice_none_lost(
    suite: Suite, api: Api
) -> None:
    fault = {"endpoint": "POST /refunds", "kind": "timeout_after_success", "rate": 0.1}
    await api.done("PUT", "sandbox/faults", body=[fault])
    orders = [an_order(PAID) for _ in range(TICKETS)]
    orders_s = await each(orders, api.put_order, "orders")
    due_at = api.now() + min(timedelta(seconds=SCALE * orders_s * OPENING_TAKES), TWELVE_HOURS)
    tickets = await open_all(api, orders, due_at - TWELVE_HOURS)  # rule B3: from acceptance, so all at one instant
    await each(tickets, lambda ticket: api.step(ticket, "goods-returns", {}), "goods are back")
    if api.now() > due_at:
        progress("a slow machine: goods came back after the deadline; those remedies waited for them (rule B3)")

    await until_all_issued(api, due_at)

    breaches = [e for e in await api.events("sla", None, "deadline_breached") if e["data"]["clock"] == "refund_execute"]
    assert {parse_instant(breach["data"]["due_at"]) for breach in breaches} == {due_at}
    assert once_each(breaches, tickets)
    assert once_each(await api.events("compensation", None, "decided"), tickets)
    assert once_each(await api.events("compensation", None, "issued"), tickets)
    payments = await api.storefront_payments()
    assert Counter(payment["ticket_id"] for payment in payments) == dict.fromkeys(tickets, 1)
    assert {payment["amount"] for payment in payments} == {PAID}
    await ledgers_agree(api, tickets)
    (told,) = (await api.done("GET", "sandbox/faults"))["items"]
    assert told["hits"] >= TICKETS // 10
    assert await api.dead_letters() == []
    for service in SERVICES:
        assert_gapless(await api.events(service))


async def open_all(api: Api, orders: Sequence[Json], accepted_at: datetime) -> list[str]:
    """Open a ticket for each order, in batches."""
    accepted = format_instant(accepted_at)
    bodies = [opening("exchange_out_of_stock", order=order, accepted_at=accepted) for order in orders]
    tickets: list[str] = []
    for start in range(0, TICKETS, BATCH):
        batch = {"items": bodies[start : start + BATCH]}
        answer = await api.done("POST", "intake/tickets:batch", role="storefront", body=batch)
        assert {item["status"] for item in answer["items"]} == {201}, answer["items"][0]
        tickets += [item["ticket"]["ticket_id"] for item in answer["items"]]
        progress(f"{len(tickets)} tickets open")
    assert len(set(tickets)) == TICKETS
    return tickets


async def until_all_issued(api: Api, due_at: datetime) -> None:
    """Wait for a thousand refunds, telling how it goes; bounded from the deadline on."""
    await eventually(partial(_is_over, api, due_at), max(api.real_s(due_at - api.now()), 0) + 5, "the deadline is over")
    progress("the deadline is over")
    started_s, last_id, issued = monotonic_s(), None, 0
    while issued < TICKETS:
        assert monotonic_s() - started_s < SECONDS_MAX, f"{issued} refunds {SECONDS_MAX} s after the deadline"
        await asyncio.sleep(2)  # between looks at another process
        events = await api.events_after("compensation", last_id)
        last_id = events[-1]["id"] if events else last_id
        issued += sum(kind_of(event) == "issued" for event in events)
        progress(f"{issued} refunds issued {monotonic_s() - started_s:.0f} s after the deadline")


async def _is_over(api: Api, due_at: datetime) -> bool:
    return api.now() > due_at


async def each(items: Sequence[T], act: Callable[[T], Awaitable[object]], what: str) -> float:
    """Do something for each, a few at a time; return the seconds that it took."""
    started_s, gate = monotonic_s(), asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> None:
        async with gate:
            await act(item)

    await asyncio.gather(*(one(item) for item in items))
    took_s = monotonic_s() - started_s
    progress(f"{len(items)} {what} in {took_s:.1f} s")
    return took_s


def once_each(events: list[Json], tickets: list[str]) -> bool:
    return Counter(event["subject"] for event in events) == dict.fromkeys(tickets, 1)


def assert_gapless(events: list[Json]) -> None:
    """Hold every ticket's sequences of one source to 1, 2, 3, …"""
    by_ticket: dict[str, list[int]] = {}
    for event in events:
        if "sequence" in event:
            by_ticket.setdefault(event["subject"], []).append(int(event["sequence"]))
    broken = {ticket: seen for ticket, seen in by_ticket.items() if seen != list(range(1, len(seen) + 1))}
    assert not broken, (kind_of(events[0]), broken)


def progress(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a minute of silence looks like a hang
