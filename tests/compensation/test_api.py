"""compensation's paths, as CONTRACT §6 has them."""

from collections.abc import AsyncIterator

import pytest
from tests.compensation.door import As, Door, open_door
from tests.compensation.story import Story, deliver, issue_all, item, order, set_payouts

from amends.ids import new_id
from amends.roles import ROLES

pytestmark = pytest.mark.servers


@pytest.fixture
async def door(engine, ports) -> AsyncIterator[Door]:
    async with open_door(engine, ports) as opened:
        yield opened


@pytest.fixture
def manager(door: Door) -> As:
    return door.caller("manager", "mia")


async def a_remedy(engine, ports, ticket: str = "T-1", rule: str = "B1", **breach) -> Story:
    """A breached ticket of its own order, whose remedy the policy decided."""
    await set_payouts(engine, "automatic")
    told = Story(ticket)
    told.opened("refund_only", order=order(item("1", 10000), shipping_fee=800, order_id=f"O-{ticket}"))
    told.liable("department", "warehouse")
    await deliver(engine, ports, *told.events, told.breach(rule, **breach))
    return told


SECOND_INVOICE_STEP = {"rule": "B8", "clock": "dept_reply_second", "step": 2}


async def test_a_remedy_is_shown_with_the_fields_of_decided_and_what_became_of_it(engine, ports, manager):
    await a_remedy(engine, ports)
    (shown,) = (await manager.get("/remedies", ticket="T-1")).json()["items"]
    expected = {
        "ticket_id": "T-1",
        "state": "decided",
        "rule": "B1",
        "clock": "dept_reply",
        "run": 1,
        "step": 1,
        "remedy": "full_refund",
        "amount": 10800,
        "currency": "CNY",
        "lines": [{"line_id": "1", "amount": 10000}],
        "payer": {"kind": "department", "id": "warehouse"},
        "approval": "none",
        "basis": {
            "order_left": 10800,
            "lines_left": [{"line_id": "1", "amount": 10000}],
            "customer_remedies_90d": 0,
            "customer_amount_90d": 0,
        },
        "policy_version": 1,
    }
    assert {name: shown[name] for name in expected} == expected
    await issue_all(engine, ports)
    after = (await manager.get(f"/remedies/{shown['remedy_id']}")).json()
    assert (after["state"], after["charged_to"]) == ("issued", {"kind": "department", "id": "warehouse"})
    assert after["external_reference"] == f"X-{shown['remedy_id']}"


async def test_a_held_remedy_is_shown_as_held_with_its_reason(engine, ports, manager):
    await a_remedy(engine, ports, rule="B3", clock="refund_execute")
    (shown,) = (await manager.get("/remedies", ticket="T-1")).json()["items"]
    assert (shown["state"], shown["reason"]) == ("held", "waits until the goods are back with the seller")
    assert "amount" not in shown


async def test_the_explanation_names_rule_reckoning_and_outcome(engine, ports, manager):
    await a_remedy(engine, ports)
    await issue_all(engine, ports)
    (shown,) = (await manager.get("/remedies", ticket="T-1")).json()["items"]
    told = (await manager.get(f"/remedies/{shown['remedy_id']}/explanation")).json()
    assert (told["rule"], told["policy_version"], told["as_of_sequence"]) == ("B1", 1, 2)
    text = "\n".join(told["sentences"]["en"])
    for said in (
        "Rule B1",
        "events 1 to 2",
        "CNY 100.00",
        "The shipping fee comes back too: CNY 8.00.",
        "department warehouse",
        "paid; the storefront's reference is X-",
    ):
        assert said in text, text


