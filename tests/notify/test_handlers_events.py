"""Consumed events over a real database: what is kept, planned, queued and published, whatever order they come in."""

import itertools
import random
from typing import Any

import pytest
from tests.notify.conftest import Notify
from tests.notify.streams import Stream

from amends.db import writing
from amends.events.envelope import Event
from amends.policy.book import PolicyBook, PolicyMissing
from notify_svc.workers.deliver import apply_waiting

pytestmark = pytest.mark.servers

OPEN = "SELECT reason, due_at, state, run FROM revisits WHERE state = 'open' ORDER BY reason"


def clock_started(
    stream: Stream, run: int = 1, rule: str = "H1", at: str = "2026-05-13T01:20:00Z", **more: Any
) -> Event:
    said = {"clock": "contact_interval", "run": run, "rule": rule, "start_at": at, "due_at": at, "policy_version": 1}
    return stream.event("sla.clock_started", at=at, **said | {"calendar_confirmed": True} | more)


def clock_stopped(stream: Stream, run: int = 1, outcome: str = "met") -> Event:
    return stream.event("sla.clock_stopped", clock="contact_interval", run=run, outcome=outcome)


def breached(stream: Stream, as_of: int, rule: str = "B1", due_at: str = "2026-05-13T13:20:00Z") -> Event:
    said = {"clock": "dept_reply", "run": 1, "step": 1, "rule": rule, "due_at": due_at, "as_of_sequence": as_of}
    return stream.event("sla.deadline_breached", **said)


def decided(stream: Stream, remedy: str = "full_refund") -> Event:
    said: dict[str, Any] = {"remedy_id": "R-1", "rule": "B1", "clock": "dept_reply", "run": 1, "step": 1}
    said |= {"remedy": remedy, "amount": 3333, "currency": "CNY", "payer": {"kind": "platform", "id": "suspense"}}
    said |= {"approval": "none", "basis": {"customer_remedies_90d": 0}, "policy_version": 1}
    return stream.event("compensation.decided", **said)


def issued(stream: Stream) -> Event:
    return stream.event("compensation.issued", remedy_id="R-1", external_reference="X-1")


async def test_h1_each_run_replaces_the_open_revisit_of_the_one_before(notify: Notify) -> None:
    stream = Stream()
    await notify.take(stream.opened(), clock_started(stream))
    await notify.take(clock_stopped(stream), clock_started(stream, run=2, at="2026-05-14T06:20:00Z"))
    revisits = await notify.rows("SELECT run, state FROM revisits ORDER BY run")
    assert revisits == [{"run": 1, "state": "replaced"}, {"run": 2, "state": "open"}]
    events = await notify.published()
    assert [e.data["due_at"] for e in events] == ["2026-05-14T13:00:00.000000Z", "2026-05-15T13:00:00.000000Z"]
    assert [e.sequence for e in events] == [1, 2]


async def test_an_event_that_arrives_twice_plans_and_tells_once(notify: Notify) -> None:
    stream = Stream()
    events = [stream.opened(), clock_started(stream)]
    await notify.take(*events, *events)
    assert await notify.told() == [("revisit_planned", "open_case")]
    assert await notify.queued() == [("ticket_received", "customer")]


async def test_the_planned_revisit_names_the_event_that_caused_it(notify: Notify) -> None:
    stream = Stream()
    start = clock_started(stream)
    await notify.take(start)
    (event,) = await notify.published()
    assert (event.causationid, event.correlationid, event.tenantid) == (start.id, start.id, "demo")


async def test_a_resolved_tickets_open_case_revisit_is_cancelled_with_its_clock(notify: Notify) -> None:
    stream = Stream()
    await notify.take(stream.opened(), clock_started(stream))
    await notify.take(stream.event("ticket.resolved", outcome="resolved"), clock_stopped(stream, outcome="cancelled"))
    assert await notify.rows("SELECT state FROM revisits") == [{"state": "cancelled"}]


async def test_a_resolved_applied_after_the_reopenings_run_does_not_end_that_runs_revisit(notify: Notify) -> None:
    stream = Stream()
    await notify.take(stream.opened(), clock_started(stream), clock_stopped(stream, outcome="cancelled"))
    await notify.take(clock_started(stream, run=2, at="2026-05-14T17:20:00Z"))
    await notify.take(stream.event("ticket.resolved", outcome="resolved"), stream.event("ticket.reopened", reason="H6"))
    assert [row["run"] for row in await notify.rows(OPEN)] == [2]


