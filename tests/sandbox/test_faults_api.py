import httpx
import pytest

from amends.clock import monotonic_s

pytestmark = pytest.mark.servers


async def test_an_error_answers_500_and_carries_nothing_out(shop):
    await shop.order("O-1", 10_000)
    await shop.fault({"endpoint": "refunds", "kind": "error", "count": 1})
    failed = await shop.pay("refunds", "R-1", 100)
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert (await shop.ledger())["items"] == []
    assert (await shop.pay("refunds", "R-1", 100)).status_code == 201


async def test_a_reset_drops_the_connection_and_carries_nothing_out(shop):
    await shop.order("O-1", 10_000)
    await shop.fault({"endpoint": "refunds", "kind": "reset", "count": 1})
    with pytest.raises(httpx.ReadError):
        await shop.pay("refunds", "R-1", 100)
    assert (await shop.client.get("/refunds", params={"reference": "R-1"})).json() == {"items": []}
    assert (await shop.pay("refunds", "R-1", 100)).status_code == 201


async def test_timeout_after_success_carries_out_and_never_answers(shop):
    await shop.order("O-1", 10_000)
    await shop.fault({"endpoint": "refunds", "kind": "timeout_after_success", "count": 1})
    with pytest.raises(httpx.ReadTimeout):
        async with httpx.AsyncClient(
            base_url=shop.client.base_url, headers=shop.client.headers, trust_env=False, timeout=0.3
        ) as hasty:
            await type(shop)(hasty).pay("refunds", "R-1", 100)
    (known,) = (await shop.client.get("/refunds", params={"reference": "R-1"})).json()["items"]
    assert known["status"] == "succeeded"
    again = await shop.pay("refunds", "R-1", 100)
    assert (again.status_code, again.json()) == (200, known)
    assert (await shop.ledger())["sums"]["CNY"]["total"] == 100


async def test_a_patient_caller_is_dropped_after_the_hold(shop):
    await shop.order("O-1", 10_000)
    await shop.fault({"endpoint": "refunds", "kind": "timeout_after_success", "count": 1})
    began_s = monotonic_s()
    with pytest.raises(httpx.ReadError):
        await shop.pay("refunds", "R-1", 100)
    assert monotonic_s() - began_s >= 1.0  # the fixture's SANDBOX_HOLD_S


async def test_slow_answers_late_but_well(shop):
    await shop.order("O-1", 10_000)
    await shop.fault({"endpoint": "refunds", "kind": "slow", "count": 1})
    began_s = monotonic_s()
    assert (await shop.pay("refunds", "R-1", 100)).json()["status"] == "succeeded"
    assert monotonic_s() - began_s >= 0.4  # the fixture's SANDBOX_SLOW_S


async def test_reject_refuses_for_good(shop):
    await shop.order("O-1", 10_000)
    await shop.fault({"endpoint": "refunds", "kind": "reject", "count": 1})
    assert (await shop.pay("refunds", "R-1", 100)).json()["status"] == "refused"
    assert (await shop.pay("refunds", "R-1", 100)).json()["status"] == "refused"
    assert (await shop.ledger())["items"] == []


async def test_pending_has_taken_the_money_and_settles_when_asked_for(shop):
    await shop.order("O-1", 10_000)
    await shop.fault({"endpoint": "refunds", "kind": "pending", "count": 1})
    assert (await shop.pay("refunds", "R-1", 6_000)).json()["status"] == "pending"
    assert (await shop.pay("refunds", "R-1", 6_000)).json()["status"] == "pending"
    assert (await shop.pay("refunds", "R-2", 4_001)).json()["status"] == "refused"
    (settled,) = (await shop.client.get("/refunds", params={"reference": "R-1"})).json()["items"]
    assert settled["status"] == "succeeded"
    assert (await shop.pay("refunds", "R-1", 6_000)).json() == settled


async def test_a_question_can_fail_too(shop):
    await shop.fault({"endpoint": "GET /refunds", "kind": "error", "count": 1})
    assert (await shop.client.get("/refunds", params={"reference": "R"})).status_code == 500
    assert (await shop.client.get("/refunds", params={"reference": "R"})).status_code == 200


async def test_a_tenth_of_calls_is_the_same_tenth_every_time_and_counted(shop):
    await shop.fault({"endpoint": "vouchers", "kind": "error", "rate": 0.1})
    codes = [(await shop.pay("vouchers", f"V-{n}", 500)).status_code for n in range(1, 21)]
    assert [n for n, code in enumerate(codes, start=1) if code == 500] == [10, 20]
    (fault,) = (await shop.client.get("/faults")).json()["items"]
    assert fault == {"endpoint": "POST /vouchers", "kind": "error", "rate": 0.1, "calls": 20, "hits": 2}


async def test_a_list_replaces_all_faults_and_one_replaces_those_of_its_endpoint(shop):
    async def put(body: object) -> list[tuple[str, str]]:
        items = (await shop.client.put("/faults", json=body)).json()["items"]
        return [(item["endpoint"], item["kind"]) for item in items]

    error, slow = {"endpoint": "refunds", "kind": "error"}, {"endpoint": "refunds", "kind": "slow"}
    reset = {"endpoint": "vouchers", "kind": "reset"}
    assert await put([error, slow]) == [("POST /refunds", "error"), ("POST /refunds", "slow")]
    assert await put(reset) == [("POST /refunds", "error"), ("POST /refunds", "slow"), ("POST /vouchers", "reset")]
    assert await put(slow) == [("POST /vouchers", "reset"), ("POST /refunds", "slow")]
    assert await put([]) == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"endpoint": "refunds", "kind": "melt", "delay": 1}, {"kind", "delay"}),
        ([{"endpoint": "orders", "kind": "slow"}], {"[0].endpoint"}),
        ("refunds", {"body"}),
    ],
)
async def test_a_fault_that_cannot_be_is_refused_with_its_fields(shop, body: object, fields: set[str]):
    answer = await shop.client.put("/faults", json=body)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == fields