async def test_remedies_come_in_pages(engine, ports, manager):
    for n in range(5):
        await a_remedy(engine, ports, f"T-{n}")
    seen, url = [], "/remedies?limit=2"
    while url:
        answer = await manager.get(url)
        seen += [one["ticket_id"] for one in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
    assert seen == [f"T-{n}" for n in range(5)]


async def test_the_ledger_shows_entries_and_sums_to_zero_and_balances_show_who_stands_where(engine, ports, manager):
    await a_remedy(engine, ports)
    await issue_all(engine, ports)
    told = (await manager.get("/ledger")).json()
    assert told["sum"] == {"CNY": 0}
    assert [one["kind"] for one in told["items"]] == [
        kind for kind in ("reservation", "issue", "chargeback") for _ in range(2)
    ]
    balances = {one["account"]: one["amount"] for one in (await manager.get("/balances")).json()["items"]}
    assert balances == {
        "customer:C-1": 10800,
        "department:warehouse": -10800,
        "platform:reserved": 0,
        "platform:suspense": 0,
    }
    (first, *rest) = (await manager.get("/ledger", account="customer:C-1")).json()["items"]
    assert (first["amount"], first["ticket_id"], rest) == (10800, "T-1", [])


async def test_approval_by_a_leader_is_answered_with_the_remedy_once_per_key(engine, ports, door, manager):
    await a_remedy(engine, ports, **SECOND_INVOICE_STEP)
    (shown,) = (await manager.get("/remedies", ticket="T-1")).json()["items"]
    assert (shown["state"], shown["approval"]) == ("decided", "required")
    path = f"/remedies/{shown['remedy_id']}/approval"
    leader = door.caller("team_leader", "lee")
    answer = await leader.post(path, {"reason": "agreed"}, key="k-1")
    assert (answer.status_code, answer.json()["state"], answer.json()["approved_by"]) == (201, "approved", "lee")
    again = await leader.post(path, {"reason": "agreed"}, key="k-1")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (await leader.post(path)).status_code == 409


async def test_rejection_takes_an_empty_body_too(engine, ports, manager):
    await a_remedy(engine, ports, **SECOND_INVOICE_STEP)
    (shown,) = (await manager.get("/remedies", ticket="T-1")).json()["items"]
    answer = await manager.post(f"/remedies/{shown['remedy_id']}/rejection")
    assert (answer.status_code, answer.json()["state"], answer.json()["rejected_by"]) == (201, "rejected", "mia")


async def test_a_person_proposes_three_review_and_another_approves(engine, ports, door, manager):
    told = await a_remedy(engine, ports, **SECOND_INVOICE_STEP)
    leader = door.caller("team_leader", "lee")
    proposal = {"ticket_id": "T-1", "remedy": "cash_voucher", "amount": 300_000, "reason": "two weeks late"}
    answer = await leader.post("/remedies", proposal)
    assert (answer.status_code, answer.json()["approval"]) == (201, "required")
    location = answer.headers["Location"].removeprefix("/v1")
    assert (await leader.get(location)).json()["proposed_by"] == "lee"
    assert (await leader.post(f"{location}/approval")).status_code == 403
    refused = await manager.post(f"{location}/approval")
    assert (refused.status_code, "first, recheck, final" in refused.json()["detail"]) == (409, True)
    for stage, person in (("first", "kim"), ("recheck", "mia"), ("final", "max")):
        await deliver(engine, ports, told.tell("reviewed", stage=stage, verdict="right", by=person))
    assert (await manager.post(f"{location}/approval")).status_code == 201


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"amount": 0}, {"amount"}),
        ({"amount": "5"}, {"amount"}),
        ({"amount": 10**14}, {"amount"}),
        ({"remedy": "gold", "currency": "yuan", "colour": "red"}, {"remedy", "currency", "colour"}),
        ({"remedy": "full_refund", "amount": 10801}, {"amount"}),
        ({"currency": "USD"}, {"currency"}),
        ({"remedy": "partial_refund", "lines": [{"line_id": "9", "amount": 5}]}, {"lines"}),
    ],
)
async def test_a_bad_proposal_is_refused_with_every_field_named(engine, ports, manager, changes, fields):
    told = Story()
    told.opened("soothing", order=order(item("1", 10000), shipping_fee=800))
    await deliver(engine, ports, *told.events)
    body = {"ticket_id": "T-1", "remedy": "cash_voucher", "amount": 100} | changes
    answer = await manager.post("/remedies", body)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {error["field"] for error in answer.json()["errors"]} == fields


