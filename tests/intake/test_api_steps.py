"""Every noun over HTTP: who may, what comes back, what the state refuses (CONTRACT §6)."""

import hashlib
from datetime import timedelta

import pytest

from amends.clock import real_now
from amends.events import contact, sla
from amends.instants import format_instant
from intake_svc.decisions.life import NOUNS

pytestmark = pytest.mark.servers

REMEDY = {"remedy": {"type": "coupon", "amount": 500}}
REPLY = {"department": "quality", "effective": True, "decision": "refused", "reason": "used", "evidence": []}
BODIES = {
    "department-requests": {"department": "quality"},
    "department-replies": REPLY,
    "assignment": {"owner": "bo"},
    "classification": {"case_type": "late_delivery"},
    "assessment": {"findings": {"cause": "运输"}},
    "liability": {"party": {"kind": "carrier", "id": "sf"}},
    "contacts": {"about": "greeting", "channel": "chat"},
    "customer-questions": {},
    "customer-replies": {},
    "goods-returns": {},
    "proposals": REMEDY,
    "agreements": REMEDY,
    "rejections": REMEDY,
    "executions": REMEDY,
    "reviews": {"stage": "first", "verdict": "ok"},
    "extensions": {"clock": "ack", "reason": "strike"},
    "escalations": {"to": "team_leader", "reason": "above my limit"},
    "links": {"incident_id": "i-1"},
    "resolution": {"outcome": "resolved"},
    "closure": {},
    "reopening": {"reason": "not solved"},
}
EVENTS = {
    "department-requests": "department_asked",
    "department-replies": "department_replied",
    "assignment": "assigned",
    "classification": "reclassified",
    "assessment": "assessed",
    "liability": "liability_found",
    "contacts": "contacted",
    "customer-questions": "customer_asked",
    "customer-replies": "customer_replied",
    "evidence": "evidence_added",
    "goods-returns": "goods_returned",
    "proposals": "solution_proposed",
    "agreements": "solution_agreed",
    "rejections": "solution_rejected",
    "executions": "solution_executed",
    "reviews": "reviewed",
    "extensions": "extended",
    "escalations": "escalated",
    "links": "linked",
    "resolution": "resolved",
    "closure": "closed",
    "reopening": "reopened",
}
LEADERS = ("team_leader", "manager")
EVERYTHING = (*LEADERS, "admin", "service")
ROLES = ("storefront", "department", "merchant", "specialist", *EVERYTHING, "analyst")


def may(role, noun):
    """The table of CONTRACT §6."""
    if noun == "extensions":
        return role in LEADERS  # C5 is narrower than "everything"
    if noun in {"reviews", "liability"}:
        return role in EVERYTHING
    if role in {"department", "merchant"}:
        return noun == "department-replies"
    if role == "storefront":
        return noun in {"evidence", "customer-replies"}
    return role in {"specialist", *EVERYTHING}


def clock_started(due_in=timedelta(hours=1)):
    now = real_now()
    return sla.SlaClockStarted(
        clock="ack", run=1, rule="A5", start_at=now, due_at=now + due_in, policy_version=1, calendar_confirmed=True
    )


async def take(caller, ticket_id, noun):
    if noun == "evidence":
        files = {"file": ("壶.jpg", b"photo", "image/jpeg")}
        return await caller.upload(f"/tickets/{ticket_id}/evidence", files=files, data={"kind": "photo"})
    body = BODIES[noun]
    if noun == "extensions":
        body = body | {"due_at": format_instant(real_now() + timedelta(hours=9))}
    return await caller.step(ticket_id, noun, body)


async def ready_for(intake, ticket_id, noun):
    """Bring a ticket to where its state allows the noun."""
    admin = intake.caller("admin")
    needed = {
        "department-replies": ["department-requests"],
        "agreements": ["proposals"],
        "rejections": ["proposals"],
        "closure": ["resolution"],
        "reopening": ["resolution"],
    }
    for before in needed.get(noun, []):
        assert (await take(admin, ticket_id, before)).status_code == 201
    if noun == "extensions":
        await intake.hears(ticket_id, clock_started())


async def test_every_noun_becomes_its_event(intake):
    leader, shop = intake.caller("manager", "lin"), intake.caller("storefront")
    for noun in NOUNS:
        ticket_id = await shop.open()
        await ready_for(intake, ticket_id, noun)
        before = len(await intake.events(ticket_id))
        answer = await take(leader, ticket_id, noun)
        assert answer.status_code == 201, (noun, answer.text)
        told = answer.json()
        assert told["type"] == f"amends.ticket.{EVENTS[noun]}.v1"
        assert (told["subject"], told["tenantid"]) == (ticket_id, "demo")
        assert int(told["sequence"]) == before + 1
        assert answer.headers["etag"] == f'"{before + 1}"'
        assert (await intake.events(ticket_id))[-1].id == told["id"]
        if noun not in {"evidence", "extensions", "reviews", "escalations", "contacts"}:
            assert told["data"] == BODIES[noun]


