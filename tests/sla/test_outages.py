"""An intake outage: the ticket watermark jumps, and deadlines in it wait for a person (DESIGN, "An intake outage")."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from tests.sla.conftest import Suite
from tests.sla.streams import MONDAY, US, H, asked, numbered, of, opened, run

from amends.bus.connect import connect
from amends.bus.topics import suite_topics
from amends.clock import real_now
from amends.db import reading, writing
from amends.events.envelope import Event
from amends.events.registry import TICKET_TOPIC
from amends.events.watermark import WatermarkAdvanced
from amends.sending import Sender, message_of
from amends.watermark import WATERMARK_TOPIC
from sla_svc.decisions.outages import Outage, jumps, lies_in_outage
from sla_svc.settings import SlaSettings
from sla_svc.workers.applier import TOPICS, Applier
from sla_svc.workers.outages import OutageWatch, read_back_from

HOLD = timedelta(seconds=300)
DUE = MONDAY + 12 * H
"""B1: asked at 09:00, due 12 h later."""


def test_only_a_jump_of_more_than_the_hold_is_an_outage() -> None:
    marks = [MONDAY, MONDAY + HOLD, MONDAY + 2 * HOLD + US, MONDAY + 2 * HOLD + 2 * US]
    assert jumps(marks, HOLD) == (Outage(MONDAY + HOLD, MONDAY + 2 * HOLD + US),)
    assert jumps(marks[:1], HOLD) == jumps([], HOLD) == ()


@pytest.mark.parametrize(
    ("due_at", "inside"),
    [
        (MONDAY, False),  # the watermark before the jump still said that no reply had come
        (MONDAY + US, True),
        (MONDAY + H, True),
        (MONDAY + H + HOLD, True),
        (MONDAY + H + HOLD + US, False),
    ],
)
def test_a_deadline_counts_from_the_jump_to_the_hold_after_its_end(due_at: datetime, inside: bool) -> None:
    assert lies_in_outage(due_at, [Outage(MONDAY, MONDAY + H)], HOLD) is inside
    assert lies_in_outage(due_at, [], HOLD) is False


def test_a_breach_says_that_it_lies_in_an_outage_and_others_say_nothing() -> None:
    told = run([opened(), asked(MONDAY)], MONDAY + 100 * H, in_outage=lambda due_at: due_at == DUE)
    assert [it.get("in_outage") for it in of(told, "deadline_breached", "dept_reply")] == [True]
    others = [it for it in of(told, "deadline_breached") if it["clock"] != "dept_reply"]
    assert others
    assert all("in_outage" not in it for it in others)


def test_the_hold_is_real_time_whatever_the_scale_of_domain_time() -> None:
    anchor = '{"real": "2026-05-11T01:00:00Z", "virtual": "2026-05-11T01:00:00Z", "scale": 60}'
    told = {"database_url": "none", "bus_url": "none", "issuer_url": "none", "listen_port": 1}
    assert SlaSettings(**told).hold_after() == timedelta(seconds=300)  # type: ignore[arg-type]
    scaled = SlaSettings(**told, amends_env="test", amends_time_anchor=anchor)  # type: ignore[arg-type]
    assert scaled.hold_after() == timedelta(hours=5)


def mark(up_to: datetime, topic: str = TICKET_TOPIC) -> Event:
    data = WatermarkAdvanced(topic=topic, up_to=up_to, end_offsets={})
    subject = f"topic/{topic}"
    return Event("w", "/amends/x", data.wire_type, subject, up_to, subject, "*", data.to_data())


class Watched:
    """An applier that watches for outages, and what it would read back from the bus."""

    def __init__(self, suite: Suite) -> None:
        self.applier: Applier = suite.applier()
        self.on_the_bus: list[datetime] = []
        self.asked: list[datetime] = []
        self.applier.outages = OutageWatch(suite.engine, self.applier.watermarks, self._read_back, HOLD)

    async def _read_back(self, since: datetime, until: datetime) -> Sequence[datetime]:
        self.asked.append(since)
        return [at for at in self.on_the_bus if at <= until]

    async def see(self, *up_to: datetime) -> None:
        for at in up_to:
            for topic in TOPICS:
                self.applier.watermarks.add(mark(at, topic))
            await self.applier.round()


async def in_outage_of(suite: Suite, clock: str = "dept_reply") -> list[bool | None]:
    told = [it for it in await suite.published() if it.type == "amends.sla.deadline_breached.v1"]
    return [it.data.get("in_outage") for it in told if it.data["clock"] == clock]


@pytest.mark.servers
async def test_a_deadline_in_a_jump_of_the_ticket_watermark_breaches_in_outage(suite: Suite) -> None:
    watched = Watched(suite)
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    await watched.see(DUE - H, DUE + H)
    assert await in_outage_of(suite) == [True]


@pytest.mark.servers
async def test_without_a_jump_nothing_is_in_outage(suite: Suite) -> None:
    watched = Watched(suite)
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    await watched.see(DUE - HOLD, DUE)
    assert await in_outage_of(suite) == [None]


@pytest.mark.servers
async def test_a_deadline_shortly_after_the_jump_is_in_outage_too(suite: Suite) -> None:
    watched = Watched(suite)
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    await watched.see(DUE - 2 * H, DUE - timedelta(seconds=200), DUE)
    assert await in_outage_of(suite) == [True]


@pytest.mark.servers
async def test_an_instance_that_starts_during_the_outage_knows_what_the_one_before_saw(suite: Suite) -> None:
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    first, second = Watched(suite), Watched(suite)
    await first.see(DUE - H)
    await second.see(DUE + H)
    assert await in_outage_of(suite) == [True]


@pytest.mark.servers
async def test_sla_being_away_itself_is_no_outage_of_intake(suite: Suite) -> None:
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    first, second = Watched(suite), Watched(suite)
    await first.see(DUE - H)
    # Intake went on speaking meanwhile: it stands on the bus.
    second.on_the_bus = [DUE - H + n * HOLD for n in range(1, 25)]
    await second.see(DUE + H)
    assert await in_outage_of(suite) == [None]
    # It reads from before the time at which the last one was seen.
    assert second.asked[0] < real_now()
    async with reading(suite.engine) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM outages"))).scalar_one() == 0


@pytest.mark.servers
async def test_a_jump_within_the_time_that_sla_was_away_is_found(suite: Suite) -> None:
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    first, second = Watched(suite), Watched(suite)
    await first.see(DUE - H)
    second.on_the_bus = [DUE - H + HOLD, DUE + H - HOLD]
    await second.see(DUE + H)
    assert await in_outage_of(suite) == [True]


@pytest.mark.servers
async def test_two_instances_that_see_the_same_jump_keep_it_once(suite: Suite) -> None:
    pair = [Watched(suite), Watched(suite)]
    for watched in pair:
        await watched.see(MONDAY)
    for watched in pair:
        await watched.see(MONDAY + H)
    async with reading(suite.engine) as tx:
        rows = (await tx.execute(text("SELECT since, until FROM outages"))).all()
    assert [(row[0], row[1]) for row in rows] == [(MONDAY, MONDAY + H)]


@pytest.mark.servers
async def test_watermarks_are_read_back_from_the_bus_until_the_first_that_was_heard(
    suite: Suite, fresh_database: str
) -> None:
    bus = connect(fresh_database)
    await bus.start()
    try:
        await bus.apply_topics(suite_topics())
        sender = Sender(bus)
        marks = [MONDAY + n * H for n in range(4)]
        told = [mark(at) for at in marks] + [mark(MONDAY, "amends.sla.v1")]
        await sender.send_all([message_of(it, WATERMARK_TOPIC, bus.content_mode) for it in told])
        read = read_back_from(bus)
        assert list(await read(real_now() - HOLD, marks[3])) == marks
        # Whatever else was asked for, it ends where the topic does.
        assert list(await read(real_now() - HOLD, MONDAY + 99 * H)) == marks
        await sender.stop()
    finally:
        await bus.stop()


@pytest.mark.servers
async def test_what_was_seen_never_goes_back(suite: Suite) -> None:
    first, second = Watched(suite), Watched(suite)
    await first.see(MONDAY + timedelta(seconds=100))
    await second.see(MONDAY)
    async with writing(suite.engine) as tx:
        seen = (await tx.execute(text("SELECT up_to FROM watermark_seen"))).scalar_one()
    assert seen == MONDAY + timedelta(seconds=100)