async def test_what_is_not_there_or_another_tenants_is_404(engine, ports, door, manager):
    await a_remedy(engine, ports)
    (shown,) = (await manager.get("/remedies", ticket="T-1")).json()["items"]
    stranger = door.caller("manager", "mo", tenant="other")
    assert (await stranger.get("/remedies", ticket="T-1")).json()["items"] == []
    assert (await stranger.get(f"/remedies/{shown['remedy_id']}")).status_code == 404
    assert (await stranger.post(f"/remedies/{shown['remedy_id']}/approval")).status_code == 404
    assert (await stranger.get("/ledger")).json() == {"items": [], "sum": {}}
    assert (await manager.get(f"/remedies/{new_id()}")).status_code == 404
    unknown = {"ticket_id": "T-none", "remedy": "points", "amount": 5}
    assert (await manager.post("/remedies", unknown)).status_code == 404


async def test_payouts_are_shadow_until_somebody_says_otherwise(door, manager):
    assert (await manager.get("/payouts")).json() == {"mode": "shadow"}
    assert (await manager.put("/payouts", {"mode": "approve"})).json() == {"mode": "approve"}
    assert (await door.caller("analyst").get("/payouts")).json() == {"mode": "approve"}
    assert (await door.caller("admin", tenant="other").get("/payouts")).json() == {"mode": "shadow"}
    assert (await manager.put("/payouts", {"mode": "generous"})).status_code == 422


GET_REMEDIES = {"specialist", "team_leader", "manager", "analyst", "admin", "service"}
PARTIES = {"department", "merchant"}
GET_MONEY = {"manager", "analyst", "admin", "service"}
STEPS = {"team_leader", "manager", "admin", "service"}


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_what_the_contract_says_and_nothing_else(door, role):
    caller = door.caller(role, "someone")
    gone = f"/remedies/{new_id()}"

    async def may(answer) -> bool:
        status = (await answer).status_code
        assert status not in {401, 500}
        return status != 403

    assert await may(caller.get("/remedies")) is (role in GET_REMEDIES | PARTIES)
    for path in ("/ledger", "/balances", "/payouts"):
        assert await may(caller.get(path)) is (role in GET_MONEY), path
    assert await may(caller.put("/payouts", {"mode": "shadow"})) is (role in GET_MONEY - {"analyst"})
    proposal = {"ticket_id": "T", "remedy": "points", "amount": 5}
    assert await may(caller.post("/remedies", proposal)) is (role in GET_REMEDIES - {"analyst"})
    for step in ("approval", "rejection", "reversal"):
        assert await may(caller.post(f"{gone}/{step}")) is (role in STEPS), step
    assert await may(caller.post(f"{gone}/appeal")) is (role in PARTIES | {"admin", "service"})
    verdict = {"verdict": "upheld"}
    assert await may(caller.post(f"{gone}/appeal-decision", verdict)) is (role in GET_MONEY - {"analyst"})


async def test_without_a_token_nobody_may_anything(door):
    for path in ("/remedies", "/ledger", "/balances", "/payouts"):
        assert (await door.http.get(path)).status_code == 401


async def test_a_party_reads_what_is_charged_to_it_and_nothing_else(engine, ports, door):
    await a_remedy(engine, ports)
    warehouse = door.caller("department", "warehouse")
    assert (await warehouse.get("/remedies")).json()["items"] == []  # not charged yet
    await issue_all(engine, ports)
    (shown,) = (await warehouse.get("/remedies")).json()["items"]
    path = f"/remedies/{shown['remedy_id']}"
    assert shown["charged_to"] == {"kind": "department", "id": "warehouse"}
    assert (await warehouse.get(path)).status_code == 200
    assert (await warehouse.get(f"{path}/explanation")).status_code == 200
    assert len((await door.caller("department").get("/remedies")).json()["items"]) == 1  # no subject: all of them
    for stranger in (door.caller("department", "billing"), door.caller("merchant", "warehouse")):
        assert (await stranger.get("/remedies")).json()["items"] == []
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.post(f"{path}/appeal")).status_code == 404
    assert (await warehouse.get("/ledger")).status_code == 403