@pytest.mark.parametrize("noun", NOUNS)
async def test_each_role_takes_its_own_steps_and_no_others(intake, noun):
    shop = intake.caller("storefront")
    for role in ROLES:
        ticket_id = await shop.open()
        await ready_for(intake, ticket_id, noun)
        answer = await take(intake.caller(role), ticket_id, noun)
        assert answer.status_code == (201 if may(role, noun) else 403), (role, answer.text)


@pytest.mark.parametrize("role", ROLES)
async def test_storefronts_and_agents_open_tickets(intake, role):
    from tests.intake.bodies import ticket

    for path, body in (("/tickets", ticket()), ("/tickets:batch", {"items": [ticket()]})):
        answer = await intake.caller(role).post(path, body)
        assert answer.is_success is (role not in {"department", "merchant", "analyst"}), answer.text
        assert answer.is_success or answer.status_code == 403


async def test_a_department_answers_requests_to_it_and_no_others(intake):
    ticket_id = await intake.caller("storefront").open()
    quality, logistics = intake.caller("department", "quality"), intake.caller("department", "logistics")
    assert (await quality.step(ticket_id, "department-replies", REPLY)).status_code == 404, "not asked: not seen"
    await take(intake.caller("specialist"), ticket_id, "department-requests")
    assert (await logistics.step(ticket_id, "department-replies", REPLY)).status_code == 404
    await intake.caller("specialist").step(ticket_id, "department-requests", {"department": "logistics"})
    assert (await logistics.step(ticket_id, "department-replies", REPLY)).status_code == 403
    assert (await quality.step(ticket_id, "department-replies", REPLY)).status_code == 201


async def test_a_step_that_the_state_does_not_allow_names_those_that_it_does(intake):
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    answer = await agent.step(ticket_id, "closure")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(NOUNS) - set(answer.json()["allowed"]) == {
        "department-replies", "agreements", "rejections", "closure", "reopening",
    }  # fmt: skip
    for noun in ("resolution", "closure"):
        assert (await take(agent, ticket_id, noun)).status_code == 201
    answer = await take(agent, ticket_id, "proposals")
    assert answer.status_code == 409
    assert "closure" not in answer.json()["allowed"]
    assert "reopening" in answer.json()["allowed"]
    assert len(await intake.events(ticket_id)) == 3


async def test_tickets_of_other_tenants_and_none_at_all_are_not_found(intake):
    ticket_id = await intake.caller("storefront").open()
    for caller in (intake.caller("admin", tenant="other"), intake.caller("service", tenant="other")):
        for noun in NOUNS:
            assert (await take(caller, ticket_id, noun)).status_code == 404
        assert (await caller.get(f"/tickets/{ticket_id}")).status_code == 404
        assert (await caller.get(f"/tickets/{ticket_id}/timeline")).status_code == 404
        assert (await caller.get("/tickets")).json() == {"items": []}
    for strange in ("nothing", "00000000-0000-0000-0000-000000000000", "%00"):
        assert (await intake.caller("admin").get(f"/tickets/{strange}")).status_code == 404
        assert (await intake.caller("admin").step(strange, "contacts", BODIES["contacts"])).status_code == 404


async def test_a_body_is_checked_before_the_state_and_leaves_nothing(intake, fields_of):
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    answer = await agent.step(ticket_id, "contacts", {"about": "weather", "colour": 1})
    assert fields_of(answer) == {"about", "colour", "channel"}
    assert fields_of(await agent.step(ticket_id, "escalations", {"to": "manager", "reason": "x", "by": "me"})) == {"by"}
    assert len(await intake.events(ticket_id)) == 1


async def test_if_match_lets_a_step_pass_only_on_the_ticket_that_was_read(intake):
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    read = (await agent.get(f"/tickets/{ticket_id}")).headers["etag"]
    first = await agent.step(ticket_id, "assignment", {"owner": "bo"}, If_Match=read)
    assert (first.status_code, first.headers["etag"]) == (201, '"2"')
    late = await agent.step(ticket_id, "assignment", {"owner": "cy"}, If_Match=read)
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')
    assert (await agent.shown(ticket_id))["owner"] == "bo"
    for header in ("*", '"7", "2"'):
        answer = await agent.step(ticket_id, "customer-replies", {}, If_Match=header)
        assert answer.status_code == (201 if header == "*" else 412)
    assert (await agent.step(ticket_id, "customer-replies", {}, If_Match='"7", "3"')).status_code == 201


async def test_who_extends_reviews_and_escalates_comes_from_the_token(intake):
    leader = intake.caller("team_leader", "lin")
    ticket_id = await leader.open()
    await intake.hears(ticket_id, clock_started())
    for noun in ("extensions", "reviews", "escalations"):
        assert (await take(leader, ticket_id, noun)).json()["data"]["by"] == "lin"
    assert (await intake.events(ticket_id))[1].data["role"] == "team_leader"


