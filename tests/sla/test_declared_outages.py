"""Declared outages through the applier: once, whoever works the ticket, whenever they died, and without holding others up."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from tests.sla.conftest import Suite
from tests.sla.streams import MONDAY, US, H, asked, event, numbered, opened, replied
from tests.sla.test_applier import breaches, ticket
from tests.sla.test_outages import Watched, in_outage_of, mark

from amends.db import claiming, reading, writing
from amends.events.envelope import Event
from amends.inbox import park
from amends.instants import parse_instant
from sla_svc.handlers.outages import Declaration, declare, hand_over_some
from sla_svc.store import declared
from sla_svc.workers import applier as applier_module
from sla_svc.workers.applier import TOPICS

pytestmark = pytest.mark.servers

DUE = MONDAY + 12 * H
"""B1: asked at 09:00, due 12 h later."""
LATER = DUE + 3 * H
HOLD = timedelta(seconds=300)


async def outage(
    suite: Suite, since: datetime = DUE - 2 * H, until: datetime = DUE + H, tenant: str = "demo"
) -> Declaration:
    async with writing(suite.engine) as tx:
        return await declare(tx, tenant, since=since, until=until, reason="power cut", by="wang", hold_after=HOLD)


def moved(events: list[Event], clock: str = "dept_reply") -> list[tuple[str, datetime]]:
    told = [it for it in events if it.type == "amends.sla.clock_moved.v1" and it.data["clock"] == clock]
    return [(it.subject, parse_instant(it.data["due_at"])) for it in told]


async def test_an_outage_declared_while_the_watermark_stands_still_moves_what_is_due_in_it(suite: Suite) -> None:
    await suite.arrive(*ticket("T-1"))
    applier = suite.applier()
    await applier.apply_up_to(DUE - 2 * H)
    await outage(suite)
    # Intake is back, and everything up to after the new due time is certain at once.
    await applier.apply_up_to(LATER - US)
    assert (moved(await suite.published()), breaches(await suite.published())) == ([("T-1", LATER)], [])
    await applier.apply_up_to(LATER)
    assert breaches(await suite.published()) == ["T-1"]


async def test_a_clock_that_moved_out_of_an_outage_of_intake_breaches_like_any_other(suite: Suite) -> None:
    watched = Watched(suite)
    await suite.arrive(*ticket("T-1"), *ticket("T-2"))
    await watched.see(DUE - 2 * H)
    await outage(suite, until=DUE + H)
    await watched.see(DUE + H)  # the watermark jumped: intake was away, and the deadline lay in it
    assert breaches(await suite.published()) == []
    for n in range(1, 25):  # it goes on every five minutes
        for topic in TOPICS:
            watched.applier.watermarks.add(mark(DUE + H + n * HOLD, topic))
    await watched.applier.round()
    assert await in_outage_of(suite) == [None, None]


async def test_a_move_is_an_event_of_the_ticket_like_others_without_a_cause(suite: Suite) -> None:
    await suite.arrive(*ticket("T-1"))
    await suite.applier().apply_up_to(MONDAY)
    await outage(suite)
    await suite.applier().apply_up_to(MONDAY)
    told = await suite.published("T-1")
    move = told[-1]
    assert (move.type, move.causationid, move.sequence) == ("amends.sla.clock_moved.v1", None, len(told))
    assert move.data == {
        "clock": "dept_reply",
        "run": 1,
        "from": "2026-05-11T13:00:00.000000Z",
        "due_at": "2026-05-11T16:00:00.000000Z",
        "reason": "power cut",
    }


async def test_what_was_certain_when_it_was_declared_breaches_also_of_a_ticket_that_was_parked_then(
    suite: Suite,
) -> None:
    await suite.arrive(*ticket("T-1"), *ticket("T-2"))
    await suite.applier().apply_up_to(MONDAY)
    async with writing(suite.engine) as tx:
        await park(tx, "T-1", reason="poison", cause="an event that nobody can read")
    await suite.applier().apply_up_to(DUE)
    await outage(suite)
    async with writing(suite.engine) as tx:
        await tx.execute(text("DELETE FROM parked_tickets"))
    await suite.applier().apply_up_to(DUE + H)
    assert breaches(await suite.published()) == ["T-2", "T-1"]
    assert moved(await suite.published()) == []


async def test_two_appliers_move_each_clock_once_and_share_the_work(suite: Suite) -> None:
    names = [f"T-{n:03}" for n in range(120)]
    for name in names:
        await suite.arrive(*ticket(name))
    pair = [suite.applier(tickets_per_transaction=10, sweep_s=0) for _ in range(2)]
    await asyncio.gather(*(it.apply_up_to(MONDAY) for it in pair))
    await outage(suite)
    await outage(suite)  # the same again
    worked = await asyncio.gather(*(it.apply_up_to(MONDAY) for it in pair))
    assert sum(worked) >= 120
    assert Counter(moved(await suite.published())) == dict.fromkeys([(name, LATER) for name in names], 1)
    await asyncio.gather(*(it.apply_up_to(LATER) for it in pair))
    assert Counter(breaches(await suite.published())) == dict.fromkeys(names, 1)
    assert len(moved(await suite.published())) == 120


async def test_an_instance_that_dies_while_it_hands_over_is_followed_where_it_committed(suite: Suite) -> None:
    for n in range(7):
        await suite.arrive(*ticket(f"T-{n}"))
    await suite.applier().apply_up_to(MONDAY)
    await outage(suite)
    async with claiming(suite.engine) as tx:
        assert await hand_over_some(tx, 3)
    with pytest.raises(ConnectionError):
        async with claiming(suite.engine) as tx:
            assert await hand_over_some(tx, 3)
            raise ConnectionError
    async with reading(suite.engine) as tx:
        early = (
            await tx.execute(text("SELECT count(*) FROM tickets WHERE next_at = :at"), {"at": MONDAY})
        ).scalar_one()
    assert early == 3
    await suite.applier(tickets_per_transaction=3).apply_up_to(MONDAY)
    assert sorted(moved(await suite.published())) == [(f"T-{n}", LATER) for n in range(7)]
    async with claiming(suite.engine) as tx:
        assert not await hand_over_some(tx, 3)


async def test_a_sweep_hands_over_so_many_and_the_next_ones_the_rest(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applier_module, "_PAGES_PER_SWEEP", 2)
    for n in range(7):
        await suite.arrive(*ticket(f"T-{n}"))
    applier = suite.applier(tickets_per_transaction=2, sweep_s=0)
    await applier.apply_up_to(MONDAY)
    await outage(suite)
    assert [await applier.apply_up_to(MONDAY) for _ in range(3)] == [4, 3, 0]
    assert len(moved(await suite.published())) == 7


async def test_a_prolonged_outage_finds_the_clocks_that_the_first_part_moved_out_of_it(suite: Suite) -> None:
    await suite.arrive(*ticket("T-1"))
    applier = suite.applier(sweep_s=0)
    await applier.apply_up_to(MONDAY)
    await outage(suite)
    await applier.apply_up_to(MONDAY)
    await outage(suite, DUE, DUE + 2 * H)
    await applier.apply_up_to(MONDAY)
    assert moved(await suite.published()) == [("T-1", LATER), ("T-1", LATER + H)]


async def test_an_outage_of_another_tenant_moves_nothing_here(suite: Suite) -> None:
    await suite.arrive(*ticket("T-1"))
    await suite.applier().apply_up_to(MONDAY)
    await outage(suite, tenant="other")
    await suite.applier().apply_up_to(DUE)
    assert (moved(await suite.published()), breaches(await suite.published())) == ([], ["T-1"])


async def test_a_clock_that_starts_later_is_moved_with_its_start(suite: Suite) -> None:
    await outage(suite)
    await suite.arrive(*ticket("T-1"))
    await suite.applier().apply_up_to(MONDAY)
    assert moved(await suite.published()) == [("T-1", LATER)]


async def test_a_reply_before_the_new_due_time_is_in_time_however_late_it_is_processed(suite: Suite) -> None:
    stream = numbered([opened(), asked(MONDAY), replied(LATER - US)])
    await suite.arrive(*stream)
    await suite.applier().apply_up_to(MONDAY)
    await outage(suite)
    await suite.applier().apply_up_to(LATER + 24 * H)
    assert breaches(await suite.published()) == []


async def test_nobody_works_further_than_a_declaration_saw_before_it_has_committed(suite: Suite) -> None:
    await suite.arrive(*ticket("T-1"))
    applier = suite.applier()
    await applier.apply_up_to(MONDAY)
    async with writing(suite.engine) as tx:
        made = await declare(tx, "demo", since=DUE - H, until=DUE + H, reason="power cut", by="wang", hold_after=HOLD)
        working = asyncio.create_task(applier.apply_up_to(DUE))
        async with asyncio.timeout(30):
            while not await _waits_for_a_lock(suite):
                await asyncio.sleep(0)
        assert not working.done()
    await working
    assert made.outage.after == MONDAY
    assert (moved(await suite.published()), breaches(await suite.published())) == ([("T-1", DUE + 2 * H)], [])


async def _waits_for_a_lock(suite: Suite) -> bool:
    query = text("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
    async with reading(suite.engine) as tx:
        return bool((await tx.execute(query)).scalar_one())


async def test_how_far_tickets_are_worked_never_goes_back(suite: Suite) -> None:
    async with claiming(suite.engine) as tx:
        await declared.will_work(tx, DUE)
        await declared.will_work(tx, MONDAY)
    async with reading(suite.engine) as tx:
        assert (await tx.execute(text("SELECT up_to FROM worked_up_to"))).scalar_one() == DUE


async def test_a_ticket_that_waits_for_the_customer_is_handed_over_once_and_moved_when_it_goes_on(suite: Suite) -> None:
    stream = [opened(), event("ticket.customer_asked", MONDAY + H), event("ticket.customer_replied", MONDAY + 2 * H)]
    await suite.arrive(*numbered(stream))
    applier = suite.applier(sweep_s=0)
    await applier.apply_up_to(MONDAY + H)
    await outage(suite, MONDAY + 47 * H, MONDAY + 50 * H)
    assert [await applier.apply_up_to(MONDAY + H) > 0 for _ in range(2)] == [True, False]
    assert moved(await suite.published(), "complete") == []
    await applier.apply_up_to(MONDAY + 2 * H)
    # One hour of waiting, then three of outage.
    assert [due for _, due in moved(await suite.published(), "complete")] == [MONDAY + 49 * H, MONDAY + 52 * H]
