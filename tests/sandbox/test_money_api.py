import asyncio
from collections import Counter
from uuid import UUID

import pytest

pytestmark = pytest.mark.servers


async def test_a_refund_is_carried_out_and_stands_in_the_ledger(shop):
    assert (await shop.order("O-1", 15_300)).status_code == 201
    answer = await shop.pay("refunds", "R-1", 3_333, lines=[{"line_id": "1", "amount": 3_333}])
    assert answer.status_code == 201
    said = answer.json()
    assert UUID(said.pop("id"))
    assert said == {"reference": "R-1", "status": "succeeded"}
    ledger = await shop.ledger()
    (entry,) = ledger["items"]
    assert (entry["kind"], entry["amount"], entry["reason"], entry["status"]) == ("refund", 3_333, "B1", "succeeded")
    assert ledger["sums"] == {"CNY": {"refunds": 3_333, "vouchers": 0, "total": 3_333, "count": 1}}


async def test_a_known_reference_gets_its_answer_again_and_no_second_refund(shop):
    await shop.order("O-1", 10_000)
    first = await shop.pay("refunds", "R-1", 4_000)
    again = await shop.pay("refunds", "R-1", 4_000)
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert (await shop.client.get("/orders/O-1")).json()["left_amount"] == 6_000


async def test_a_known_reference_with_another_body_is_refused(shop):
    await shop.order("O-1", 10_000)
    await shop.pay("refunds", "R-1", 4_000)
    other = await shop.pay("refunds", "R-1", 4_001)
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"
    assert (await shop.ledger())["sums"]["CNY"]["total"] == 4_000


async def test_a_refusal_is_remembered_too(shop):
    await shop.order("O-1", 1_000)
    refused = await shop.pay("refunds", "R-1", 1_001)
    assert refused.json()["status"] == "refused"
    await shop.order("O-1", 9_000)
    assert (await shop.pay("refunds", "R-1", 1_001)).json() == refused.json()
    assert (await shop.ledger())["items"] == []


async def test_one_reference_sent_many_times_at_once_is_carried_out_once(shop):
    await shop.order("O-1", 100_000)
    answers = await asyncio.gather(*(shop.pay("refunds", "R-1", 1_000) for _ in range(12)))
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 11}
    vouchers = await asyncio.gather(*(shop.pay("vouchers", "V-1", 500, order_id=None) for _ in range(12)))
    assert Counter(answer.status_code for answer in vouchers) == {201: 1, 200: 11}
    assert (await shop.ledger())["sums"]["CNY"] == {"refunds": 1_000, "vouchers": 500, "total": 1_500, "count": 2}


async def test_of_two_refunds_at_once_on_one_order_only_what_is_left_goes_out(shop):
    await shop.order("O-1", 30_000)
    answers = await asyncio.gather(*(shop.pay("refunds", f"R-{n}", 30_000) for n in range(8)))
    assert Counter(answer.json()["status"] for answer in answers) == {"succeeded": 1, "refused": 7}
    assert (await shop.ledger())["sums"]["CNY"]["refunds"] == 30_000


async def test_what_others_refunded_lowers_what_is_left(shop):
    await shop.order("O-1", 30_000, refunded_amount=20_000)
    assert (await shop.pay("refunds", "R-1", 10_001)).json()["status"] == "refused"
    assert (await shop.pay("refunds", "R-2", 10_000)).json()["status"] == "succeeded"
    order = (await shop.client.get("/orders/O-1")).json()
    assert (order["issued_amount"], order["left_amount"]) == (10_000, 0)


async def test_an_order_put_again_keeps_what_was_refunded_of_it(shop):
    await shop.order("O-1", 30_000)
    await shop.pay("refunds", "R-1", 10_000)
    assert (await shop.order("O-1", 25_000)).status_code == 200
    assert (await shop.client.get("/orders/O-1")).json()["left_amount"] == 15_000


async def test_an_unknown_order_has_nothing_to_refund_but_a_voucher_takes_nothing_from_it(shop):
    assert (await shop.pay("refunds", "R-1", 1)).json()["status"] == "refused"
    assert (await shop.pay("vouchers", "V-1", 500)).json()["status"] == "succeeded"
    assert (await shop.client.get("/orders/O-1")).status_code == 404


async def test_a_reference_can_be_asked_for(shop):
    await shop.order("O-1", 10_000)
    made = await shop.pay("refunds", "R-1", 4_000)
    assert (await shop.client.get("/refunds", params={"reference": "R-1"})).json() == {"items": [made.json()]}
    assert (await shop.client.get("/vouchers", params={"reference": "R-1"})).json() == {"items": []}
    unnamed = await shop.client.get("/refunds")
    assert unnamed.status_code == 422
    assert unnamed.json()["errors"][0]["field"] == "reference"


@pytest.mark.parametrize("key", [None, "R-2"])
@pytest.mark.parametrize("kind", ["refunds", "vouchers"])
async def test_the_idempotency_key_must_be_the_reference(shop, kind: str, key: str | None):
    body = {"reference": "R-1", "ticket_id": "T", "order_id": "O", "customer_id": "C", "amount": 1}
    body |= {"currency": "CNY", "reason": "B1"}
    answer = await shop.client.post(f"/{kind}", json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_everything_wrong_with_a_body_is_named_at_once(shop):
    answer = await shop.pay("refunds", "R-1", -1, colour="red", currency="yuan")
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"amount", "colour", "currency"}
    wrong = await shop.order("O-1", 1_000, order_id="O-2")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "order_id")


async def test_the_paths_are_answered_under_v1_too(shop):
    order = {"order_id": "O-9", "currency": "CNY", "paid_amount": 100}
    assert (await shop.client.put("/v1/orders/O-9", json=order)).status_code == 201
    assert (await shop.client.get("/orders/O-9")).json()["paid_amount"] == 100
