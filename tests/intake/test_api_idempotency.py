"""`Idempotency-Key` on intake's POSTs (CONTRACT §6)."""

import asyncio

import pytest
from sqlalchemy import text
from tests.intake.bodies import ticket

from amends.db import reading, writing
from intake_svc.store import tickets

pytestmark = pytest.mark.servers


async def test_without_a_key_nothing_is_opened_or_stepped(intake):
    shop = intake.caller("storefront")
    ticket_id = await shop.open()
    headers = {"Authorization": f"Bearer {shop.token}"}
    paths = [
        ("/tickets", ticket()),
        ("/tickets:batch", {"items": [ticket()]}),
        (f"/tickets/{ticket_id}/customer-replies", {}),
    ]
    for path, body in paths:
        answer = await intake.http.post(f"/v1{path}", json=body, headers=headers)
        assert (answer.status_code, answer.json()["title"]) == (400, "Idempotency-Key missing")
    assert len(await intake.events(ticket_id)) == 1
    assert len((await shop.get("/tickets")).json()["items"]) == 1


async def test_the_same_request_again_has_no_second_effect_and_says_so(intake):
    agent = intake.caller("specialist")
    first = await agent.post("/tickets", ticket(), key="k")
    again = await agent.post("/tickets", ticket(), key="k")
    assert (again.status_code, again.json(), again.headers["etag"]) == (201, first.json(), '"1"')
    assert again.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    ticket_id = first.json()["ticket_id"]
    step = await agent.step(ticket_id, "links", {"incident_id": "i"}, key="s", If_Match='"1"')
    replay = await agent.step(ticket_id, "links", {"incident_id": "i"}, key="s", If_Match='"1"')
    assert replay.json() == step.json(), "a replay is answered before If-Match is asked"
    assert len(await intake.events(ticket_id)) == 2


async def test_another_body_under_the_same_key_is_refused(intake):
    agent = intake.caller("specialist")
    await agent.post("/tickets", ticket(), key="k")
    assert (await agent.post("/tickets", ticket(level=2), key="k")).status_code == 422
    assert len((await agent.get("/tickets")).json()["items"]) == 1


async def test_keys_of_other_clients_tenants_and_paths_are_other_keys(intake):
    callers = [
        intake.caller("specialist"),
        intake.caller("specialist", client="another"),
        intake.caller("specialist", tenant="other"),
    ]
    opened = [(await caller.post("/tickets", ticket(), key="k")).json()["ticket_id"] for caller in callers]
    assert len(set(opened)) == 3
    for noun in ("customer-replies", "customer-questions"):
        assert (await callers[0].step(opened[0], noun, {}, key="k")).status_code == 201


async def test_a_refused_request_may_be_mended_and_sent_under_its_key(intake):
    agent = intake.caller("specialist")
    assert (await agent.post("/tickets", ticket(channel="fax"), key="k")).status_code == 422
    assert (await agent.post("/tickets", ticket(), key="k")).status_code == 201


async def someone_waits(intake):
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with reading(intake.engine) as tx:
        return (await tx.execute(query)).scalar_one() > 0


async def test_a_request_in_flight_is_not_done_a_second_time(intake):
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    async with writing(intake.engine) as tx:
        await tickets.lock(tx, "demo", ticket_id)  # the first request waits here, its key taken
        first = asyncio.create_task(agent.step(ticket_id, "links", {"incident_id": "i"}, key="k"))
        async with asyncio.timeout(10):
            while not await someone_waits(intake):
                await asyncio.sleep(0.02)
        second = await agent.step(ticket_id, "links", {"incident_id": "i"}, key="k")
    assert (second.status_code, second.headers["retry-after"]) == (409, "1")
    assert second.json()["title"] == "In flight"
    assert (await first).status_code == 201
    assert len(await intake.events(ticket_id)) == 2