async def test_an_extension_needs_a_clock_seen_running_a_reason_and_a_later_time(intake, fields_of):  # C5
    leader = intake.caller("manager", "lin")
    ticket_id = await leader.open()
    started = clock_started(timedelta(hours=2))
    body = {"clock": "ack", "reason": "strike", "due_at": format_instant(real_now() + timedelta(hours=9))}
    unseen = await leader.step(ticket_id, "extensions", body)
    assert (unseen.status_code, "running: none" in unseen.json()["detail"]) == (409, True)
    await intake.hears(ticket_id, started)
    assert fields_of(await leader.step(ticket_id, "extensions", body | {"reason": " "})) == {"reason"}
    earlier = format_instant(real_now() + timedelta(hours=1))
    assert fields_of(await leader.step(ticket_id, "extensions", body | {"due_at": earlier})) == {"due_at"}
    assert (await leader.step(ticket_id, "extensions", body)).status_code == 201
    breach = sla.SlaDeadlineBreached(clock="ack", run=1, step=1, rule="A5", due_at=started.due_at, as_of_sequence=1)
    await intake.hears(ticket_id, breach)
    breached = await leader.step(ticket_id, "extensions", body)
    assert (breached.status_code, "is breached" in breached.json()["detail"]) == (409, True)


async def test_a_file_is_kept_and_its_digest_published(intake, fields_of):
    shop = intake.caller("storefront")
    ticket_id = await shop.open()
    content = b"\x00\xff" * 1000
    files = {"file": ("壶.bin", content, "application/x-thing")}
    answer = await shop.upload(f"/tickets/{ticket_id}/evidence", files=files, key="k")
    assert answer.status_code == 201, answer.text
    (kept,) = answer.json()["data"]["evidence"]
    assert (kept["kind"], kept["sha256"]) == ("document", hashlib.sha256(content).hexdigest())
    assert (await shop.shown(ticket_id))["evidence"] == [kept]
    again = await shop.upload(f"/tickets/{ticket_id}/evidence", files=files, key="k")
    assert (again.json(), again.headers["idempotency-replayed"]) == (answer.json(), "true")
    other = {"file": ("壶.bin", content + b"x", "application/x-thing")}
    assert (await shop.upload(f"/tickets/{ticket_id}/evidence", files=other, key="k")).status_code == 422
    assert len(await intake.events(ticket_id)) == 2
    for parts in ({"data": {"kind": "photo"}}, {"files": {"file": ("a", b"")}}, {"json": {"evidence": []}}):
        assert fields_of(await shop.upload(f"/tickets/{ticket_id}/evidence", **parts)) == {"file"}
    strange = {"files": {"file": ("a", b"x")}, "data": {"colour": "red", "kind": ""}}
    assert fields_of(await shop.upload(f"/tickets/{ticket_id}/evidence", **strange)) == {"colour", "kind"}


async def test_a_file_beyond_the_limit_is_refused(intake_with):
    intake = await intake_with(evidence_bytes_max=1_000)
    shop = intake.caller("storefront")
    ticket_id = await shop.open()
    for size in (1_001, 500_000):
        files = {"file": ("big", b"x" * size, "image/png")}
        assert (await shop.upload(f"/tickets/{ticket_id}/evidence", files=files)).status_code == 413
    files = {"file": ("fits", b"x" * 1_000, "image/png")}
    assert (await shop.upload(f"/tickets/{ticket_id}/evidence", files=files)).status_code == 201


@pytest.mark.parametrize(
    "heard", [contact.ContactRevisitDone(outcome="not_solved"), contact.ContactSurveyAnswered(rating=2)]
)
async def test_an_unhappy_customer_reopens_a_finished_ticket_one_level_up(intake, heard):  # H6, G4
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    await intake.hears(ticket_id, heard, source="/amends/notify")
    assert (await agent.shown(ticket_id))["status"] == "received", "an open ticket is not reopened"
    await take(agent, ticket_id, "resolution")
    await intake.hears(ticket_id, heard, source="/amends/notify")
    shown = await agent.shown(ticket_id)
    assert (shown["status"], shown["level"]) == ("reopened", 2)
    reopened = (await intake.events(ticket_id))[-1]
    assert (reopened.type, reopened.sequence) == ("amends.ticket.reopened.v1", 3)
    told = (await agent.get(f"/tickets/{ticket_id}/timeline")).json()["items"]
    assert reopened.causationid in {item["id"] for item in told}
    assert (await take(agent, ticket_id, "proposals")).status_code == 201


async def test_what_a_customer_said_before_the_resolution_reopens_nothing_however_late_it_is_heard(intake):  # H6
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    said_at = real_now()
    await take(agent, ticket_id, "resolution")
    await intake.hears(ticket_id, contact.ContactRevisitDone(outcome="not_solved"), source="/amends/notify", at=said_at)
    assert (await agent.shown(ticket_id))["status"] == "resolved"


async def test_what_is_heard_of_a_ticket_that_intake_does_not_know_changes_nothing(intake):
    await intake.hears("t-unknown", contact.ContactSurveyAnswered(rating=1), clock_started())
