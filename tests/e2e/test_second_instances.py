"""A second process of every service beside the first: the work is shared, and nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.e2e.api import Api
from tests.e2e.bodies import opening
from tests.e2e.claims import breached_once, ledgers_agree, nothing_happened_twice
from tests.e2e.instances import second_instances
from tests.e2e.suite import Suite
from tests.e2e.waiting import eventually

from amends_cli.suite.folder import SERVICES

pytestmark = pytest.mark.e2e

TICKETS = 24
CONSUMED = "amends_events_consumed_total"
REQUESTS = "amends_http_request_seconds_count"


@dataclass
class Doubled:
    """What two processes of each service did: per service and metric, first and second."""

    tickets: list[str]
    consumed: dict[str, tuple[float, float]]
    opened: tuple[float, float]


@pytest.fixture(scope="module")
async def doubled(suite: Suite) -> AsyncIterator[Doubled]:
    """Twenty-odd silent tickets, worked by two processes of every service."""
    async with Api.of(suite) as api, second_instances(suite, SERVICES) as second:
        roots = {name: (suite.endpoints[name], second[name]) for name in SERVICES}
        await eventually(lambda: _all_take_part(api, roots), 60, "both processes of each service are given partitions")
        before = {name: await _both(api, roots[name], CONSUMED) for name in SERVICES}
        requests = await _both(api, roots["intake"], REQUESTS, method="POST", status="201")
        tickets = await asyncio.gather(*(_open_and_ask_at(api, roots["intake"][n % 2]) for n in range(TICKETS)))
        for ticket in tickets:
            await api.until_issued(ticket, within_s=90)
        await eventually(lambda: _all_told(api, tickets), 60, "every customer was told")
        after = {name: await _both(api, roots[name], CONSUMED) for name in SERVICES}
        opened = await _both(api, roots["intake"], REQUESTS, method="POST", status="201")
        yield Doubled(
            tickets,
            {name: (after[name][0] - before[name][0], after[name][1] - before[name][1]) for name in SERVICES},
            (opened[0] - requests[0], opened[1] - requests[1]),
        )


async def test_two_intakes_share_requests_and_events_and_no_ticket_is_opened_twice(doubled: Doubled, api: Api) -> None:
    assert min(doubled.opened) >= TICKETS / 2
    assert min(doubled.consumed["intake"]) > 0
    numbers = {(await api.done("GET", f"intake/tickets/{t}"))["ticket_no"] for t in doubled.tickets}
    assert len(numbers) == TICKETS
    for ticket in doubled.tickets:
        assert len(await api.events("intake", ticket, "opened")) == 1


async def test_two_slas_share_the_events_and_every_deadline_is_breached_once(doubled: Doubled, api: Api) -> None:
    assert min(doubled.consumed["sla"]) > 0
    for ticket in doubled.tickets:
        assert (await breached_once(api, ticket))["rule"] == "B2"
        await nothing_happened_twice(api, ticket)


async def test_two_compensations_share_the_events_and_every_refund_is_paid_once(doubled: Doubled, api: Api) -> None:
    assert min(doubled.consumed["compensation"]) > 0
    payments = await api.paid(doubled.tickets)
    assert len(payments) == TICKETS
    assert {payment["amount"] for payment in payments} == {19_900}
    await ledgers_agree(api, doubled.tickets)


async def test_two_notifies_share_the_events_and_every_message_is_sent_once(doubled: Doubled, api: Api) -> None:
    assert min(doubled.consumed["notify"]) > 0
    for ticket in doubled.tickets:
        sent = sorted((message["template"], message["to"]) for message in await api.inbox(ticket))
        once = [("remedy_issued", "customer"), ("second_reminder", "department"), ("ticket_received", "customer")]
        assert [message for message in sent if message in once] == once


async def _both(api: Api, roots: tuple[str, str], name: str, **labels: str) -> tuple[float, float]:
    return await api.metric(roots[0], name, **labels), await api.metric(roots[1], name, **labels)


async def _all_take_part(api: Api, roots: dict[str, tuple[str, str]]) -> bool:
    """Have a ticket made, and see whether the new processes have been given events by now."""
    await _open_and_ask_at(api, roots["intake"][1])
    return all([await api.metric(second, CONSUMED) > 0 for _, second in roots.values()])


async def _open_and_ask_at(api: Api, intake: str) -> str:
    body = opening("abnormal_refund")  # rule B2: 2 h
    await api.put_order(body["order"])
    ticket = await api.done("POST", f"{intake}/v1/tickets", role="storefront", body=body)
    ticket_id = str(ticket["ticket_id"])
    requests = f"{intake}/v1/tickets/{ticket_id}/department-requests"
    await api.done("POST", requests, role="specialist", body={"department": "warehouse"})
    return ticket_id


async def _all_told(api: Api, tickets: list[str]) -> bool:
    for ticket in tickets:
        if "remedy_issued" not in {message["template"] for message in await api.inbox(ticket)}:
            return False
    return True
