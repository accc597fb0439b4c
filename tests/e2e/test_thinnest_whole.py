"""The main job: a missed deadline becomes a refund, through four processes, on each bus."""

import pytest
from tests.e2e.api import Api
from tests.e2e.bodies import an_order
from tests.e2e.claims import breached_once, ledgers_agree, no_money_moved, nothing_happened_twice
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


async def test_a_ticket_asked_and_never_answered_becomes_one_full_refund_and_the_ledgers_agree(api: Api) -> None:
    order = an_order(19_900)
    answered = await api.open_and_ask("refund_only")
    ticket = await api.open_and_ask("refund_only", order=order)  # rule B1: 12 h
    await api.reply(answered)
    asked = await api.until_clock(ticket, "dept_reply", "running", within_s=20)

    remedy = await api.until_issued(ticket, within_s=60)

    assert (remedy["remedy"], remedy["amount"], remedy["currency"]) == ("full_refund", 19_900, "CNY")
    assert (remedy["rule"], remedy["clock"], remedy["step"]) == ("B1", "dept_reply", 1)
    assert remedy["payer"] == {"kind": "platform", "id": "suspense"}
    breach = await breached_once(api, ticket)
    assert (breach["rule"], breach["due_at"]) == ("B1", asked["due_at"])
    (payment,) = await api.paid([ticket])
    assert (payment["kind"], payment["reference"], payment["amount"]) == ("refund", remedy["remedy_id"], 19_900)
    assert (await api.done("GET", f"sandbox/orders/{order['order_id']}"))["left_amount"] == 0
    assert (await api.until_clock(answered, "dept_reply", "met", within_s=20))["rule"] == "B1"
    await no_money_moved(api, answered)
    await ledgers_agree(api, [answered, ticket])
    await eventually(lambda: told(api, ticket), 20, "the customer was told of the refund, the department reminded")
    await nothing_happened_twice(api, ticket)


async def told(api: Api, ticket: str) -> bool:
    sent = {(message["template"], message["to"]) for message in await api.inbox(ticket)}
    return {("ticket_received", "customer"), ("second_reminder", "department"), ("remedy_issued", "customer")} <= sent
