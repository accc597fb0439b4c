"""People propose, approve and reject within their limits, and never their own (RULEBOOK B, Limits)."""

import pytest
from tests.compensation.story import Story, deliver, issue_all, item, ledger_sums, order, published, rows, set_payouts

from amends.auth import Principal
from amends.db import writing
from amends.ids import new_id
from compensation_svc.handlers import people
from compensation_svc.handlers.people import Wish
from compensation_svc.handlers.refusals import NotNow, NotPossible, NotYours, UnknownRemedy, UnknownTicket

pytestmark = pytest.mark.servers


def who(role: str, name: str | None = None, tenant: str = "demo") -> Principal:
    return Principal(tenant, role, name, name or role)


LEADER, MANAGER, ANN = who("team_leader", "lee"), who("manager", "mia"), who("specialist", "ann")


@pytest.fixture
async def told(engine, ports) -> Story:
    await set_payouts(engine, "automatic")
    story = Story()
    story.opened("paper_invoice", order=order(item("1", 100_000)))
    await deliver(engine, ports, *story.events)
    return story


async def propose(engine, ports, caller, amount, *, remedy="partial_refund", ticket="T-1", **more):
    wish = Wish(ticket, remedy, amount, None, more.get("lines", {}), "goodwill")
    async with writing(engine) as tx:
        return await people.proposed(tx, ports, caller, wish)


async def act(engine, ports, step, caller, remedy_id, reason=None):
    async with writing(engine) as tx:
        return await step(tx, ports, caller, remedy_id, reason)


async def review(engine, ports, told, *stages, by=("lee", "mia", "kim")):
    for stage, person in zip(stages, by, strict=False):
        await deliver(engine, ports, told.tell("reviewed", stage=stage, verdict="right", by=person))


async def waiting(engine, ports, told):
    """A remedy that the policy decided and a person must approve: B8's second step."""
    await deliver(engine, ports, told.breach("B8", clock="dept_reply_second", step=2))
    return (await rows(engine, "SELECT remedy_id FROM remedies"))[0][0]


async def test_b8_waits_for_the_supervisor_and_goes_out_once_approved(engine, ports, told):
    remedy_id = await waiting(engine, ports, told)
    assert await issue_all(engine, ports) == 0
    remedy = await act(engine, ports, people.approved, LEADER, remedy_id, "agreed with the customer")
    assert (remedy.state, remedy.approved_by) == ("approved", "lee")
    assert await issue_all(engine, ports) == 1
    facts = await published(engine)
    assert [what for what, _ in facts] == ["decided", "approved", "issued"]
    assert facts[1][1] == {"remedy_id": str(remedy_id), "by": "lee", "reason": "agreed with the customer"}


async def test_a_rejected_remedy_frees_what_it_had_reserved_and_is_never_paid(engine, ports, told):
    remedy_id = await waiting(engine, ports, told)
    remedy = await act(engine, ports, people.rejected, LEADER, remedy_id, "the invoice is there")
    assert remedy.state == "rejected"
    assert await issue_all(engine, ports) == 0
    assert [row[0] for row in await rows(engine, "SELECT live_amount FROM order_balances")] == [0, 0]
    assert await ledger_sums(engine) == {"CNY": 0}
    standing = await rows(engine, "SELECT account FROM ledger_entries GROUP BY account HAVING sum(amount) <> 0")
    assert standing == []


@pytest.mark.parametrize("step", [people.approved, people.rejected])
async def test_what_was_decided_on_is_not_decided_on_again(engine, ports, told, step):
    remedy_id = await waiting(engine, ports, told)
    await act(engine, ports, people.rejected, LEADER, remedy_id)
    with pytest.raises(NotNow):
        await act(engine, ports, step, MANAGER, remedy_id)


async def test_a_leader_approves_up_to_their_limit_and_a_manager_above(engine, ports, told):
    big = Story("T-2")
    big.opened("refund_only", order=order(item("1", 600_000), order_id="O-2"))
    await deliver(engine, ports, *big.events, big.breach("B1"))
    remedy_id = (await rows(engine, "SELECT remedy_id FROM remedies"))[0][0]
    with pytest.raises(NotYours, match="600000 is above the limit of 200000"):
        await act(engine, ports, people.approved, LEADER, remedy_id)
    assert (await act(engine, ports, people.approved, MANAGER, remedy_id)).state == "approved"


async def test_a_person_never_approves_what_they_proposed(engine, ports, told):
    remedy = await propose(engine, ports, LEADER, 500_000, remedy="cash_voucher")
    assert remedy.waits_for_approval
    await review(engine, ports, told, "first", "recheck", "final")
    as_manager = who("manager", "lee")
    with pytest.raises(NotYours, match="never approves what they proposed"):
        await act(engine, ports, people.approved, as_manager, remedy.remedy_id)
    assert (await act(engine, ports, people.approved, MANAGER, remedy.remedy_id)).state == "approved"


async def test_within_their_own_limit_a_proposal_goes_out_without_a_second_person(engine, ports, told):
    remedy = await propose(engine, ports, ANN, 20_000, lines={"1": 20_000})
    assert (remedy.state, remedy.approval, remedy.proposed_by, remedy.rule) == ("decided", "none", "ann", "B17")
    assert await issue_all(engine, ports) == 1


async def test_above_it_the_proposal_waits(engine, ports, told):
    remedy = await propose(engine, ports, ANN, 20_001)
    assert remedy.waits_for_approval
    assert await issue_all(engine, ports) == 0


async def test_proposals_share_what_is_left_with_everybody(engine, ports, told):
    await propose(engine, ports, MANAGER, 70_000)
    with pytest.raises(NotPossible, match="70000 is more than the 30000 left"):
        await propose(engine, ports, MANAGER, 70_000)
    await propose(engine, ports, MANAGER, 30_000)


async def test_another_tenants_ticket_and_remedy_are_unknown(engine, ports, told):
    stranger = who("manager", "mo", tenant="other")
    with pytest.raises(UnknownTicket):
        await propose(engine, ports, stranger, 100)
    remedy_id = await waiting(engine, ports, told)
    for unknown in (remedy_id, new_id()):
        with pytest.raises(UnknownRemedy):
            await act(engine, ports, people.approved, stranger, unknown)


async def test_in_approve_mode_what_was_decided_before_waits_for_a_person_too(engine, ports, told):
    remedy = await propose(engine, ports, ANN, 100)
    await set_payouts(engine, "approve")
    assert await issue_all(engine, ports) == 0
    await act(engine, ports, people.approved, LEADER, remedy.remedy_id)
    assert await issue_all(engine, ports) == 1


async def test_a_queued_remedy_can_be_rejected_while_payouts_are_stopped_but_not_once_its_call_started(
    engine, ports, told
):
    first, second = [await propose(engine, ports, ANN, 100) for _ in range(2)]
    await set_payouts(engine, "shadow")
    assert (await act(engine, ports, people.rejected, LEADER, first.remedy_id)).state == "rejected"
    await set_payouts(engine, "automatic")
    assert await issue_all(engine, ports) == 1
    with pytest.raises(NotNow):
        await act(engine, ports, people.rejected, LEADER, second.remedy_id)
