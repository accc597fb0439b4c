"""The applier against real PostgreSQL: nothing fires before it is certain, nothing twice, nobody is held up."""

import asyncio
from collections import Counter
from datetime import datetime

import pytest
from sqlalchemy import text
from tests.sla.conftest import Suite
from tests.sla.streams import MONDAY, US, H, asked, contacted, event, numbered, opened, replied

from amends import dead_letters
from amends.db import reading, writing
from amends.events.compensation import CompensationIssued
from amends.events.envelope import Event
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, TICKET_TOPIC
from amends.events.watermark import WatermarkAdvanced
from amends.inbox import park
from amends.policy.book import PublishedPolicy
from amends.policy.load import default_policy
from sla_svc.handlers.storing import store
from sla_svc.workers.applier import TOPICS, Applier

pytestmark = pytest.mark.servers

DUE = MONDAY + 12 * H
"""B1: asked at 09:00, due 12 h later."""


def breaches(events: list[Event], clock: str = "dept_reply") -> list[str]:
    missed = [it for it in events if it.type == "amends.sla.deadline_breached.v1" and it.data["clock"] == clock]
    return [it.subject for it in missed]


def mark(applier: Applier, topic: str, up_to: datetime, end: int = 0) -> None:
    """Have a watermark arrive: everything of the topic at or before `up_to` stands below `end` of partition 0."""
    data = WatermarkAdvanced(topic=topic, up_to=up_to, end_offsets={0: end})
    subject = f"topic/{topic}"
    about = Event("w", "/amends/x", data.wire_type, subject, up_to, subject, "*", data.to_data())
    applier.watermarks.add(about)


def mark_all(applier: Applier, up_to: datetime) -> None:
    for topic in TOPICS:
        mark(applier, topic, up_to)


def ticket(name: str, *more: Event) -> list[Event]:
    """A ticket of rule B1 whose department was asked, under a name of its own."""
    stream = numbered([opened(), asked(MONDAY), *more])
    return [event(it.type[7:-3], it.time, it.sequence, name, **it.data) for it in stream]


async def test_a_department_that_stays_silent_breaches_and_b1_says_so(suite: Suite) -> None:
    applier = suite.applier()
    await suite.arrive(*ticket("T-1"))
    mark_all(applier, DUE - US)
    await applier.round()
    assert breaches(await suite.published()) == []
    mark_all(applier, DUE)
    await applier.round()
    told = [it for it in await suite.published("T-1") if it.type == "amends.sla.deadline_breached.v1"]
    breach = next(it for it in told if it.data["clock"] == "dept_reply")
    assert (breach.data["rule"], breach.data["due_at"]) == ("B1", "2026-05-11T13:00:00.000000Z")
    assert (breach.data["as_of_sequence"], breach.causationid) == (2, None)


async def test_facts_are_numbered_without_gaps_and_name_the_event_that_caused_them(suite: Suite) -> None:
    applier = suite.applier()
    first, second = ticket("T-1")
    await suite.arrive(first, second)
    mark_all(applier, MONDAY + 48 * H)
    await applier.round()
    told = await suite.published("T-1")
    assert [it.sequence for it in told] == list(range(1, len(told) + 1))
    assert [it.time for it in told] == sorted({it.time for it in told})
    started = {it.data["clock"]: it.causationid for it in told if it.type == "amends.sla.clock_started.v1"}
    assert (started["ack"], started["dept_reply"]) == (first.id, second.id)


@pytest.mark.parametrize("behind", TOPICS)
async def test_nothing_fires_while_one_topics_watermark_is_behind_the_deadline(suite: Suite, behind: str) -> None:
    applier = suite.applier()
    await suite.arrive(*ticket("T-1"))
    for topic in TOPICS:
        mark(applier, topic, DUE - US if topic == behind else DUE + H)
    await applier.round()
    assert breaches(await suite.published()) == []


