"""Group complaints over PostgreSQL: one incident, each ticket linked once, whoever looks and whenever it stops (J3)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.intake.domain_time import anchored, forget, pretend

from amends.clock import real_now
from amends.db import claiming, reading, writing
from amends.instants import format_instant
from amends.policy.book import PolicyBook
from intake_svc.handlers.groups import find_group, link
from intake_svc.workers.groups import GroupWatch

pytestmark = pytest.mark.servers

NINE = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
TABLES = "complaint_subjects, complaints_waiting, incident_subjects, incident_tickets, incidents"


@pytest.fixture
async def desk(intake):
    """Intake without complaints of other tests, its clock as new before and after."""
    async with intake.engine.begin() as tx:
        await tx.execute(text(f"TRUNCATE {TABLES}"))
    await forget(intake.engine)
    yield intake
    await forget(intake.engine)


def watch(intake, wakes=None):
    return GroupWatch(intake.engine, intake.desk, (lambda: None) if wakes is None else (lambda: wakes.append(1)))


async def complain(intake, *customers, tenant="demo", **changes):
    """Open a complaint of each of these customers; return their ids."""
    shop = intake.caller("storefront", tenant=tenant)
    body = {"kind": "complaint", "case_type": "complaint_quality", "complaint_code": 1001} | changes
    return [await shop.open(customer={"customer_id": f"c-{who}"}, **body) for who in customers]


async def said(intake, ticket_id):
    """What happened to a ticket beside its opening."""
    events = await intake.events(ticket_id)
    return [(event.type.split(".")[2], event.data) for event in events if not event.type.endswith(".opened.v1")]


async def incident_of(intake, *ticket_ids):
    """The one incident that these tickets are linked to, each once; None when none is to any."""
    links = [[data["incident_id"] for what, data in await said(intake, one) if what == "linked"] for one in ticket_ids]
    assert all(one == links[0] for one in links)
    assert len(links[0]) <= 1
    return links[0][0] if links[0] else None


async def test_five_customers_become_one_incident_with_a_queue_of_its_own_j3(desk):
    wakes = []
    five = await complain(desk, *range(5))
    other = await complain(desk, 9, complaint_code=2001)
    await watch(desk, wakes).round()
    incident = await incident_of(desk, *five)
    assert incident is not None
    assert await said(desk, five[0]) == [("linked", {"incident_id": incident}), ("reclassified", {"tags": ["group"]})]
    assert (await said(desk, *other), wakes) == ([], [1])
    agent = desk.caller("specialist")
    for filters in ({"incident": incident}, {"tag": "group"}):
        listed = (await agent.get("/tickets", **filters)).json()["items"]
        assert [one["ticket_id"] for one in listed] == five[::-1]
    assert (await agent.shown(five[0]))["incidents"] == [incident]
    assert "incidents" not in await agent.shown(*other)


async def test_four_customers_and_one_customer_five_times_are_no_incident_j3(desk):
    tickets = [*await complain(desk, 0, 1, 2, 3), *await complain(desk, 0, 1, 1, 1)]
    await watch(desk).round()
    assert [await said(desk, one) for one in tickets] == [[]] * 8


async def test_tickets_of_another_tenant_category_or_kind_do_not_count_j3(desk):
    await complain(desk, 0, 1, 2, 3)
    await complain(desk, 4, tenant="other")
    await complain(desk, 5, complaint_code=3001)
    await complain(desk, 6, kind="after_sales")
    await watch(desk).round()
    async with reading(desk.engine) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM incidents"))).scalar_one() == 0


async def test_a_merchant_has_its_incident_whatever_was_bought_j3(desk):
    skus = [{"order_id": f"o-{n}", "currency": "CNY", "paid_amount": 100, "items": [item(f"s-{n}")]} for n in range(5)]
    five = [(await complain(desk, n, order=bought, merchant_id="m-1"))[0] for n, bought in enumerate(skus)]
    await watch(desk).round()
    assert await incident_of(desk, *five) is not None


def item(sku):
    return {"line_id": "1", "sku": sku, "quantity": 1, "paid_amount": 100}


async def test_later_tickets_join_while_the_incident_lasts_within_includes_the_limit_j3_p1(desk):
    def at(hours):
        return format_instant(NINE + timedelta(hours=hours))

    # 24 h from the first to the fifth, to the very limit; then each a day after the latest before it.
    await pretend(desk.engine, anchored(NINE + timedelta(minutes=1)))
    early = [(await complain(desk, n, accepted_at=at(0)))[0] for n in range(4)]
    await pretend(desk.engine, anchored(NINE + timedelta(hours=24, minutes=1)))
    await watch(desk).round()
    fifth = await complain(desk, 4, accepted_at=at(24))
    await watch(desk).round()
    incident = await incident_of(desk, *early, *fifth)
    assert incident is not None
    await pretend(desk.engine, anchored(NINE + timedelta(hours=48, minutes=1)))
    again = await complain(desk, 0, accepted_at=at(48))
    await watch(desk).round()
    assert await incident_of(desk, *again) == incident
    await pretend(desk.engine, anchored(NINE + timedelta(hours=72, minutes=1)))
    too_late = await complain(desk, 5)  # a minute more than a day after the latest
    await watch(desk).round()
    assert await incident_of(desk, *too_late) is None


async def test_old_tickets_that_are_imported_become_no_incident_j3(desk):
    before = format_instant(real_now() - 300 * DAY)
    tickets = await complain(desk, *range(6), accepted_at=before, imported=True)
    await watch(desk).round()
    assert [await said(desk, one) for one in tickets] == [[]] * 6
    assert [await said(desk, one) for one in await complain(desk, 7)] == [[]]


async def test_a_ticket_counts_as_it_is_classified_j3(desk):
    four = await complain(desk, *range(4))
    (filed_wrong,) = await complain(desk, 4, kind="after_sales", complaint_code=None)
    await watch(desk).round()
    agent = desk.caller("specialist")
    answer = await agent.step(filed_wrong, "classification", {"kind": "complaint", "complaint_code": 1999})
    assert answer.status_code == 201
    await watch(desk).round()
    assert await incident_of(desk, *four, filed_wrong) is not None
    # Classified again, the same or as something else, it is linked no more, and stays linked.
    for body in ({"complaint_code": 1002}, {"complaint_code": 4001}):
        await agent.step(filed_wrong, "classification", body)
        await watch(desk).round()
    assert await incident_of(desk, filed_wrong) is not None


async def test_a_resolved_ticket_is_linked_and_keeps_its_tags_j3(desk):
    four = await complain(desk, *range(4))
    agent = desk.caller("specialist")
    assert (await agent.step(four[0], "resolution", {"outcome": "resolved"})).status_code == 201
    await complain(desk, 4)
    await watch(desk).round()
    assert [what for what, _ in await said(desk, four[0])] == ["resolved", "linked"]


async def test_several_instances_link_each_ticket_once_j3(desk):
    tickets = await complain(desk, *range(12))
    await asyncio.gather(*(watch(desk).round() for _ in range(4)))
    await watch(desk).round()
    assert await incident_of(desk, *tickets) is not None


async def test_a_stop_at_any_step_leaves_the_rest_to_whoever_comes_next_j3(desk):
    tickets = await complain(desk, *range(6))
    # Stopped before the group was kept: it is as if nobody had looked.
    with pytest.raises(ZeroDivisionError):
        async with claiming(desk.engine) as tx:
            await find_group(tx, desk.desk, "demo", tickets[0])
            raise ZeroDivisionError
    # Stopped with the group kept, one ticket linked, and another whose link was not committed.
    async with claiming(desk.engine) as tx:
        await find_group(tx, desk.desk, "demo", tickets[0])
    async with writing(desk.engine) as tx:
        assert await link(tx, desk.desk, "demo", tickets[0])
    with pytest.raises(ZeroDivisionError):
        async with writing(desk.engine) as tx:
            await link(tx, desk.desk, "demo", tickets[1])
            raise ZeroDivisionError
    await watch(desk).round()
    await watch(desk).round()
    assert await incident_of(desk, *tickets) is not None


async def test_a_policy_that_has_not_arrived_delays_the_group_only_j3(desk):
    five = await complain(desk, *range(5))
    waiting = watch(desk)
    waiting.desk = replace(desk.desk, policies=PolicyBook())
    await waiting.round()
    assert [await said(desk, one) for one in five] == [[]] * 5
    await watch(desk).round()
    assert await incident_of(desk, *five) is not None


async def test_what_a_person_linked_is_listed_and_not_linked_again_j3(desk):
    agent = desk.caller("specialist")
    five = await complain(desk, *range(5))
    async with claiming(desk.engine) as tx:
        await find_group(tx, desk.desk, "demo", five[0])
        incident = (await tx.execute(text("SELECT incident_id FROM incidents"))).scalar_one()
    (alone,) = await complain(desk, 9, complaint_code=5001)
    for one in (five[0], alone):
        assert (await agent.step(one, "links", {"incident_id": incident})).status_code == 201
    await watch(desk).round()
    assert await incident_of(desk, *five, alone) == incident
    listed = (await agent.get("/tickets", incident=incident)).json()["items"]
    assert {one["ticket_id"] for one in listed} == {*five, alone}
    assert (await desk.caller("specialist", tenant="other").get("/tickets", incident=incident)).json()["items"] == []


async def test_it_is_woken_by_openings_and_does_not_wait_for_its_sweep_j3(desk):
    looking = watch(desk)
    looking.sweep_s = 3600
    running = asyncio.create_task(looking.run())
    try:
        five = await complain(desk, *range(5))
        looking.wake()
        async with asyncio.timeout(20):
            while await incident_of(desk, five[-1]) is None:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()


async def test_many_tickets_are_looked_at_a_few_at_a_time_j3(desk):
    tickets = await complain(desk, *range(7))
    looking = watch(desk)
    looking.at_once = 2
    while await looking.round():
        pass
    assert await incident_of(desk, *tickets) is not None


async def test_the_longest_names_count_as_well_j3(desk):
    # Four bytes a character, and none like the next: an index cannot make less of it.
    longest = "".join(chr(0x20000 + 7 * n) for n in range(desk.desk.limits.name_chars_max))
    bought = {"order_id": "o-1", "currency": "CNY", "paid_amount": 100, "items": [item(longest)]}
    five = await complain(desk, *range(5), order=bought, merchant_id=longest[::-1])
    await watch(desk).round()
    assert await incident_of(desk, *five) is not None
