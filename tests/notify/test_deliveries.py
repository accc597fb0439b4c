"""The delivery worker against the real sandbox: once in the inbox, whatever happens on the way."""

import httpx
import pytest
from tests.notify.conftest import MakeDeliveries, Notify
from tests.notify.streams import Stream
from tests.sandbox.conftest import Shop

pytestmark = pytest.mark.servers


async def test_a_customer_is_told_that_the_ticket_is_received(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient
) -> None:
    await notify.take(Stream().opened())
    assert await make_deliveries().deliver_one()
    inbox = (await sandbox.get("/inbox", params={"to": "customer", "ticket": "T-1"})).json()["items"]
    assert [(m["template"], m["language"]) for m in inbox] == [("ticket_received", "zh")]
    assert "NO-T-1" in inbox[0]["text"]
    assert "2026年5月13日 18:00" in inbox[0]["text"]  # F1: accepted 09:20 in Shanghai
    assert await notify.told() == [("message_sent", "ticket_received", "customer", "storefront")]


@pytest.mark.parametrize("kind", ["error", "reset", "slow", "timeout_after_success"])
async def test_a_message_whose_first_tries_fail_is_delivered_once_and_sent_once(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient, shop: Shop, kind: str
) -> None:
    await shop.fault({"endpoint": "messages", "kind": kind, "count": 2})
    await notify.take(Stream().opened())
    deliveries = make_deliveries()
    while await deliveries.deliver_one():
        pass
    inbox = (await sandbox.get("/inbox", params={"ticket": "T-1"})).json()["items"]
    assert len(inbox) == 1
    assert await notify.told() == [("message_sent", "ticket_received", "customer", "storefront")]
    assert (await notify.rows("SELECT attempts FROM deliveries"))[0]["attempts"] == 3
