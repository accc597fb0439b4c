"""sla's HTTP door: policies by version, a ticket's clocks, deadlines, penalties, and who may ask."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.sla.conftest import Suite
from tests.sla.door import as_, door_of
from tests.sla.streams import MONDAY, H, asked, event, numbered, opened

from amends.policy.load import default_policy, default_text

pytestmark = pytest.mark.servers
CLOCK = {"clock", "run", "rule", "start_at", "due_at", "warn_at", "state", "policy_version"}
"""As CONTRACT §6 has it; `breached_at` stands beside it once there was a breach."""


@pytest.fixture
async def http(suite: Suite) -> AsyncIterator[httpx.AsyncClient]:
    async with door_of(suite) as made:
        yield made


async def publish(http: httpx.AsyncClient, text: str, **who: Any) -> httpx.Response:
    return await http.post("/v1/policies", json={"body": text}, headers=as_(**({"role": "manager"} | who)))


async def test_versions_count_per_tenant_and_an_unchanged_body_makes_none(
    http: httpx.AsyncClient, suite: Suite
) -> None:
    changed = default_text().replace("target: 2h\n", "target: 3h\n", 1)
    answers = [
        await publish(http, default_text(), subject="wang"),
        await publish(http, default_text()),
        await publish(http, changed),
        await publish(http, default_text()),
        await publish(http, default_text(), tenant="other"),
    ]
    assert [(it.status_code, it.json()["version"]) for it in answers] == [
        (201, 1),
        (200, 1),
        (201, 2),
        (201, 3),
        (201, 1),
    ]
    assert answers[0].json()["author"] == answers[1].json()["author"] == "wang"
    second = (await http.get(answers[2].headers["Location"], headers=as_("analyst"))).json()["items"]
    assert [it["version"] for it in second] == [2]
    newest = await http.get("/v1/policies?limit=2", headers=as_("analyst"))
    oldest = await http.get(newest.links["next"]["url"], headers=as_("analyst"))
    assert [it["version"] for page in (newest, oldest) for it in page.json()["items"]] == [3, 2, 1]
    told = await suite.published()
    assert [(it.type, it.subject, it.partitionkey, it.sequence) for it in told][:2] == [
        ("amends.policy.published.v1", "tenant/demo", "tenant/demo/1", None),
        ("amends.policy.published.v1", "tenant/demo", "tenant/demo/2", None),
    ]
    # Whole: with calendar, zone, currency, lists; the holidays are in it.
    assert told[0].data["body"]["timezone"] == "Asia/Shanghai"
    assert told[0].data["body"]["calendars"]["working_days"]["closed"]


async def test_a_policy_may_be_sent_as_yaml_as_text_in_json_or_as_a_mapping(http: httpx.AsyncClient) -> None:
    first = await publish(http, default_text())
    yaml = {**as_("admin"), "Content-Type": "application/yaml"}
    raw = await http.post("/v1/policies", content=default_text().encode(), headers=yaml)
    listed = (await http.get("/v1/policies", headers=as_("analyst"))).json()["items"]
    mapping = await http.post("/v1/policies", json={"body": listed[0]["body"]}, headers=as_("service"))
    assert [it.status_code for it in (first, raw, mapping)] == [201, 200, 200]


async def test_a_policy_with_gaps_or_ties_is_refused_with_every_row_named(http: httpx.AsyncClient) -> None:
    broken = default_text().replace("scope: {channel: phone, kind: complaint}", "scope: {channel: fax}")
    broken = broken.replace("rule: G2, amount: 200", "rule: G2, amount: -1")
    answer = await publish(http, broken)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    rows = {it["row"] for it in answer.json()["errors"]}
    assert {"clocks A9/ack", "clocks G1/escalate"} <= rows
    assert (await http.get("/v1/policies", headers=as_("manager"))).json()["items"] == []


async def test_a_check_says_what_publishing_would_and_publishes_nothing(http: httpx.AsyncClient) -> None:
    good = await http.post("/v1/policies:check", json={"body": default_text()}, headers=as_("manager"))
    bare = await http.post("/v1/policies:check", json=default_policy().model_dump(mode="json"), headers=as_("manager"))
    assert bare.json() == good.json()
    bad = await http.post("/v1/policies:check", json={"body": "title: x"}, headers=as_("manager"))
    assert (good.status_code, good.json()["accepted"]) == (200, True)
    assert (bad.status_code, bad.json()["accepted"]) == (200, False)
    assert bad.json()["findings"]
    assert (await http.get("/v1/policies", headers=as_("manager"))).json()["items"] == []


@pytest.mark.parametrize("body", [{}, {"body": 1}, {"body": {}, "version": 7}, {"body": "- a list"}])
async def test_a_body_that_is_no_policy_is_422_with_the_field_named(http: httpx.AsyncClient, body: Any) -> None:
    answer = await http.post("/v1/policies", json=body, headers=as_("manager"))
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_only_managers_admins_and_services_publish_and_storefronts_read_no_clocks(
    http: httpx.AsyncClient,
) -> None:
    for role in ("specialist", "team_leader", "analyst", "storefront", "department", "merchant"):
        assert (await publish(http, default_text(), role=role)).status_code == 403
    assert (await http.get("/v1/tickets/T-1/clocks", headers=as_("storefront"))).status_code == 403
    assert (await http.get("/v1/deadlines")).status_code == 401
    no_key = {"Authorization": as_("manager")["Authorization"]}
    assert (await http.post("/v1/policies", json={"body": default_text()}, headers=no_key)).status_code == 400


async def breached(suite: Suite) -> None:
    await suite.arrive(
        *numbered(
            [
                opened(owner="li", merchant_id="m-1"),
                asked(MONDAY),
                event(
                    "ticket.extended",
                    MONDAY + H,
                    clock="complete",
                    due_at="2026-05-14T01:00:00Z",
                    role="manager",
                    reason="x",
                ),
            ]
        )
    )
    await suite.applier().apply_up_to(MONDAY + 13 * H)


async def test_a_tickets_clocks_are_shown_as_the_contract_says(http: httpx.AsyncClient, suite: Suite) -> None:
    await breached(suite)
    items = (await http.get("/v1/tickets/T-1/clocks", headers=as_("specialist"))).json()["items"]
    assert all(set(it) == CLOCK | ({"breached_at"} if it["state"] == "breached" else set()) for it in items)
    assert [it["clock"] for it in items] == [
        "ack",
        "progress_reply",
        "dept_reply",
        "assess",
        "complete",
        "escalate",
        "contact_interval",
    ]
    shown = {it["clock"]: it for it in items}
    assert shown["dept_reply"] == {
        "clock": "dept_reply",
        "run": 1,
        "rule": "B1",
        "start_at": "2026-05-11T01:00:00.000000Z",
        "due_at": "2026-05-11T13:00:00.000000Z",
        "warn_at": "2026-05-11T10:36:00.000000Z",
        "state": "breached",
        "breached_at": "2026-05-11T13:00:00.000000Z",
        "policy_version": 1,
    }
    assert shown["assess"]["state"] == "running"


async def test_another_tenants_ticket_is_404_and_a_department_sees_only_what_it_was_asked(
    http: httpx.AsyncClient, suite: Suite
) -> None:
    await breached(suite)
    path = "/v1/tickets/T-1/clocks"
    asks = [
        (as_("specialist", tenant="other"), 404),
        (as_("department", subject="warehouse"), 200),
        (as_("department"), 200),
        (as_("department", subject="finance"), 404),
        (as_("merchant", subject="m-1"), 200),
        (as_("merchant", subject="m-2"), 404),
    ]
    assert [(await http.get(path, headers=headers)).status_code for headers, _ in asks] == [it[1] for it in asks]


async def test_an_explanation_names_the_row_why_it_won_and_how_the_deadline_moved(
    http: httpx.AsyncClient, suite: Suite
) -> None:
    await breached(suite)
    told = (await http.get("/v1/tickets/T-1/clocks/dept_reply/explanation", headers=as_("specialist"))).json()
    assert (told["rule"], told["row"]["target"], told["steps"]) == ("B1", "12h", [1])
    assert [it["rule"] for it in told["chosen"]["matching"]] == ["B1", "B11"]
    moved = (await http.get("/v1/tickets/T-1/clocks/complete/explanation", headers=as_("specialist"))).json()
    assert [(it["from"], it["due_at"], it["reason"]) for it in moved["moves"]] == [
        ("2026-05-13T01:00:00.000000Z", "2026-05-14T01:00:00.000000Z", "x")
    ]
    assert {language: len(told["sentences"][language]) > 3 for language in ("zh", "en")} == {"zh": True, "en": True}
    assert [it["spent"] for it in told["intervals"]] == ["ran", "overdue"]
    absent = await http.get("/v1/tickets/T-1/clocks/feedback/explanation", headers=as_("specialist"))
    assert absent.status_code == 404


async def test_deadlines_come_by_due_time_filtered_and_in_pages(http: httpx.AsyncClient, suite: Suite) -> None:
    await breached(suite)
    seen: list[str] = []
    path = "/v1/deadlines?limit=3&owner=li&department=warehouse"
    while path:
        answer = await http.get(path, headers=as_("team_leader"))
        seen += [it["clock"] for it in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert seen == ["ack", "progress_reply", "dept_reply", "assess", "contact_interval", "escalate", "complete"]
    before = await http.get("/v1/deadlines", params={"before": "2026-05-11T13:00:00Z"}, headers=as_("analyst"))
    assert [it["clock"] for it in before.json()["items"]] == ["ack", "progress_reply"]
    assert (await http.get("/v1/deadlines?owner=wang", headers=as_("analyst"))).json()["items"] == []
    assert (await http.get("/v1/deadlines?before=tomorrow", headers=as_("analyst"))).status_code == 422


async def test_a_cursor_of_another_list_is_400(http: httpx.AsyncClient) -> None:
    for path in ("policies", "deadlines", "penalties"):
        for cursor in ("nonsense", "WyJ4Il0", "WzFd" if path != "policies" else "W10", "WyJ4IiwieSJd", "WzEsMiwzXQ"):
            answer = await http.get(f"/v1/{path}", params={"cursor": cursor}, headers=as_("manager"))
            assert answer.status_code == 400, (path, cursor)


async def test_penalties_are_listed_with_their_owner(http: httpx.AsyncClient, suite: Suite) -> None:
    await suite.arrive(*numbered([opened(owner="li", kind="consultation")]))
    await suite.applier().apply_up_to(MONDAY + 48 * H)
    (penalty,) = (await http.get("/v1/penalties?owner=li", headers=as_("manager"))).json()["items"]
    assert (penalty["ticket_id"], penalty["owner"], penalty["amount"], penalty["rule"]) == ("T-1", "li", 200, "G2")
    assert (await http.get("/v1/penalties?owner=wang", headers=as_("manager"))).json()["items"] == []


async def test_the_calendars_of_the_newest_policy_are_listed(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/calendars", headers=as_("analyst"))).json()["items"] == []
    await publish(http, default_text())
    items = (await http.get("/v1/calendars", headers=as_("analyst"))).json()["items"]
    assert [it["name"] for it in items] == ["service", "working_days"]
