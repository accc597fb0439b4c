"""What one customer may get in 90 days before a person looks (policy `amounts.customer_cap`)."""

import pytest
from tests.compensation.facts import AT, untouched, view
from tests.compensation.story import Story, item, order

from amends.events.registry import payload
from amends.ids import new_id
from amends.policy.amounts import CustomerCap
from amends.policy.load import default_policy
from compensation_svc.decisions.cap import Given, beyond_cap
from compensation_svc.decisions.proposal import Proposal, propose
from compensation_svc.decisions.remedy import Seen, decide


@pytest.mark.parametrize(
    ("cap", "given", "amount", "reasons"),
    [
        (CustomerCap(), Given(1000, 10**9), 10**9, 0),  # no cap
        (CustomerCap(remedies_90d_max=3), Given(2, 0), 1, 0),  # the third
        (CustomerCap(remedies_90d_max=3), Given(3, 0), 1, 1),
        (CustomerCap(amount_90d_max=10000), Given(1, 9000), 1000, 0),  # at the cap
        (CustomerCap(amount_90d_max=10000), Given(1, 9000), 1001, 1),
        (CustomerCap(remedies_90d_max=0, amount_90d_max=0), Given(), 1, 2),
    ],
)
def test_at_the_cap_a_remedy_goes_and_above_it_each_reason_is_said(cap, given, amount, reasons):
    assert len(beyond_cap(amount, "CNY", given, cap, policy_currency="CNY")) == reasons


def test_an_amount_in_another_currency_says_nothing_of_the_cap_but_the_remedy_counts():
    cap = CustomerCap(remedies_90d_max=1, amount_90d_max=10)
    (reason,) = beyond_cap(1000, "USD", Given(1, 0), cap, policy_currency="CNY")
    assert reason.text == "it is the customer's remedy number 2 in 90 days, above the cap of 1"


def capped():
    policy = default_policy()
    amounts = policy.amounts.model_copy(update={"customer_cap": CustomerCap(amount_90d_max=15000)})
    return policy.model_copy(update={"amounts": amounts})


@pytest.mark.parametrize(("given", "approval"), [(5000, "none"), (5001, "required")])
def test_a_breachs_remedy_above_the_cap_waits_and_says_why(given, approval):
    told = Story()
    told.opened("refund_only", order=order(item("1", 10000)))
    seen = Seen(untouched(told), None, 1, customer_amount_90d=given)
    fact = decide(payload(told.breach("B1")), view(told), capped(), seen).fact
    assert (fact.amount, fact.approval, fact.basis.customer_amount_90d) == (10000, approval, given)
    expected = "with it the customer gets 15001 in 90 days, above the cap of 15000"
    assert fact.reason == (expected if approval == "required" else None)


def test_a_proposal_above_the_cap_waits_too_and_nothing_to_pay_does_not():
    told = Story()
    told.opened("soothing", order=order(item("1", 10000)))
    seen = Seen(untouched(told), None, 9, customer_amount_90d=14_900)
    proposal = Proposal(new_id(), "cash_voucher", 101, None, {}, None, "ann", "specialist")
    assert propose(proposal, view(told), capped(), seen).fact.approval == "required"
    nothing = Story()
    nothing.opened("refund_only", at=AT)
    fact = decide(
        payload(nothing.breach("B1")), view(nothing), capped(), Seen(None, None, 9, customer_amount_90d=10**6)
    )
    assert (fact.fact.amount, fact.fact.approval) == (0, "none")