async def test_h4_closing_plans_revisits_that_a_reopening_cancels_and_the_next_closing_plans_anew(
    notify: Notify,
) -> None:
    stream = Stream()
    await notify.take(stream.opened(kind="complaint"), stream.event("ticket.resolved", outcome="resolved"))
    await notify.take(stream.event("ticket.closed", at="2026-05-13T02:00:00Z"))
    assert [row["reason"] for row in await notify.rows(OPEN)] == ["after_close", "care"]
    await notify.take(stream.event("ticket.reopened", reason="H6"))
    assert await notify.rows(OPEN) == []
    await notify.take(stream.event("ticket.closed", at="2026-05-14T02:00:00Z"))
    assert [row["reason"] for row in await notify.rows(OPEN)] == ["after_close", "care"]
    told = [what for what in await notify.told() if what[0] == "revisit_planned"]
    assert told == [("revisit_planned", reason) for reason in ("after_close", "care") * 2]


async def test_a_breach_waits_for_the_request_that_it_counts_and_then_reaches_that_department(notify: Notify) -> None:
    stream = Stream()
    opened, asked = stream.opened(), stream.event("ticket.department_asked", department="warehouse")
    later = stream.event("ticket.department_asked", department="logistics")
    await notify.take(breached(stream, as_of=2))
    await notify.take(opened)
    assert await notify.queued() == [("ticket_received", "customer")]
    await notify.take(asked, later)
    assert await notify.queued() == [("ticket_received", "customer"), ("second_reminder", "department")]
    assert (await notify.rows("SELECT party FROM messages WHERE recipient = 'department'")) == [{"party": "warehouse"}]
    assert await notify.rows("SELECT * FROM waiting_facts") == []


async def test_the_notice_of_a_refund_goes_to_the_department_that_missed_the_deadline(notify: Notify) -> None:
    stream = Stream()
    await notify.take(stream.opened(), stream.event("ticket.department_asked", department="warehouse"))
    await notify.take(breached(stream, as_of=2), stream.event("ticket.department_asked", department="logistics"))
    await notify.take(decided(stream), issued(stream))
    parties = await notify.rows("SELECT template, party FROM messages WHERE recipient = 'department' ORDER BY template")
    assert parties == [
        {"template": "remedy_notice", "party": "warehouse"},
        {"template": "second_reminder", "party": "warehouse"},
    ]


@pytest.mark.parametrize("seed", range(12))
async def test_any_interleaving_of_the_sources_tells_the_same(notify: Notify, seed: int) -> None:
    stream = Stream()
    opened = [stream.opened(), stream.event("ticket.department_asked", department="warehouse")]
    extended = stream.event(
        "ticket.extended", clock="escalate", due_at="2026-05-16T01:20:00Z", role="manager", reason="r"
    )
    opened += [extended, stream.event("ticket.closed")]
    moved = {"clock": "escalate", "run": 1, "from": "2026-05-15T01:20:00Z", "due_at": "2026-05-16T01:20:00Z"}
    sla = [clock_started(stream), breached(stream, as_of=2)]
    sla += [stream.event("sla.clock_moved", cause=extended, reason="r", **moved)]
    sla += [stream.event("sla.escalated", to="team_leader", reason="G1"), clock_stopped(stream, outcome="cancelled")]
    money = [decided(stream), issued(stream)]
    lanes = [opened, sla, money]
    order = [lane for lane in lanes for _ in lane]
    random.Random(seed).shuffle(order)
    cursors = {id(lane): iter(lane) for lane in lanes}
    await notify.take(*(next(cursors[id(lane)]) for lane in order))
    assert sorted(await notify.queued()) == [
        ("deadline_moved", "customer"),
        ("escalation", "team_leader"),
        ("remedy_issued", "customer"),
        ("remedy_notice", "department"),
        ("second_reminder", "department"),
        ("survey", "customer"),
        ("ticket_received", "customer"),
    ]
    assert await notify.told() == [("revisit_planned", "open_case")]
    assert await notify.rows("SELECT * FROM waiting_facts") == []


