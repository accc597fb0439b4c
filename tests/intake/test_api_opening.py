"""Opening tickets over HTTP, one and many."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.intake.bodies import order, ticket

from amends.clock import real_now
from amends.db import reading
from amends.instants import format_instant

pytestmark = pytest.mark.servers


async def count(intake, table):
    async with reading(intake.engine) as tx:
        return (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()


async def test_a_ticket_is_opened_and_shown_as_it_stands(intake):
    shop = intake.caller("storefront", "shop")
    answer = await shop.post("/tickets", ticket(external_id="e-1", complaint_code=2001, owner="bo"))
    assert answer.status_code == 201
    shown = answer.json()
    assert answer.headers["location"] == f"/v1/tickets/{shown['ticket_id']}"
    assert answer.headers["etag"] == '"1"'
    assert shown["status"] == "received"
    assert shown["policy_version"] == 1
    assert shown["ticket_no"].startswith("demo-")
    assert shown["ticket_no"].split("-")[2:] == ["D2", "000001"]
    assert (shown["external_id"], shown["owner"], shown["level"]) == ("e-1", "bo", 3)
    again = await shop.get(f"/tickets/{shown['ticket_id']}")
    assert (again.json(), again.headers["etag"]) == (shown, '"1"')

    (opened,) = await intake.events(shown["ticket_id"])
    assert (opened.type, opened.sequence, opened.tenantid) == ("amends.ticket.opened.v1", 1, "demo")
    assert opened.partitionkey == opened.subject == shown["ticket_id"]
    assert format_instant(opened.time) == shown["accepted_at"]


async def test_personal_data_stays_with_intake_behind_a_reference(intake):
    ticket_id = await intake.caller("storefront").open(description="李雷的壶碎了")
    (opened,) = await intake.events(ticket_id)
    assert not any(secret in str(opened.data) for secret in ("李雷", "13800000000", "碎"))
    ref = opened.data["customer"]["contact_ref"]
    for role in ("specialist", "team_leader", "manager", "service", "admin"):
        answer = await intake.caller(role).get(f"/contacts/{ref}")
        assert answer.json() == {
            "contact_ref": ref,
            "customer_id": "c-1",
            "name": "李雷",
            "contacts": {"phone": "13800000000"},
            "language": "zh",
        }
    for role in ("storefront", "department", "merchant", "analyst"):
        assert (await intake.caller(role).get(f"/contacts/{ref}")).status_code == 403
    assert (await intake.caller("admin", tenant="other").get(f"/contacts/{ref}")).status_code == 404
    assert (await intake.caller("admin").get("/contacts/nobody")).status_code == 404


async def test_bad_input_leaves_nothing_and_names_every_field(intake, fields_of):
    body = ticket(
        colour="red",
        order=order(paid_amount=100),
        accepted_at="2026-05-13T10:00:00",
        occurred_at=format_instant(real_now() + timedelta(days=1)),
    )
    answer = await intake.caller("storefront").post("/tickets", body)
    assert fields_of(answer) == {"colour", "order.paid_amount", "accepted_at", "occurred_at"}
    assert [await count(intake, table) for table in ("tickets", "outbox", "contacts", "idempotency")] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("accepted", "status"),
    [(timedelta(hours=1), 422), (timedelta(days=-31), 422), (timedelta(days=-29), 201)],
)
async def test_accepted_at_is_neither_in_the_future_nor_older_than_the_setting(intake, accepted, status):
    body = ticket(accepted_at=format_instant(real_now() + accepted))
    assert (await intake.caller("storefront").post("/tickets", body)).status_code == status


async def test_an_external_id_is_unique_for_its_storefront(intake):
    shop, other = intake.caller("storefront", "shop"), intake.caller("storefront", "other")
    first = await shop.open(external_id="e-1")
    again = await shop.post("/tickets", ticket(external_id="e-1"))
    assert again.status_code == 409
    assert again.json()["ticket_id"] == first
    assert await other.open(external_id="e-1") != first
    assert await intake.caller("storefront", "shop", tenant="other").open(external_id="e-1") != first
    assert await count(intake, "outbox") == 3


async def test_two_requests_with_one_external_id_at_once_open_one_ticket(intake):
    shop = intake.caller("storefront", "shop")
    answers = await asyncio.gather(*(shop.post("/tickets", ticket(external_id="e-1")) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_a_second_complaint_on_an_order_within_thirty_days_is_a_repeat(intake):
    shop = intake.caller("storefront")
    long_ago = format_instant(real_now() - timedelta(days=29))
    first = await shop.open(kind="complaint", case_type="complaint_quality", accepted_at=long_ago)
    assert (await shop.shown(first))["tags"] == []
    second = await shop.shown(await shop.open(kind="complaint", case_type="complaint_service"))
    assert (second["tags"], second["level"]) == (["repeat"], 2)
    elsewhere = await shop.open(kind="complaint", case_type="complaint_service", order=order(order_id="o-2"))
    assert (await shop.shown(elsewhere))["tags"] == []
    request = await shop.shown(await shop.open())
    assert request["tags"] == [], "only complaints repeat"
    other = await intake.caller("storefront", tenant="other").open(kind="complaint", case_type="complaint_service")
    assert (await intake.caller("storefront", tenant="other").shown(other))["tags"] == []


async def test_a_complaint_more_than_thirty_days_later_is_no_repeat(intake):
    shop = intake.caller("storefront")
    imported = {"imported": True, "kind": "complaint", "case_type": "complaint_quality"}
    await shop.open(**imported, accepted_at=format_instant(real_now() - timedelta(days=30, minutes=1)))
    assert (await shop.shown(await shop.open(kind="complaint", case_type="complaint_quality")))["tags"] == []


async def test_without_a_policy_for_the_tenant_the_caller_is_told_to_come_back(intake):
    answer = await intake.caller("storefront", tenant="new").post("/tickets", ticket())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_ticket_that_does_not_fit_into_an_event_is_refused(intake_with):
    intake = await intake_with(event_bytes_max=2_000)
    items = [{"line_id": str(n), "name": "壶" * 20, "quantity": 1, "paid_amount": 1} for n in range(50)]
    answer = await intake.caller("storefront").post("/tickets", ticket(order=order(items=items)))
    assert answer.status_code == 413
    assert await count(intake, "tickets") == 0


async def test_a_body_beyond_the_limit_is_refused(intake_with):
    intake = await intake_with(body_bytes_max=2_000)
    answer = await intake.caller("storefront").post("/tickets", ticket(description="x" * 3_000))
    assert answer.status_code == 413


async def test_numbers_are_never_given_twice_also_by_two_instances(intake_with):  # N2
    one, two = await intake_with(serials_per_block=3), await intake_with(serials_per_block=3)
    opens = [intake.caller("storefront").post("/tickets", ticket()) for intake in (one, two) for _ in range(10)]
    numbers = [answer.json()["ticket_no"] for answer in await asyncio.gather(*opens)]
    assert len(set(numbers)) == 20


async def test_a_batch_gives_a_result_for_each_item(intake):
    shop = intake.caller("storefront")
    items = [ticket(external_id="a"), ticket(channel="fax"), ticket(external_id="a"), "no ticket", ticket()]
    answer = await shop.post("/tickets:batch", {"items": items})
    assert answer.status_code == 200
    results = answer.json()["items"]
    assert [result["status"] for result in results] == [201, 422, 409, 422, 201]
    assert results[1]["problem"]["errors"][0]["field"] == "channel"
    assert results[2]["problem"]["ticket_id"] == results[0]["ticket"]["ticket_id"]
    assert (await shop.shown(results[4]["ticket"]["ticket_id"]))["status"] == "received"


async def test_a_batch_sent_again_opens_nothing_twice_and_another_under_its_key_is_refused(intake):
    shop = intake.caller("storefront")
    items = {"items": [ticket(), ticket(channel="fax"), ticket()]}
    first = await shop.post("/tickets:batch", items, key="k")
    assert (await shop.post("/tickets:batch", items, key="k")).json() == first.json()
    assert await count(intake, "tickets") == 2
    assert (await shop.post("/tickets:batch", {"items": [ticket()]}, key="k")).status_code == 422
    assert await count(intake, "tickets") == 2


@pytest.mark.parametrize("body", [{"items": []}, {"items": [{}] * 501}, {"tickets": []}, {"items": 7}, 7, {}])
async def test_a_batch_has_one_to_five_hundred_items(intake, fields_of, body):
    assert fields_of(await intake.caller("storefront").post("/tickets:batch", body)) & {"items", "tickets"}


async def test_opening_takes_few_statements(intake):
    from sqlalchemy import event

    shop = intake.caller("storefront")
    await shop.open()
    statements = []
    event.listen(intake.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    await shop.open()
    opening, statements[:] = len(statements), []
    ticket_id = await shop.open(customer=None)
    statements.clear()
    await shop.step(ticket_id, "customer-replies")
    assert (opening, len(statements)) == (9, 9)