async def test_p1_an_appeal_and_its_decision_and_a_reversal_are_answered_with_the_remedy(engine, ports, door, manager):
    await a_remedy(engine, ports)
    await issue_all(engine, ports)
    (shown,) = (await manager.get("/remedies")).json()["items"]
    path = f"/remedies/{shown['remedy_id']}"
    appeal = await door.caller("department", "warehouse").post(f"{path}/appeal", {"reason": "we replied by phone"})
    assert (appeal.status_code, appeal.json()["appeal"]["by"]) == (201, "warehouse")
    assert (await manager.post(f"{path}/appeal-decision", {"verdict": "maybe"})).status_code == 422
    assert (await manager.post(f"{path}/appeal-decision")).status_code == 422
    decision = await manager.post(f"{path}/appeal-decision", {"verdict": "overturned", "reason": "so they did"})
    assert (decision.status_code, decision.json()["appeal"]["verdict"]) == (201, "overturned")
    assert (await manager.post(f"{path}/appeal-decision", {"verdict": "upheld"})).status_code == 409
    taken = await door.caller("team_leader", "lee").post(f"{path}/reversal", {"reason": "the goods arrived"})
    assert (taken.status_code, taken.json()["state"], taken.json()["reversed_by"]) == (201, "reversed", "lee")
    assert (await manager.post(f"{path}/reversal")).status_code == 409
    balances = (await manager.get("/balances")).json()["items"]
    assert {one["amount"] for one in balances} == {0}
    told = (await manager.get(f"{path}/explanation")).json()
    said = "\n".join(told["sentences"]["en"])
    for sentence in (
        "warehouse appealed the charge. The reason given: we replied by phone",
        "mia decided the appeal: the platform carries it again. The reason given: so they did",
        "taken back by lee. The reason given: the goods arrived",
    ):
        assert sentence in said, said
    whats = [one["type"].split(".")[2] for one in told["events"]]
    assert whats[-6:] == ["decided", "issued", "charged_back", "appealed", "appeal_decided", "reversed"]
    assert len(told["sentences"]["zh"]) == len(told["sentences"]["en"]) == len(told["steps"])
    assert told["breach"]["event_id"] in {one["id"] for one in told["events"]}


async def test_the_explanation_of_a_proposal_tells_its_reviews_and_who_approved(engine, ports, door, manager):
    told = await a_remedy(engine, ports)
    proposal = {"ticket_id": "T-1", "remedy": "cash_voucher", "amount": 30_000, "reason": "two weeks late"}
    proposed = (await door.caller("specialist", "ann").post("/remedies", proposal)).json()
    for stage, person in (("first", "kim"), ("recheck", "lee"), ("final", "max")):
        await deliver(engine, ports, told.tell("reviewed", stage=stage, verdict="right", by=person))
    await manager.post(f"/remedies/{proposed['remedy_id']}/approval", {"reason": "agreed"})
    whole = (await manager.get(f"/remedies/{proposed['remedy_id']}/explanation")).json()
    said = [(one["step"], one["by"]) for one in whole["approvals"]]
    assert said == [("reviewed", "kim"), ("reviewed", "lee"), ("reviewed", "max"), ("approved", "mia")]
    assert "breach" not in whole
    assert set(whole["caps"]["limits"]) == {"agent", "team_leader", "automatic"}


async def test_the_explanation_of_a_hold_that_ended_says_so(engine, ports, manager):
    told = await a_remedy(engine, ports, rule="B3", clock="refund_execute")
    (shown,) = (await manager.get("/remedies")).json()["items"]
    path = f"/remedies/{shown['remedy_id']}/explanation"
    assert (await manager.get(path)).json()["sentences"]["zh"][3] == "等待商品退回卖家。"
    await deliver(engine, ports, told.tell("resolved", outcome="withdrawn"))
    assert (await manager.get(path)).json()["sentences"]["zh"][-1] == "不再作出决定：顾客已撤回请求。"
