"""What was issued is taken back, and charges are appealed (RULEBOOK B, Payer; P1): the ledger sums to zero all along."""

import pytest
from tests.compensation.story import Story, deliver, issue_all, item, ledger_sums, order, published, rows, set_payouts

from amends.auth import Principal
from amends.db import writing
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from compensation_svc.handlers import people, taking_back
from compensation_svc.handlers.ports import Ports
from compensation_svc.handlers.refusals import NotNow, NotYours, UnknownRemedy

pytestmark = pytest.mark.servers


def who(role: str, name: str | None = None) -> Principal:
    return Principal("demo", role, name, name or role)


LEADER, MANAGER, WAREHOUSE = who("team_leader", "lee"), who("manager", "mia"), who("department", "warehouse")


async def issued(engine, ports, *, liable: bool = True, paid: int = 10000):
    """A refund of CNY 100 (or `paid`), paid to the customer; charged to the warehouse where that is liable."""
    await set_payouts(engine, "automatic")
    told = Story()
    told.opened("refund_only", order=order(item("1", paid)))
    if liable:
        told.liable("department", "warehouse")
    await deliver(engine, ports, *told.events, told.breach("B1"))
    await issue_all(engine, ports)
    return told, (await rows(engine, "SELECT remedy_id FROM remedies"))[0][0]


async def act(engine, ports, step, caller, remedy_id, *more):
    async with writing(engine) as tx:
        return await step(tx, ports, caller, remedy_id, *more, None)


async def standing(engine) -> dict[str, int]:
    assert await ledger_sums(engine) == {"CNY": 0}
    query = "SELECT account, sum(amount)::bigint FROM ledger_entries GROUP BY account HAVING sum(amount) <> 0"
    return {row[0]: row[1] for row in await rows(engine, query)}


async def test_a_reversal_leaves_every_account_as_it_was_and_frees_the_order_and_its_lines(engine, ports):
    _, remedy_id = await issued(engine, ports)
    assert await standing(engine) == {"customer:C-1": 10000, "department:warehouse": -10000}
    remedy = await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)
    assert (remedy.state, remedy.reversed_by) == ("reversed", "lee")
    assert await standing(engine) == {}
    assert [row[0] for row in await rows(engine, "SELECT live_amount FROM order_balances")] == [0, 0]
    assert (await published(engine))[-1] == ("reversed", {"remedy_id": str(remedy_id), "by": "lee"})


async def test_what_suspense_carried_goes_back_to_suspense(engine, ports):
    told, remedy_id = await issued(engine, ports, liable=False)
    assert await standing(engine) == {"customer:C-1": 10000, "platform:suspense": -10000}
    await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)
    await deliver(engine, ports, told.liable("department", "warehouse"))  # found later: nothing is left to recover
    assert await standing(engine) == {}


async def test_a_reversal_gives_the_days_budget_back(engine, ports):
    policy = default_policy()
    budgeted = policy.model_copy(update={"budgets": policy.budgets.model_copy(update={"per_day": 50_000})})
    book = PolicyBook()
    book.put(PublishedPolicy("demo", 1, budgeted))
    ports = Ports(ports.outbox, book, ports.new_id)
    _, remedy_id = await issued(engine, ports)
    assert [row[0] for row in await rows(engine, "SELECT live_amount FROM budgets")] == [10000]
    await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)
    assert [row[0] for row in await rows(engine, "SELECT live_amount FROM budgets")] == [0]


async def test_a_reversed_remedy_is_still_the_only_one_of_its_clock_and_step(engine, ports):
    told, remedy_id = await issued(engine, ports)
    await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)
    await deliver(engine, ports, told.breach("B1", run=2))
    assert [what for what, _ in await published(engine)].count("decided") == 1
    with pytest.raises(NotNow, match="the remedy is reversed"):
        await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)