@pytest.mark.parametrize("order", list(itertools.permutations(["extended", "moved"])))
async def test_c5_an_extension_tells_the_customer_once_sla_has_moved_the_clock(
    notify: Notify, order: tuple[str, ...]
) -> None:
    stream = Stream()
    await notify.take(stream.opened())
    extended = stream.event("ticket.extended", clock="level_solution", due_at="2026-05-18T01:20:00Z", reason="r")
    said = {"clock": "level_solution", "run": 1, "from": "2026-05-16T01:20:00Z", "due_at": "2026-05-18T01:20:00Z"}
    events = {"extended": extended, "moved": stream.event("sla.clock_moved", cause=extended, reason="r", **said)}
    for name in order:
        await notify.take(events[name])
    assert await notify.queued() == [("ticket_received", "customer"), ("deadline_moved", "customer")]


async def test_an_extension_that_moves_no_clock_and_a_clock_that_moves_for_another_reason_tell_nobody(
    notify: Notify,
) -> None:
    stream = Stream()
    await notify.take(stream.opened())
    await notify.take(stream.event("ticket.extended", clock="ack", due_at="2026-05-18T01:20:00Z", reason="r"))
    contacted = stream.event(
        "ticket.contacted", about="progress", channel="app", agreed_reply_at="2026-05-14T07:20:00Z"
    )
    said = {"clock": "progress_reply", "run": 1, "from": "2026-05-13T10:00:00Z", "due_at": "2026-05-14T07:20:00Z"}
    await notify.take(contacted, stream.event("sla.clock_moved", cause=contacted, reason="agreed", **said))
    assert await notify.queued() == [("ticket_received", "customer")]


async def test_a_ticket_waits_for_its_policy_and_is_told_under_no_other(notify: Notify) -> None:
    empty, event = PolicyBook(), Stream().opened(policy_version=2)
    notify.policies, known = empty, notify.policies
    with pytest.raises(PolicyMissing):
        await notify.take(event)
    assert await notify.rows("SELECT * FROM tickets") == []
    notify.policies = known
    with pytest.raises(PolicyMissing):  # version 1 is there, version 2 is not
        await notify.take(event)


async def test_facts_whose_transaction_crossed_their_tickets_are_applied_by_the_sweep(notify: Notify) -> None:
    stream = Stream()
    escalated = stream.event("sla.escalated", to="manager", reason="G1")
    async with writing(notify.engine) as tx:  # sees no ticket: it is not committed yet
        await notify.handler(tx, escalated)
        await notify.take(stream.opened())  # sees no waiting fact: neither is that
    assert await notify.queued() == [("ticket_received", "customer")]
    await apply_waiting(notify.engine, notify.handler)
    await apply_waiting(notify.engine, notify.handler)
    assert await notify.queued() == [("ticket_received", "customer"), ("escalation", "manager")]


async def test_events_about_no_ticket_change_nothing(notify: Notify) -> None:
    event = Event(
        id="00000000-0000-0000-0000-00000000aaaa",
        source="/amends/sla",
        type="amends.alert.raised.v1",
        subject="alert/1",
        time=Stream().opened().time,
        partitionkey="alert/1",
        tenantid="demo",
        data={"anything": 1},
    )
    await notify.take(event)
    assert await notify.published() == []
    assert await notify.queued() == []


async def test_an_event_of_a_newer_version_of_intake_is_passed_over_and_counted(notify: Notify) -> None:
    stream = Stream()
    await notify.take(stream.opened(), stream.event("ticket.translated", language="en"))
    await notify.take(breached(stream, as_of=2))
    assert ("second_reminder", "department") in await notify.queued()


async def test_a_message_to_an_english_customer_is_english_and_to_the_department_in_the_default_language(
    notify: Notify,
) -> None:
    stream = Stream()
    await notify.take(stream.opened(customer={"customer_id": "C-1", "language": "en-GB"}))
    await notify.take(breached(stream, as_of=1))
    assert await notify.rows("SELECT recipient, language FROM messages ORDER BY message_id") == [
        {"recipient": "customer", "language": "en"},
        {"recipient": "department", "language": "zh"},
    ]
