"""Breaches become remedies exactly once, over real PostgreSQL."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.compensation.story import (
    START,
    Story,
    deliver,
    issue_all,
    item,
    ledger_sums,
    order,
    published,
    rows,
    set_payouts,
)

from amends.errors import NotYet
from amends.inbox import Arrival
from amends.policy.amounts import CustomerCap
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from compensation_svc.handlers.ports import Ports

pytestmark = pytest.mark.servers


def story(case_type: str = "refund_only", *, ticket: str = "T-1", **opened) -> Story:
    told = Story(ticket)
    told.opened(case_type, **({"order": order(item("1", 10000), shipping_fee=800)} | opened))
    told.tell("department_asked", department="warehouse")
    return told


def whats(facts) -> list[str]:
    return [what for what, _ in facts]


async def test_b1_a_breach_is_decided_issued_and_charged_to_the_party_known_at_the_breach(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    told.liable("department", "warehouse", at=START + timedelta(hours=3))
    await deliver(engine, ports, *told.events, told.breach("B1"))
    await issue_all(engine, ports)
    facts = await published(engine)
    assert whats(facts) == ["decided", "issued", "charged_back"]
    assert facts[0][1]["amount"] == 10800  # 10000 and 800 shipping: all is affected, and not the customer's fault
    assert facts[2][1] | {"evidence": []} == {
        "remedy_id": facts[0][1]["remedy_id"],
        "party": {"kind": "department", "id": "warehouse"},
        "amount": 10800,
        "currency": "CNY",
        "rule": "B1",
        "policy_version": 1,
        "reason": "department warehouse was found liable for what rule B1 of policy version 1 gave",
        "evidence": [],
    }
    standing = await rows(engine, "SELECT account, sum(amount) FROM ledger_entries GROUP BY account ORDER BY account")
    assert [tuple(row) for row in standing if row[1]] == [("customer:C-1", 10800), ("department:warehouse", -10800)]
    assert await ledger_sums(engine) == {"CNY": 0}


async def test_a_breach_before_its_ticket_events_waits_for_them_and_blocks_nothing(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    breach = told.breach("B1")
    assert await deliver(engine, ports, breach) == [Arrival.APPLIED]
    await deliver(engine, ports, told.events[0])
    assert await published(engine) == []
    await deliver(engine, ports, told.events[1])
    assert whats(await published(engine)) == ["decided"]


async def test_what_came_after_the_breach_changes_nothing_in_whatever_order_it_arrives(engine, ports):
    """Liability, a reply, money from elsewhere: all after as_of; each order of arrival decides the same."""
    await set_payouts(engine, "automatic")
    decisions = []
    for n, late_by in enumerate(itertools.permutations(["breach", "ticket"])):
        told = story(ticket=f"T-{n}", order=order(item("1", 10000), shipping_fee=800, order_id=f"O-{n}"))
        breach = told.breach("B1")
        told.tell("solution_executed", remedy={"type": "partial_refund", "amount": 9000})
        told.tell("liability_found", party={"kind": "merchant", "id": "M"})
        batches = {"breach": [breach], "ticket": told.events}
        for name in late_by:
            await deliver(engine, ports, *batches[name])
        decisions.append((await published(engine, f"T-{n}"))[0][1])
    said = [{k: v for k, v in one.items() if k not in {"remedy_id", "basis"}} for one in decisions]
    assert said[0] == said[1]
    assert said[0]["amount"] == 10000
    assert said[0]["payer"] == {"kind": "platform", "id": "suspense"}
    assert [one["basis"]["order_left"] for one in decisions] == [10800, 10800]


async def test_a_remedy_is_given_once_per_clock_and_step_whatever_the_run_or_redelivery(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    breach = told.breach("B1")
    await deliver(engine, ports, *told.events, breach)
    assert await deliver(engine, ports, breach, *told.events) == [Arrival.DUPLICATE] * 3
    await deliver(engine, ports, told.breach("B1", run=2))
    assert whats(await published(engine)) == ["decided"]
    assert len(await rows(engine, "SELECT 1 FROM remedies")) == 1


async def test_b6_both_steps_give_their_remedy(engine, ports):
    await set_payouts(engine, "automatic")
    told = story("late_delivery", order=order(item("1", 26000), shipping_fee=1000))
    first = told.breach("B6")
    second = told.breach("B6", clock="dept_reply_second", step=2)
    await deliver(engine, ports, *told.events, first, second)
    await issue_all(engine, ports)
    facts = [(what, data.get("remedy"), data.get("amount")) for what, data in await published(engine)]
    assert facts[:2] == [("decided", "cash_voucher", 520), ("decided", "full_refund", 26000)]
    assert await ledger_sums(engine) == {"CNY": 0}


async def test_b3_held_until_the_goods_are_back_then_decided_as_of_the_breach(engine, ports):
    await set_payouts(engine, "automatic")
    told = story("exchange_out_of_stock")
    await deliver(engine, ports, *told.events, told.breach("B3", clock="refund_execute"))
    assert whats(await published(engine)) == ["held"]
    await deliver(engine, ports, told.tell("resolved", outcome="resolved"), told.liable("merchant", "M"))
    assert whats(await published(engine)) == ["held"]
    await deliver(engine, ports, told.tell("goods_returned"))
    await issue_all(engine, ports)
    facts = await published(engine)
    assert whats(facts) == ["held", "decided", "issued", "charged_back"]
    assert facts[1][1]["payer"] == {"kind": "platform", "id": "suspense"}  # nobody was known as of the breach
    assert facts[3][1]["party"] == {"kind": "merchant", "id": "M"}  # found later, so recovered once it was issued


async def test_b3_goods_that_came_back_after_the_breach_but_arrived_before_it_are_held_then_decided(engine, ports):
    await set_payouts(engine, "automatic")
    told = story("exchange_out_of_stock")
    breach = told.breach("B3", clock="refund_execute")
    told.tell("goods_returned")
    await deliver(engine, ports, *told.events, breach)
    assert whats(await published(engine)) == ["held", "decided"]


@pytest.mark.parametrize(
    ("what", "data"),
    [("solution_executed", {"remedy": {"type": "exchange"}}), ("resolved", {"outcome": "withdrawn"})],
)
async def test_b3_a_hold_that_ended_is_never_decided(engine, ports, what, data):
    told = story("exchange_out_of_stock")
    await deliver(engine, ports, *told.events, told.breach("B3", clock="refund_execute"))
    await deliver(engine, ports, told.tell(what, **data), told.tell("goods_returned"))
    assert whats(await published(engine)) == ["held"]
    assert [row[0] for row in await rows(engine, "SELECT state FROM remedies")] == ["rejected"]


async def test_liability_found_after_issue_recovers_from_suspense_once(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    await deliver(engine, ports, *told.events, told.breach("B1"))
    await issue_all(engine, ports)
    assert whats(await published(engine)) == ["decided", "issued"]
    await deliver(engine, ports, told.liable("carrier", "swift"), told.liable("merchant", "M"))
    facts = await published(engine)
    assert whats(facts) == ["decided", "issued", "charged_back"]
    assert facts[2][1]["party"] == {"kind": "carrier", "id": "swift"}


async def test_liability_of_the_customer_charges_nobody(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    await deliver(engine, ports, *told.events, told.breach("B1"))
    await issue_all(engine, ports)
    await deliver(engine, ports, told.liable("customer", "C-1"))
    assert whats(await published(engine)) == ["decided", "issued"]


async def test_liability_found_before_issue_charges_at_issue_not_before(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    await deliver(engine, ports, *told.events, told.breach("B1"))
    await deliver(engine, ports, told.liable("carrier", "swift"))
    assert whats(await published(engine)) == ["decided"]
    await issue_all(engine, ports)
    assert whats(await published(engine)) == ["decided", "issued", "charged_back"]


async def test_a_new_tenant_is_in_shadow_decided_recorded_and_nothing_paid(engine, ports):
    told = story()
    await deliver(engine, ports, *told.events, told.breach("B1"))
    assert whats(await published(engine)) == ["decided"]
    assert [row[0] for row in await rows(engine, "SELECT state FROM remedies")] == ["shadow"]
    assert await rows(engine, "SELECT 1 FROM money_jobs") == []
    assert await rows(engine, "SELECT 1 FROM ledger_entries") == []


async def test_shadow_remedies_take_nothing_from_real_ones_but_count_among_themselves(engine, ports):
    shared = {"order": order(item("1", 10000), order_id="O-9")}
    tickets = [story(ticket=f"T-{n}", **shared) for n in range(3)]
    for told in tickets[:2]:
        await deliver(engine, ports, *told.events, told.breach("B1"))
    await set_payouts(engine, "automatic")
    await deliver(engine, ports, *tickets[2].events, tickets[2].breach("B1"))
    amounts = [(await published(engine, f"T-{n}"))[0][1]["amount"] for n in range(3)]
    assert amounts == [10000, 0, 10000]


async def test_nothing_left_moves_no_money_and_makes_no_call(engine, ports):
    await set_payouts(engine, "automatic")
    told = story(order=order(item("1", 10000, refunded_amount=10000), refunded_amount=10000))
    await deliver(engine, ports, *told.events, told.breach("B1"))
    facts = await published(engine)
    assert (facts[0][1]["amount"], facts[0][1]["reason"]) == (0, "no money moves: nothing is left to refund")
    assert await rows(engine, "SELECT 1 FROM money_jobs UNION ALL SELECT 1 FROM ledger_entries") == []


async def test_a_solution_executed_with_money_lowers_what_is_left_for_the_orders_other_ticket(engine, ports):
    await set_payouts(engine, "automatic")
    one, other = (story(ticket=f"T-{n}", order=order(item("1", 10000), order_id="O-9")) for n in range(2))
    await deliver(engine, ports, *one.events)
    await deliver(engine, ports, one.tell("solution_executed", remedy={"type": "partial_refund", "amount": 7000}))
    await deliver(engine, ports, *other.events, other.breach("B1"))
    assert (await published(engine, "T-1"))[0][1]["amount"] == 3000


async def test_a_solution_executed_before_the_breach_lowers_what_its_own_ticket_gets(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    told.tell("solution_executed", remedy={"type": "discounted_refund", "amount": 4000})
    await deliver(engine, ports, *told.events, told.breach("B1"))
    assert (await published(engine))[0][1]["amount"] == 6800  # 10800 paid − 4000; 10000 was promised


async def test_an_executed_voucher_takes_nothing_from_the_order(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    told.tell("solution_executed", remedy={"type": "cash_voucher", "amount": 4000})
    await deliver(engine, ports, *told.events, told.breach("B1"))
    assert (await published(engine))[0][1]["amount"] == 10000


async def test_a_breach_waits_while_the_policy_version_is_on_its_way(engine, ports, book):
    told = story()
    without = Ports(ports.outbox, PolicyBook(), ports.new_id)
    await deliver(engine, ports, *told.events)
    breach = told.breach("B1")
    with pytest.raises(NotYet):
        await deliver(engine, without, breach)
    await deliver(engine, ports, breach)
    assert whats(await published(engine)) == ["decided"]


async def test_earlier_remedies_of_the_customer_are_counted_in_the_basis(engine, ports):
    for n in range(3):
        told = story(ticket=f"T-{n}", order=order(item("1", 10000), order_id=f"O-{n}"))
        await deliver(engine, ports, *told.events, told.breach("B1"))
    counts = [(await published(engine, f"T-{n}"))[0][1]["basis"]["customer_remedies_90d"] for n in range(3)]
    assert counts == [0, 1, 2]


async def test_events_that_concern_nobody_here_are_kept_and_change_nothing(engine, ports):
    told = story()
    told.tell("contacted", by="agent", about="progress", channel="app")
    told.tell("something_new", whatever=1)
    await deliver(engine, ports, *told.events, told.breach("A5", clock="ack"))
    assert await published(engine) == []
    async with engine.connect() as connection:
        kept = (await connection.execute(text("SELECT last_sequence FROM tickets"))).scalar_one()
    assert kept == 4


async def test_an_imported_tickets_past_deadline_is_only_a_breach_and_later_ones_give_their_remedy(engine, ports):
    await set_payouts(engine, "automatic")
    told = story("late_delivery", imported=True)
    past = told.breach("B6", due_at=(START - timedelta(hours=1)).isoformat())
    later = told.breach("B6", clock="dept_reply_second", step=2)
    await deliver(engine, ports, *told.events, past)
    assert await published(engine) == []
    await deliver(engine, ports, later)
    assert [(what, data["step"]) for what, data in await published(engine)] == [("decided", 2)]


async def test_a_breach_in_an_outage_of_ours_is_paid_only_once_a_person_approved(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    await deliver(engine, ports, *told.events, told.breach("B1", in_outage=True))
    ((_, fact),) = await published(engine)
    assert (fact["approval"], fact["reason"]) == ("required", "the deadline lies in an outage of ours")
    assert await issue_all(engine, ports) == 0


async def test_a_customers_cap_holds_across_tickets_and_orders(engine, ports):
    """The cap: two remedies and CNY 150 in 90 days. CNY 100 each: the second is above the sum, the third above both."""
    await set_payouts(engine, "automatic")
    policy = default_policy()
    cap = CustomerCap(remedies_90d_max=2, amount_90d_max=15000)
    amounts = policy.amounts.model_copy(update={"customer_cap": cap})
    book = PolicyBook()
    book.put(PublishedPolicy("demo", 1, policy.model_copy(update={"amounts": amounts})))
    capped = Ports(ports.outbox, book, ports.new_id)
    for n in range(3):
        told = story(ticket=f"T-{n}", order=order(item("1", 10000), order_id=f"O-{n}"))
        await deliver(engine, capped, *told.events, told.breach("B1"))
    facts = [(await published(engine, f"T-{n}"))[0][1] for n in range(3)]
    assert [fact["approval"] for fact in facts] == ["none", "required", "required"]
    assert [fact["basis"]["customer_amount_90d"] for fact in facts] == [0, 10000, 20000]
    assert facts[2]["reason"] == (
        "it is the customer's remedy number 3 in 90 days, above the cap of 2; "
        "with it the customer gets 30000 in 90 days, above the cap of 15000"
    )


async def test_p1_a_charge_carries_rule_version_reason_and_the_tickets_evidence(engine, ports):
    await set_payouts(engine, "automatic")
    told = story()
    told.liable("merchant", "M")
    told.tell("evidence_added", evidence=[{"id": "E-1", "kind": "photo", "sha256": "0" * 64}])
    reply = {"effective": False, "decision": "refused", "evidence": [{"id": "E-2", "kind": "waybill"}]}
    told.tell("department_replied", department="warehouse", **reply)
    await deliver(engine, ports, *told.events, told.breach("B1"))
    await issue_all(engine, ports)
    what, fact = (await published(engine))[-1]
    assert (what, fact["rule"], fact["policy_version"]) == ("charged_back", "B1", 1)
    assert fact["reason"] == "merchant M was found liable for what rule B1 of policy version 1 gave"
    assert [one["id"] for one in fact["evidence"]] == ["E-1", "E-2"]