async def test_a_reply_a_microsecond_before_the_deadline_that_arrives_late_leaves_no_breach(suite: Suite) -> None:
    applier = suite.applier()
    first, second, third = ticket("T-1", replied(DUE - US))
    await suite.arrive(first, second)
    await suite.stored_up_to({TICKET_TOPIC: 2})
    # The ticket topic is complete up to the deadline only together with offset 2, which is not stored here yet.
    mark(applier, TICKET_TOPIC, DUE + H, end=3)
    mark(applier, CONTACT_TOPIC, DUE + H)
    mark(applier, COMPENSATION_TOPIC, DUE + H)
    await applier.round()
    assert breaches(await suite.published()) == []
    await suite.arrive(third)
    await suite.stored_up_to({TICKET_TOPIC: 3})
    await applier.round()
    assert breaches(await suite.published()) == []
    stops = [it for it in await suite.published() if it.type == "amends.sla.clock_stopped.v1"]
    assert [(it.data["clock"], it.data["outcome"], it.causationid) for it in stops] == [("dept_reply", "met", third.id)]


async def test_sla_down_over_a_deadline_invents_no_breach_of_a_reply_made_in_time(suite: Suite) -> None:
    applier = suite.applier()
    await suite.arrive(*ticket("T-1", replied(DUE - H)), *ticket("T-2"))
    # Everything comes at once, a day after the deadline.
    mark_all(applier, DUE + 24 * H)
    await applier.round()
    assert breaches(await suite.published()) == ["T-2"]


async def test_two_appliers_share_the_tickets_and_breach_each_once(suite: Suite) -> None:
    names = [f"T-{n:03}" for n in range(120)]
    for name in names:
        await suite.arrive(*ticket(name))
    pair = [suite.applier(tickets_per_transaction=10) for _ in range(2)]
    worked = await asyncio.gather(*(it.apply_up_to(DUE - US) for it in pair))
    assert sum(worked) == 120
    worked = await asyncio.gather(*(it.apply_up_to(DUE) for it in pair))
    assert sum(worked) == 120
    assert all(count > 0 for count in worked)
    assert Counter(breaches(await suite.published())) == dict.fromkeys(names, 1)
    assert [await it.apply_up_to(DUE) for it in pair] == [0, 0]


async def test_a_restarted_applier_goes_on_where_the_last_one_committed(suite: Suite) -> None:
    await suite.arrive(*ticket("T-1"), *ticket("T-2"))
    await suite.applier().apply_up_to(DUE)
    told = len(await suite.published())
    await suite.applier().apply_up_to(DUE)
    assert len(await suite.published()) == told


async def test_a_parked_tickets_timers_do_not_fire_and_others_go_on(suite: Suite) -> None:
    applier = suite.applier()
    await suite.arrive(*ticket("T-1"), *ticket("T-2"))
    await applier.apply_up_to(MONDAY)
    async with writing(suite.engine) as tx:
        await park(tx, "T-1", reason="poison", cause="an event that nobody can read")
    await applier.apply_up_to(DUE)
    assert breaches(await suite.published()) == ["T-2"]
    async with writing(suite.engine) as tx:
        await tx.execute(text("DELETE FROM parked_tickets"))
    await suite.applier().apply_up_to(DUE)
    assert breaches(await suite.published()) == ["T-2", "T-1"]


async def test_a_ticket_that_cannot_be_decided_is_parked_and_a_redrive_lets_it_go_on(suite: Suite) -> None:
    applier = suite.applier()
    await suite.arrive(*ticket("T-1"), *ticket("T-2"))
    await applier.apply_up_to(MONDAY)
    spoil = text("UPDATE tickets SET state = replace(state, '\"phase\":\"open\"', :to) WHERE ticket_id = 'T-1'")
    async with writing(suite.engine) as tx:
        await tx.execute(spoil, {"to": '"phase":"lost"'})
    await applier.apply_up_to(DUE)
    assert breaches(await suite.published()) == ["T-2"]
    async with writing(suite.engine) as tx:
        (letter,) = await dead_letters.listed(tx, "demo", 10)
        assert (letter["ticket_id"], letter["parked"]) == ("T-1", "poison")
        assert "phase" in letter["cause"]
        mend = text("UPDATE tickets SET state = replace(state, 'lost', 'open') WHERE ticket_id = 'T-1'")
        await tx.execute(mend)
        assert await dead_letters.redrive(tx, letter["id"], store) == 0
    await suite.applier().apply_up_to(DUE)
    assert breaches(await suite.published()) == ["T-2", "T-1"]