async def test_only_what_was_issued_is_reversed_and_within_the_roles_limit(engine, ports):
    _, remedy_id = await issued(engine, ports, paid=250_000)  # CNY 2,500: above a team leader's CNY 2,000
    with pytest.raises(NotYours, match="above the limit of 200000"):
        await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)
    assert (await act(engine, ports, taking_back.reversed_, MANAGER, remedy_id)).state == "reversed"
    waits = Story("T-2")
    waits.opened("refund_only", order=order(item("1", 10000), order_id="O-2"))
    await deliver(engine, ports, *waits.events, waits.breach("B1"))
    (found,) = await rows(engine, "SELECT remedy_id FROM remedies WHERE ticket_id = 'T-2'")
    with pytest.raises(NotNow, match="before that it is rejected"):
        await act(engine, ports, taking_back.reversed_, MANAGER, found[0])
    assert (await act(engine, ports, people.rejected, LEADER, found[0])).state == "rejected"


@pytest.mark.parametrize(
    ("verdict", "after"),
    [
        ("upheld", {"customer:C-1": 10000, "department:warehouse": -10000}),
        ("overturned", {"customer:C-1": 10000, "platform:suspense": -10000}),
    ],
)
async def test_p1_a_charge_is_appealed_by_its_party_and_decided_by_another_person(engine, ports, verdict, after):
    _, remedy_id = await issued(engine, ports)
    await act(engine, ports, taking_back.appealed, WAREHOUSE, remedy_id)
    with pytest.raises(NotNow, match="appealed already"):
        await act(engine, ports, taking_back.appealed, WAREHOUSE, remedy_id)
    remedy = await act(engine, ports, taking_back.appeal_decided, MANAGER, remedy_id, verdict)
    assert (remedy.appealed_by, remedy.appeal_verdict, remedy.appeal_decided_by) == ("warehouse", verdict, "mia")
    assert await standing(engine) == after
    facts = await published(engine)
    assert [what for what, _ in facts[-2:]] == ["appealed", "appeal_decided"]
    assert facts[-1][1] == {"remedy_id": str(remedy_id), "verdict": verdict, "by": "mia"}
    with pytest.raises(NotNow, match=f"decided already: {verdict}"):
        await act(engine, ports, taking_back.appeal_decided, MANAGER, remedy_id, "upheld")
    await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)
    assert await standing(engine) == {}


async def test_after_an_overturned_charge_nobody_else_is_charged(engine, ports):
    told, remedy_id = await issued(engine, ports)
    await act(engine, ports, taking_back.appealed, WAREHOUSE, remedy_id)
    await act(engine, ports, taking_back.appeal_decided, MANAGER, remedy_id, "overturned")
    await deliver(engine, ports, told.liable("merchant", "M"))
    assert await standing(engine) == {"customer:C-1": 10000, "platform:suspense": -10000}


async def test_whoever_was_not_charged_knows_nothing_of_the_remedy(engine, ports):
    _, remedy_id = await issued(engine, ports)
    for stranger in (who("department", "billing"), who("merchant", "warehouse"), who("merchant")):
        with pytest.raises(UnknownRemedy):
            await act(engine, ports, taking_back.appealed, stranger, remedy_id)
    await act(engine, ports, taking_back.appealed, who("department"), remedy_id)  # no subject: all of the tenant's


async def test_without_a_charge_or_an_appeal_there_is_nothing_to_decide_and_nobody_decides_their_own(engine, ports):
    told, remedy_id = await issued(engine, ports, liable=False)
    admin = who("admin", "ada")
    with pytest.raises(NotNow, match="nobody was charged"):
        await act(engine, ports, taking_back.appealed, admin, remedy_id)
    await deliver(engine, ports, told.liable("department", "warehouse"))
    with pytest.raises(NotNow, match="no charge of this remedy was appealed"):
        await act(engine, ports, taking_back.appeal_decided, MANAGER, remedy_id, "upheld")
    await act(engine, ports, taking_back.appealed, admin, remedy_id)
    with pytest.raises(NotYours, match="their own appeal"):
        await act(engine, ports, taking_back.appeal_decided, admin, remedy_id, "overturned")
    await act(engine, ports, taking_back.reversed_, LEADER, remedy_id)
    with pytest.raises(NotNow, match="its charge is gone"):
        await act(engine, ports, taking_back.appeal_decided, MANAGER, remedy_id, "upheld")
