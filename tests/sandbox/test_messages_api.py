import httpx
import pytest

pytestmark = pytest.mark.servers


async def test_a_message_is_delivered_once_and_found_by_receiver_and_ticket(shop):
    assert (await shop.message("M-1")).status_code == 201
    assert (await shop.message("M-1")).status_code == 200
    await shop.message("M-2", to="department", address="warehouse@example.test")
    await shop.message("M-3", ticket_id="T-2")

    async def inbox(**params: str) -> list[str]:
        items = (await shop.client.get("/inbox", params=params)).json()["items"]
        return [item["message_id"] for item in items]

    assert await inbox() == ["M-1", "M-2", "M-3"]
    assert await inbox(to="customer") == ["M-1", "M-3"]
    assert await inbox(ticket="T-1") == ["M-1", "M-2"]
    assert await inbox(to="department", ticket="T-2") == []
    (first, *_) = (await shop.client.get("/inbox")).json()["items"]
    assert (first["text"], first["language"], first["to"]) == ("您好, 我们已收到您的请求。", "zh", "customer")


async def test_a_known_message_id_with_another_text_is_refused(shop):
    await shop.message("M-1")
    assert (await shop.message("M-1", text="other")).status_code == 422


async def test_the_idempotency_key_must_be_the_message_id(shop):
    body = {"message_id": "M", "ticket_id": "T", "to": "owner", "template": "x", "language": "en", "text": ""}
    for headers in ({}, {"Idempotency-Key": "N"}):
        assert (await shop.client.post("/messages", json=body, headers=headers)).status_code == 400


async def test_a_rejected_message_is_no_success_and_not_in_the_inbox(shop):
    await shop.fault({"endpoint": "messages", "kind": "reject", "count": 1})
    assert (await shop.message("M-1")).status_code == 422
    assert (await shop.client.get("/inbox")).json()["items"] == []
    assert (await shop.message("M-1")).status_code == 201


async def test_a_message_whose_answer_is_lost_is_in_the_inbox_and_may_be_sent_again(shop):
    await shop.fault({"endpoint": "messages", "kind": "timeout_after_success", "count": 1})
    with pytest.raises(httpx.TransportError):
        await shop.message("M-1")
    assert len((await shop.client.get("/inbox")).json()["items"]) == 1
    assert (await shop.message("M-1")).status_code == 200
