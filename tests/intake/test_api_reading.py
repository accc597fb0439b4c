"""Lists, one ticket, its timeline; who sees what; manners."""

import httpx
import pytest
from tests.intake.bodies import order, ticket

from amends.events import contact, sla

pytestmark = pytest.mark.servers


async def ids(caller, **filters):
    answer = await caller.get("/tickets", **filters)
    assert answer.status_code == 200, answer.text
    return [item["ticket_id"] for item in answer.json()["items"]]


async def test_lists_are_narrowed_by_every_filter(intake):
    agent = intake.caller("specialist")
    plain = await agent.open()
    other = await agent.open(
        customer={"customer_id": "c-2"},
        order=order(order_id="o_2"),
        owner="bo",
        department="quality",
        level=1,
        tags=["safety"],
        description="漏水 100%",
        external_id="ext-7",
    )
    await agent.step(other, "contacts", {"about": "greeting", "channel": "chat"})
    for filters in (
        {"customer": "c-2"},
        {"order": "o_2"},
        {"owner": "bo"},
        {"department": "quality"},
        {"status": "confirmed"},
        {"level": 1},
        {"tag": "safety"},
        {"text": "漏水"},
        {"text": "100%"},
        {"text": "EXT-7"},
        {"customer": "c-2", "level": 1, "text": "o_2"},
    ):
        assert await ids(agent, **filters) == [other], filters
    assert await ids(agent) == [other, plain], "newest first"
    assert await ids(agent, text="茶壶") == [other, plain]
    assert await ids(agent, text="o_1") == [], "an underscore is no pattern"
    assert await ids(agent, customer="c-2", level=3) == []
    number = (await agent.shown(plain))["ticket_no"]
    assert await ids(agent, text=number) == [plain]


async def test_a_department_is_found_by_what_it_was_asked(intake):
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    await agent.step(ticket_id, "department-requests", {"department": "quality"})
    assert await ids(agent, department="quality") == [ticket_id]


async def test_pages_follow_each_other_without_gap_or_repetition(intake):
    agent = intake.caller("specialist")
    opened = [await agent.open() for _ in range(7)]
    found, url, pages = [], "http://intake.test/v1/tickets?limit=3&customer=c-1", 0
    while url:
        answer = await intake.http.get(url, headers={"Authorization": f"Bearer {agent.token}"})
        found += [item["ticket_id"] for item in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
        pages += 1
    assert (found, pages) == (opened[::-1], 3)


async def test_each_role_sees_its_own_tickets(intake):
    shop, other_shop = intake.caller("storefront", "shop"), intake.caller("storefront", "other")
    mine, theirs = await shop.open(merchant_id="m-1"), await other_shop.open(merchant_id="m-2")
    await intake.caller("specialist").step(mine, "department-requests", {"department": "quality"})
    sees = {
        ("storefront", "shop"): [mine],
        ("storefront", "other"): [theirs],
        ("department", "quality"): [mine],
        ("department", "logistics"): [],
        ("department", None): [theirs, mine],
        ("merchant", "m-1"): [mine],
        ("merchant", "m-2"): [theirs],
        ("merchant", None): [theirs, mine],
        ("specialist", "amy"): [theirs, mine],
        ("analyst", None): [theirs, mine],
        ("service", None): [theirs, mine],
    }
    for (role, subject), visible in sees.items():
        caller = intake.caller(role, subject)
        assert await ids(caller) == visible, (role, subject)
        for ticket_id in (mine, theirs):
            for path in ("", "/timeline"):
                status = (await caller.get(f"/tickets/{ticket_id}{path}")).status_code
                assert status == (200 if ticket_id in visible else 404), (role, subject, path)


async def test_the_timeline_tells_what_every_service_said_in_order(intake):
    agent = intake.caller("specialist")
    ticket_id = await agent.open()
    stop = sla.SlaClockStopped(clock="ack", run=1, outcome="met")
    await intake.hears(ticket_id, stop)
    await agent.step(ticket_id, "links", {"incident_id": "i"})
    await intake.hears(ticket_id, contact.ContactSurveySent(), source="/amends/notify")
    whole = (await agent.get(f"/tickets/{ticket_id}/timeline")).json()["items"]
    assert [event["type"].removeprefix("amends.") for event in whole] == [
        "ticket.opened.v1", "sla.clock_stopped.v1", "ticket.linked.v1", "contact.survey_sent.v1",
    ]  # fmt: skip
    first = await agent.get(f"/tickets/{ticket_id}/timeline", limit=3)
    rest = await intake.http.get(first.links["next"]["url"], headers={"Authorization": f"Bearer {agent.token}"})
    assert first.json()["items"] + rest.json()["items"] == whole
    assert "next" not in rest.links


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tickets?colour=red", 422),
        ("/tickets?level=9", 422),
        ("/tickets?limit=0", 422),
        ("/tickets?limit=501", 422),
        ("/tickets?text=%00", 422),
        ("/tickets?cursor=nonsense", 400),
        ("/tickets?cursor=WzFd", 400),
        ("/tickets/{id}/timeline?cursor=WyJ4IiwgInkiXQ", 400),
        ("/tickets/{id}/timeline?cursor=WzEsIDJd", 400),
        ("/nothing", 404),
    ],
)
async def test_bad_queries_are_told_as_problems(intake, path, status):
    agent = intake.caller("specialist")
    answer = await agent.get(path.format(id=await agent.open()) if "{id}" in path else path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_missing_and_bad_tokens_are_refused_everywhere(intake):
    ticket_id = await intake.caller("storefront").open()
    forged = intake.caller("admin").token[:-6] + "AAAAAA"
    paths = [("GET", "/tickets"), ("GET", f"/tickets/{ticket_id}"), ("GET", f"/tickets/{ticket_id}/timeline")]
    paths += [("GET", "/contacts/x"), ("POST", "/tickets"), ("POST", "/tickets:batch")]
    paths += [("POST", f"/tickets/{ticket_id}/{noun}") for noun in ("contacts", "evidence", "closure")]
    for method, path in paths:
        for header in ({}, {"Authorization": f"Bearer {forged}"}, {"Authorization": "Basic eDp5"}):
            answer = await intake.http.request(method, f"/v1{path}", headers=header | {"Idempotency-Key": "k"})
            assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True), (path, header)


@pytest.mark.parametrize("content", [b"{", b"NaN", b'{"level": 1e400}', b"[" * 100_000, b"\xff", b"[]", b'"x"'])
async def test_what_is_no_json_object_is_refused(intake: httpx.AsyncClient, content):
    shop = intake.caller("storefront")
    headers = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await intake.http.post("/v1/tickets", content=content, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_api_describes_itself(intake):
    document = (await intake.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    opening = document["paths"]["/v1/tickets"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert opening["additionalProperties"] is False
    assert set(opening["required"]) == {"channel", "kind", "case_type"}
    review = document["paths"]["/v1/tickets/{ticket_id}/reviews"]["post"]["requestBody"]
    assert set(review["content"]["application/json"]["schema"]["properties"]) == {"stage", "verdict"}
    assert "$ref" not in str(opening)
    assert {"channel", "order"} <= set(opening["properties"])
    assert ticket().keys() <= opening["properties"].keys()
