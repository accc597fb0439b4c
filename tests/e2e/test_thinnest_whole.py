"""The main job: a missed deadline becomes a refund, through four processes, on each bus."""

from datetime import timedelta

import pytest
from tests.e2e.api import Api, an_order
from tests.e2e.claims import breached_once, ledgers_agree, nothing_happened_twice

pytestmark = pytest.mark.e2e

TWELVE_HOURS = timedelta(hours=12)


async def test_a_ticket_asked_and_never_answered_becomes_one_full_refund_and_the_ledgers_agree(api: Api) -> None:
    order = an_order(19_900)
    ticket = await api.open_and_ask("refund_only", order=order)  # rule B1
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
    await ledgers_agree(api, [ticket])
    await nothing_happened_twice(api, ticket)


async def test_a_ticket_that_was_answered_in_time_moves_no_money(api: Api) -> None:
    answered, silent = await api.open_and_ask(), await api.open_and_ask()
    await api.reply(answered)

    await api.until_issued(silent, within_s=60)  # its deadline is the later one

    assert (await api.until_clock(answered, "dept_reply", "met", within_s=20))["rule"] == "B1"
    assert await api.remedies(answered) == []
    assert await api.paid([answered]) == []
