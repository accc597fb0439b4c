"""The delivery worker against the real sandbox: once in the inbox, whatever happens on the way."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.notify.conftest import KnownContacts, MakeDeliveries, Notify
from tests.notify.smtp_peer import smtp_peer
from tests.notify.streams import Stream
from tests.sandbox.conftest import Shop
from tests.shared.policy.bodies import default_raw

from amends.clock import monotonic_s
from amends.db import writing
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import load
from notify_svc.store import messages
from notify_svc.store.messages import Claim
from notify_svc.workers.deliver import Deliveries
from notify_svc.workers.mail import Mail

pytestmark = pytest.mark.servers

CUSTOMER = {"customer_id": "C-1", "contact_ref": "K-1"}
RECEIVED = ("message_sent", "ticket_received", "customer", "storefront")


async def deliver_all(deliveries: Deliveries) -> None:
    while await deliveries.deliver_one():
        pass


async def inbox(sandbox: httpx.AsyncClient, **filters: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await sandbox.get("/inbox", params=filters)).json()["items"]
    return items


async def test_a_customer_is_told_that_the_ticket_is_received(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient, contacts: KnownContacts
) -> None:
    contacts.known["K-1"] = {"name": "王芳", "contacts": {"phone": "13800000000"}}
    opened = Stream().opened(customer=CUSTOMER)
    await notify.take(opened)
    assert await make_deliveries().deliver_one()
    (message,) = await inbox(sandbox, to="customer", ticket="T-1")
    assert (message["template"], message["language"], message["address"]) == ("ticket_received", "zh", "13800000000")
    assert message["text"].startswith("王芳，您好。")
    assert "NO-T-1" in message["text"]
    assert "2026年5月13日 18:00" in message["text"]  # F1: accepted 09:20 in Shanghai
    assert await notify.told() == [RECEIVED]
    (event,) = await notify.published()
    assert event.causationid == opened.id


async def test_names_addresses_and_texts_are_forgotten_once_delivered(
    notify: Notify, make_deliveries: MakeDeliveries, contacts: KnownContacts
) -> None:
    contacts.known["K-1"] = {"name": "王芳", "contacts": {"email": "wang@fang.cn"}}
    await notify.take(Stream().opened(customer=CUSTOMER))
    await deliver_all(make_deliveries())
    everything = [
        await notify.rows(f"SELECT * FROM {table}") for table in ("messages", "deliveries", "tickets", "outbox")
    ]
    assert "王芳" not in str(everything)
    assert "wang@fang.cn" not in str(everything)


@pytest.mark.parametrize("kind", ["error", "reset", "slow", "timeout_after_success"])
async def test_a_message_whose_first_tries_fail_is_delivered_once_and_sent_once(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient, shop: Shop, kind: str
) -> None:
    await shop.fault({"endpoint": "messages", "kind": kind, "count": 2})
    await notify.take(Stream().opened())
    shorter_than_slow_s = 0.3
    await deliver_all(make_deliveries(timeout_s=shorter_than_slow_s) if kind == "slow" else make_deliveries())
    assert len(await inbox(sandbox, ticket="T-1")) == 1
    assert await notify.told() == [RECEIVED]
    assert await notify.rows("SELECT attempts, state FROM deliveries") == [{"attempts": 3, "state": "done"}]


async def test_a_resend_repeats_its_words_even_when_the_contact_data_changed_in_between(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient, shop: Shop, contacts: KnownContacts
) -> None:
    contacts.known["K-1"] = {"name": "王芳"}
    await shop.fault({"endpoint": "messages", "kind": "timeout_after_success", "count": 1})
    await notify.take(Stream().opened(customer=CUSTOMER))
    deliveries = make_deliveries()
    await deliveries.deliver_one()
    contacts.known["K-1"] = {"name": "王小芳"}
    await deliver_all(deliveries)  # other words under the same key would be refused (422)
    assert [m["text"][:3] for m in await inbox(sandbox)] == ["王芳，"]
    assert await notify.told() == [RECEIVED]
    assert contacts.asked == ["K-1"]


async def test_a_refused_message_has_failed_at_once(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient, shop: Shop
) -> None:
    await shop.fault({"endpoint": "messages", "kind": "reject"})
    await notify.take(Stream().opened())
    await deliver_all(make_deliveries())
    assert await inbox(sandbox) == []
    assert await notify.told() == [("message_failed", "ticket_received", "customer", "storefront")]
    assert (await notify.rows("SELECT attempts FROM deliveries"))[0]["attempts"] == 1


async def test_a_storefront_that_stays_away_fails_the_message_after_the_last_try(
    notify: Notify, make_deliveries: MakeDeliveries, shop: Shop
) -> None:
    await shop.fault({"endpoint": "messages", "kind": "error"})
    await notify.take(Stream().opened())
    await deliver_all(make_deliveries(tries_max=3))
    assert await notify.told() == [("message_failed", "ticket_received", "customer", "storefront")]
    (row,) = await notify.rows("SELECT attempts, last_error FROM deliveries")
    assert row["attempts"] == 3
    assert "given up after 3 tries" in row["last_error"]


async def test_without_contact_data_the_message_goes_without_name_and_address(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient, contacts: KnownContacts
) -> None:
    await notify.take(Stream().opened(customer=CUSTOMER))  # erased there: 404
    await deliver_all(make_deliveries())
    (message,) = await inbox(sandbox)
    assert message["text"].startswith("尊敬的顾客，您好。")
    assert "address" not in message
    assert contacts.asked == ["K-1"]


async def test_a_template_that_nobody_wrote_fails_and_blocks_nothing(
    notify: Notify, make_deliveries: MakeDeliveries
) -> None:
    raw = default_raw()
    raw["messages"][0]["template"] = "welcome"
    raw["messages"].append({"template": "ticket_received", "to": "customer", "when": {"event": "ticket.opened"}})
    notify.policies = PolicyBook()
    notify.policies.put(PublishedPolicy("demo", 1, load(raw)))
    await notify.take(Stream().opened())
    await deliver_all(make_deliveries())
    assert sorted(await notify.told()) == [("message_failed", "welcome", "customer", "storefront"), RECEIVED]


async def test_every_message_of_a_ticket_reaches_the_inbox_in_words(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient
) -> None:
    stream = Stream()
    opened = stream.opened(kind="complaint", customer={"customer_id": "C-1", "language": "en"})
    asked = stream.event("ticket.department_asked", department="warehouse")
    breach = {"clock": "dept_reply", "run": 1, "step": 1, "rule": "B11", "due_at": "2026-05-14T01:50:00Z"}
    remedy: dict[str, Any] = {"remedy_id": "R-1", "rule": "B1", "clock": "dept_reply", "run": 1, "step": 1}
    remedy |= {"remedy": "full_refund", "amount": 3333, "currency": "CNY", "payer": {"kind": "platform", "id": "x"}}
    remedy |= {"approval": "none", "basis": {"customer_remedies_90d": 0}, "policy_version": 1}
    held = {"rule": "B3", "clock": "refund_execute", "run": 1, "step": 1, "reason": "goods_returned"}
    await notify.take(
        opened,
        asked,
        stream.event("sla.deadline_breached", as_of_sequence=2, **breach),
        stream.event("sla.escalated", to="manager", reason="G1"),
        stream.event("compensation.held", **held),
        stream.event("compensation.decided", **remedy),
        stream.event("compensation.issued", remedy_id="R-1", external_reference="X"),
        stream.event("ticket.closed"),
    )
    await deliver_all(make_deliveries())
    texts = {(m["template"], m["to"]): m["text"] for m in await inbox(sandbox)}
    assert "full" not in texts["remedy_issued", "customer"]
    assert "refund of CNY 33.33" in texts["remedy_issued", "customer"]
    assert texts["remedy_issued", "customer"].startswith("Hello customer, we are very sorry")
    assert "金额 33.33 元" in texts["remedy_notice", "department"]
    assert texts["second_reminder", "department"].startswith("warehouse，您好")
    assert "2026年5月14日 09:50" in texts["second_reminder", "department"]
    assert "“部门回复”" in texts["leader_warning", "team_leader"]
    assert texts["escalation", "manager"].startswith("经理，您好")
    assert "https://shop.test/rate/token-1" in texts["survey", "customer"]
    assert "refund" in texts["remedy_held", "customer"]
    assert len(texts) == 8
    assert {what[0] for what in await notify.told()} == {"message_sent", "survey_sent", "revisit_planned"}


async def test_mail_goes_out_beside_it_where_the_policy_has_an_address(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient
) -> None:
    raw = default_raw()
    raw["contacts"]["roles"] = {"manager": {"email": "boss@shop.test", "name": "赵经理"}}
    notify.policies.put(PublishedPolicy("demo", 2, load(raw)))  # the newest policy's: an address is no promise
    stream = Stream()
    await notify.take(stream.opened(), stream.event("sla.escalated", to="manager", reason="G1"))
    async with smtp_peer() as peer:
        await deliver_all(make_deliveries(smtp_url=peer.url))
    (mail,) = peer.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == ("boss@shop.test", "care@shop.test", "工单 NO-T-1 已升级给您")
    (message,) = await inbox(sandbox, to="manager")
    assert mail.get_content().strip() == message["text"]
    assert mail["Message-ID"] == f"<{message['message_id']}@shop.test>"
    assert message["text"].startswith("赵经理，您好")


async def test_a_customers_mail_goes_to_the_address_that_intake_has(
    notify: Notify, make_deliveries: MakeDeliveries, contacts: KnownContacts
) -> None:
    contacts.known["K-1"] = {"name": "Ann", "contacts": {"phone": "1", "email": "ann@shop.test"}}
    await notify.take(Stream().opened(customer={**CUSTOMER, "language": "en"}))
    async with smtp_peer() as peer:
        await deliver_all(make_deliveries(smtp_url=peer.url))
    (mail,) = peer.mails
    assert (mail["To"], mail["Content-Language"]) == ("ann@shop.test", "en")
    assert mail.get_content().startswith("Hello Ann, ")


@pytest.mark.parametrize(
    ("refuse", "refusals", "state", "mails"),
    [(b"450 busy", 2, "done", 1), (b"550 unknown", 1, "failed", 0), (b"450 busy", 99, "failed", 0)],
)
async def test_a_mail_that_is_refused_changes_nothing_about_the_message(
    notify: Notify,
    make_deliveries: MakeDeliveries,
    contacts: KnownContacts,
    refuse: bytes,
    refusals: int,
    state: str,
    mails: int,
) -> None:
    contacts.known["K-1"] = {"contacts": {"email": "ann@shop.test"}}
    await notify.take(Stream().opened(customer=CUSTOMER))
    async with smtp_peer() as peer:
        peer.refuse, peer.refusals = refuse, refusals
        await deliver_all(make_deliveries(smtp_url=peer.url))
        assert len(peer.mails) == mails
    assert await notify.told() == [RECEIVED]
    assert await notify.rows("SELECT state FROM deliveries WHERE channel = 'mail'") == [{"state": state}]
    assert await notify.rows("SELECT text, email FROM messages") == [{"text": None, "email": None}]


async def test_a_mail_server_that_is_away_is_tried_again(
    notify: Notify, make_deliveries: MakeDeliveries, contacts: KnownContacts
) -> None:
    contacts.known["K-1"] = {"contacts": {"email": "ann@shop.test"}}
    await notify.take(Stream().opened(customer=CUSTOMER))
    async with smtp_peer() as peer:
        url = peer.url
    deliveries = make_deliveries(smtp_url=url, timeout_s=2, tries_max=50)
    for _ in range(3):
        await deliveries.deliver_one()
    assert (await notify.rows("SELECT state FROM deliveries WHERE channel = 'mail'")) == [{"state": "waiting"}]


@pytest.mark.parametrize("url", ["http://mail.test", "mail.test:25", "smtp://"])
def test_a_url_that_is_no_mail_server_is_refused_at_start(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        Mail(url, "care@shop.test", 1)


async def test_two_processes_share_the_work_and_send_nothing_twice(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient, shop: Shop
) -> None:
    await shop.fault({"endpoint": "messages", "kind": "timeout_after_success", "rate": 0.1})
    stream = Stream()
    await notify.take(*(stream.opened(f"T-{n}") for n in range(30)))
    running = [asyncio.create_task(make_deliveries().run()) for _ in range(2)]
    deadline = monotonic_s() + 30
    while await notify.queued():
        assert monotonic_s() < deadline, "messages still wait"
        assert not any(task.done() for task in running)
        await asyncio.sleep(0.05)  # between looks at a condition, which has its limit above
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert sorted(m["ticket_id"] for m in await inbox(sandbox)) == sorted(f"T-{n}" for n in range(30))
    assert await notify.told() == [RECEIVED] * 30


async def test_a_message_whose_process_died_is_taken_up_when_its_lease_ends(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient
) -> None:
    await notify.take(Stream().opened())
    dying = make_deliveries(lease_s=0.2)
    async with writing(notify.engine) as tx:
        assert await messages.claim(tx, dying._lease) is not None  # and then the process is gone
    assert not await dying.deliver_one()
    deadline = monotonic_s() + 10
    while not await make_deliveries().deliver_one():
        assert monotonic_s() < deadline, "the lease does not end"
        await asyncio.sleep(0.02)  # between looks at a condition, which has its limit above
    assert len(await inbox(sandbox)) == 1


async def test_a_process_that_was_too_slow_cannot_send_what_another_has_sent(
    notify: Notify, make_deliveries: MakeDeliveries
) -> None:
    await notify.take(Stream().opened())
    deliveries = make_deliveries()
    async with writing(notify.engine) as tx:
        slow = await messages.claim(tx, deliveries._lease * 0)
    assert isinstance(slow, Claim)
    await deliver_all(deliveries)
    async with writing(notify.engine) as tx:
        await deliveries._handler.finish(tx, slow, (await deliveries._attempt(slow)), 0.0)
    assert await notify.told() == [RECEIVED]
