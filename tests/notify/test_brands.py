"""Famous brands (RULEBOOK J2): who is told of their tickets, in which language, and where nobody is."""

from typing import Any

import httpx
import pytest
from tests.notify.conftest import MakeDeliveries, Notify
from tests.notify.smtp_peer import smtp_peer
from tests.notify.streams import POLICY, Stream
from tests.shared.policy.bodies import default_raw, findings

from amends.events.registry import payload
from amends.events.ticket import TicketOpened
from amends.policy.book import PublishedPolicy
from amends.policy.load import load
from amends.policy.model import Policy
from notify_svc.decisions import ticket as tickets
from notify_svc.decisions.messages import messages_for

ACME = {"email": "care@acme.test", "name": "Ann", "language": "en"}


def policy_with(*brands: str, **contacts: Any) -> Policy:
    raw = default_raw()
    raw["brands"]["names"] = list(brands)
    raw["contacts"]["brands"] = contacts
    return load(raw)


def told_of(policy: Policy, **facts: Any) -> list[tuple[str, str, str | None]]:
    event = Stream().opened(**facts)
    data = payload(event)
    assert isinstance(data, TicketOpened)
    messages = messages_for(policy, tickets.opened(event, data, 1), data)
    return [(message.template, message.to, message.party) for message in messages]


RECEIVED = ("ticket_received", "customer", None)


@pytest.mark.parametrize(
    ("policy", "brand", "expected"),
    [
        (policy_with("Acme", Acme=ACME), "Acme", [RECEIVED, ("brand_notice", "brand", "Acme")]),
        (policy_with("Acme", Acme=ACME), "Other", [RECEIVED]),
        (policy_with("Acme", Acme=ACME), None, [RECEIVED]),
        (policy_with("Acme", "Bolt", Acme=ACME), "Bolt", [RECEIVED]),  # famous, but nobody is named
        (POLICY, "Acme", [RECEIVED]),  # the default policy names no brand
    ],
)
def test_the_brands_contact_is_told_only_where_the_policy_names_one_j2(
    policy: Policy, brand: str | None, expected: list[Any]
) -> None:
    assert told_of(policy, brand=brand) == expected


def test_a_contact_of_a_brand_that_is_not_on_the_list_is_refused_j2() -> None:
    raw = default_raw()
    raw["brands"]["names"] = ["Acme"]
    raw["contacts"]["brands"] = {"Acmee": ACME}
    assert findings(raw) == ["contacts.brands: unknown brand 'Acmee'; known are Acme"]


@pytest.mark.servers
async def test_the_brand_reads_what_the_case_is_about_in_its_own_language_and_nothing_of_the_customer_j2(
    notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient
) -> None:
    notify.policies.put(PublishedPolicy("demo", 2, policy_with("Acme", Acme=ACME)))
    customer = {"customer_id": "C-1", "language": "zh"}
    await notify.take(Stream().opened(brand="Acme", customer=customer, policy_version=2))
    async with smtp_peer() as peer:
        deliveries = make_deliveries(smtp_url=peer.url)
        while await deliveries.deliver_one():
            pass
        (mail,) = peer.mails
    assert mail["To"] == "care@acme.test"
    (message,) = (await sandbox.get("/inbox", params={"to": "brand"})).json()["items"]
    assert (message["template"], message["language"], message["address"]) == ("brand_notice", "en", "care@acme.test")
    assert message["text"].startswith("Hello Ann, ")
    assert all(word in message["text"] for word in ("Acme", "NO-T-1", "13 May 2026, 18:00"))
    assert "C-1" not in str(message)
    assert ("message_sent", "brand_notice", "brand", "storefront") in await notify.told()
