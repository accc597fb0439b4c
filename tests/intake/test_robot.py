"""The robot over PostgreSQL: switched once however many instances look, by the hours and by what came in (F4)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.intake.domain_time import anchored, forget, pretend

from amends.clock import TimeAnchor, real_now
from amends.db import reading
from amends.events.codec import event_from_json
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from intake_svc.store.robots import first_id_at
from intake_svc.workers.robot import RobotWatch

pytestmark = pytest.mark.servers

NINE = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
"""Monday 09:00 in Shanghai."""


def with_peak(**peak):
    policy = default_policy()
    rule = policy.robot.model_copy(update={"peak": policy.robot.peak.model_copy(update=peak)})
    return policy.model_copy(update={"robot": rule})


def watch(intake, anchor, policy=None, wakes=None, version=1):
    policies = PolicyBook()
    policies.put(PublishedPolicy("demo", version, policy or default_policy()))
    wake = (lambda: wakes.append(1)) if wakes is not None else (lambda: None)
    return RobotWatch(intake.engine, intake.desk.outbox, policies, anchor, wake)


async def switches(intake):
    async with reading(intake.engine) as tx:
        rows = await tx.execute(text("SELECT event FROM outbox WHERE subject = 'tenant/demo' ORDER BY time"))
        return [event_from_json(json.loads(row[0])) for row in rows]


@pytest.fixture
async def clocked(intake):
    """Intake whose domain clock and robot are as new before and after."""
    async with intake.engine.begin() as tx:
        await tx.execute(text("TRUNCATE robots"))
    await forget(intake.engine)
    yield intake
    await forget(intake.engine)


async def look_at(intake, virtual, policy=None, instances=1):
    anchor = anchored(virtual)
    await pretend(intake.engine, anchor)
    await asyncio.gather(*(watch(intake, anchor, policy).round() for _ in range(instances)))


async def test_two_instances_switch_it_once_at_night_and_once_in_the_morning_f4(clocked):
    for hours in (0, 13, 14, 24, 25):
        await look_at(clocked, NINE + timedelta(hours=hours), instances=2)
    told = await switches(clocked)
    assert [(it.data["on"], it.data["reason"]) for it in told] == [(True, "hours"), (False, "hours")]
    assert {(it.type, it.subject, it.partitionkey, it.sequence, it.tenantid) for it in told} == {
        ("amends.ticket.robot_switched.v1", "tenant/demo", "tenant/demo", None, "demo")
    }


async def test_a_peak_of_openings_switches_it_on_f4(clocked):
    policy = with_peak(rate_per_min=3, on_after=timedelta(seconds=1))
    shop = clocked.caller("storefront")
    anchor = anchored(NINE)
    await pretend(clocked.engine, anchor)
    looking = watch(clocked, anchor, policy)
    for _ in range(2):
        await shop.open()
    await looking.round()
    assert await switches(clocked) == []
    await shop.open()
    await looking.round()
    while not await switches(clocked):
        # A second of real time has to pass with the rate where it is.
        await asyncio.sleep(0.1)
        await looking.round()
    (told,) = await switches(clocked)
    assert (told.data["on"], told.data["reason"]) == (True, "peak")


async def test_a_look_that_changes_nothing_writes_nothing_and_wakes_nobody(clocked):
    anchor, wakes = anchored(NINE + timedelta(hours=13)), []
    await pretend(clocked.engine, anchor)
    looking = watch(clocked, anchor, wakes=wakes)
    await looking.round()
    assert len(wakes) == 1
    async with reading(clocked.engine) as tx:
        before = (await tx.execute(text("SELECT xmin FROM robots"))).scalar_one()
    await looking.round()
    async with reading(clocked.engine) as tx:
        assert (await tx.execute(text("SELECT xmin FROM robots"))).scalar_one() == before
    assert len(wakes) == 1


async def test_an_instance_that_lags_behind_in_policies_does_not_switch_it_back(clocked):
    anchor = anchored(NINE + timedelta(hours=13))
    await pretend(clocked.engine, anchor)
    newest = watch(clocked, anchor, default_policy().model_copy(update={"robot": None}), version=2)
    behind = watch(clocked, anchor, version=1)
    for instance in (behind, newest, behind, newest, behind):
        await instance.round()
    assert [it.data["on"] for it in await switches(clocked)] == [True, False]


async def test_a_tenant_without_a_policy_has_no_robot(clocked):
    anchor = anchored(NINE + timedelta(hours=13))
    await pretend(clocked.engine, anchor)
    looking = RobotWatch(clocked.engine, clocked.desk.outbox, PolicyBook(), anchor, lambda: None)
    assert await looking.round() == looking.every_s
    assert await switches(clocked) == []


async def test_it_looks_again_at_the_very_instant_at_which_hours_change(clocked):
    # At 3600 times the speed, 20:59 is a sixtieth of a second before closing time; an hour is a second.
    anchor = TimeAnchor(real_now(), NINE + timedelta(hours=11, minutes=30), 3600.0)
    await pretend(clocked.engine, anchor)
    assert await watch(clocked, anchor).round() < 0.55


def test_ids_of_an_instant_sort_around_it():
    moment = real_now()
    assert first_id_at(moment - timedelta(seconds=1)) < first_id_at(moment)