async def test_a_ticket_whose_facts_cannot_be_written_is_parked_alone(suite: Suite) -> None:
    endless = "T-" + "9" * 600
    applier = suite.applier(event_bytes_max=2048)
    await suite.arrive(*ticket("T-1"), *ticket(endless), *ticket("T-2"))
    assert await applier.apply_up_to(DUE) == 2
    assert sorted(breaches(await suite.published())) == ["T-1", "T-2"]
    async with reading(suite.engine) as tx:
        parked = (await tx.execute(text("SELECT ticket_id, cause FROM parked_tickets"))).all()
    assert [(row[0], "EventTooLarge" in row[1]) for row in parked] == [(endless, True)]


async def test_a_ticket_waits_for_its_policy_version_while_others_go_on(suite: Suite) -> None:
    applier = suite.applier()
    newer = [opened(policy_version=2), asked(MONDAY)]
    waits = [event(it.type[7:-3], it.time, it.sequence, "T-2", **it.data) for it in numbered(newer)]
    await suite.arrive(*ticket("T-1"), *waits)
    await applier.apply_up_to(DUE)
    assert breaches(await suite.published()) == ["T-1"]
    suite.policies.put(PublishedPolicy("demo", 2, default_policy()))
    await applier.apply_up_to(DUE)
    assert breaches(await suite.published()) == ["T-1", "T-2"]
    async with reading(suite.engine) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM parked_tickets"))).scalar_one() == 0


async def test_an_event_of_another_service_that_seems_older_than_the_ticket_waits_for_its_opening(suite: Suite) -> None:
    applier = suite.applier()
    issued = event("compensation.issued", MONDAY - US, 1, remedy_id="r", external_reference="x")
    await suite.arrive(issued)
    assert await applier.apply_up_to(MONDAY - US) == 0
    await suite.arrive(*ticket("T-1"))
    assert await applier.apply_up_to(MONDAY - US) == 0
    assert await applier.apply_up_to(MONDAY) == 1


async def test_the_robot_counts_only_while_it_was_switched_on(suite: Suite) -> None:
    applier = suite.applier()
    # 09:00 is service time: the robot is off until it is switched on.
    for name, after in (("T-1", 5), ("T-2", 15)):
        hello = contacted(MONDAY + after * H / 3600, "greeting", by="robot")
        stream = numbered([opened(channel="chat"), hello])
        await suite.arrive(*(event(it.type[7:-3], it.time, it.sequence, name, **it.data) for it in stream))
    switch = event("ticket.robot_switched", MONDAY + 10 * H / 3600, None, "tenant/demo", on=True, reason="peak")
    await suite.arrive(switch, switch)
    await applier.apply_up_to(MONDAY + H)
    stops = [it for it in await suite.published() if it.type == "amends.sla.clock_stopped.v1"]
    assert [(it.subject, it.data["clock"], it.data["outcome"]) for it in stops] == [("T-2", "connect", "met")]


async def test_what_no_decision_reads_is_not_stored(suite: Suite) -> None:
    sent = event("contact.message_sent", MONDAY, 1, template="ticket_received", to="customer", channel="app")
    issued = event("compensation.issued", MONDAY, 1, remedy_id="r", external_reference="x")
    await suite.arrive(sent, issued, issued)
    async with reading(suite.engine) as tx:
        rows = (await tx.execute(text("SELECT event FROM events"))).all()
    assert len(rows) == 1
    assert CompensationIssued.wire_type in rows[0][0]
