"""Reviews over HTTP: a resolution of a serious ticket waits for three of them, by three people (RULEBOOK E5)."""

import pytest

pytestmark = pytest.mark.servers

RESOLVED = {"outcome": "resolved"}


async def test_a_level_1_ticket_is_resolved_after_three_reviews_by_three_people(intake):  # E5
    agent = intake.caller("specialist", "amy")
    ticket_id = await agent.open(kind="complaint", case_type="complaint_quality", tags=["safety"])
    refused = await agent.step(ticket_id, "resolution", RESOLVED)
    assert refused.status_code == 409
    assert "first, recheck, final" in refused.json()["detail"]
    assert "reviews" in refused.json()["allowed"]
    assert "resolution" not in refused.json()["allowed"]
    for stage, role, who in (
        ("first", "team_leader", "lin"),
        ("recheck", "team_leader", "wu"),
        ("final", "manager", "zhao"),
    ):
        assert (await agent.step(ticket_id, "resolution", RESOLVED)).status_code == 409
        told = await intake.caller(role, who).step(ticket_id, "reviews", {"stage": stage, "verdict": "同意"})
        assert (told.status_code, told.json()["data"]["by"]) == (201, who)
    assert (await agent.step(ticket_id, "resolution", RESOLVED)).status_code == 201


async def test_the_same_person_is_told_so(intake):  # E5
    lin = intake.caller("team_leader", "lin")
    ticket_id = await lin.open(level=2)
    assert (await lin.step(ticket_id, "reviews", {"stage": "first", "verdict": "ok"})).status_code == 201
    again = await lin.step(ticket_id, "reviews", {"stage": "recheck", "verdict": "ok"})
    assert again.status_code == 409
    assert "lin made the first review" in again.json()["detail"]
    assert "resolution" not in again.json()["allowed"]


async def test_every_refusal_leaves_a_waiting_resolution_out_of_what_is_allowed(intake):
    agent = intake.caller("specialist", "amy")
    ticket_id = await agent.open(level=1)
    refused = await agent.step(ticket_id, "closure")
    assert refused.status_code == 409
    assert "resolution" not in refused.json()["allowed"]


async def test_a_plain_ticket_of_level_3_is_resolved_by_its_specialist(intake):
    agent = intake.caller("specialist", "amy")
    ticket_id = await agent.open(level=3)
    assert (await agent.step(ticket_id, "resolution", RESOLVED)).status_code == 201
