"""What a person proposes: possible or not, and when somebody else must approve (RULEBOOK B, Limits; B17)."""

import pytest
from tests.compensation.facts import view
from tests.compensation.story import Story, item, order

from amends.ids import new_id
from amends.money import Balance
from amends.policy.load import default_policy
from compensation_svc.decisions.proposal import Impossible, Proposal, propose
from compensation_svc.decisions.remedy import Decided, Seen

LEFT = Balance(30000, {"1": 20000})


def outcome(amount: int, *, remedy="partial_refund", role="specialist", lines=(), currency=None, seen=None, told=None):
    if told is None:
        told = Story()
        told.opened("soothing", order=order(item("1", 300_000)))
    proposal = Proposal(new_id(), remedy, amount, currency, dict(lines), "goodwill", "ann", role)
    return propose(proposal, view(told), default_policy(), seen or Seen(LEFT, None, 0))


@pytest.mark.parametrize(
    ("role", "amount", "approval"),
    [
        ("specialist", 20_000, "none"),  # CNY 200, the limit included
        ("specialist", 20_001, "required"),
        ("manager", 20_000, "none"),
        ("team_leader", 20_001, "required"),  # E5: above the agent's limit it passes its reviews, whoever proposes it
        ("manager", 20_001, "required"),
    ],
)
def test_above_their_own_limit_somebody_else_approves(role, amount, approval):
    seen = Seen(Balance(10**10, {}), None, 0)
    decision = outcome(amount, role=role, seen=seen)
    assert isinstance(decision, Decided)
    assert (decision.fact.approval, decision.fact.rule, decision.fact.clock) == (approval, "B17", None)


def test_a_refund_of_all_that_is_left_is_possible_and_one_fen_more_is_not():
    assert isinstance(outcome(30000), Decided)
    assert outcome(30001) == Impossible("amount", "30001 is more than the 30000 left of the order")


def test_a_voucher_does_not_ask_what_is_left():
    assert isinstance(outcome(40000, remedy="cash_voucher"), Decided)


def test_lines_must_have_that_much_left_and_fit_in_the_amount():
    assert isinstance(outcome(20000, lines={"1": 20000}), Decided)
    assert outcome(25000, lines={"1": 20001}).field == "lines"
    assert outcome(5000, lines={"1": 5001}).field == "lines"
    assert outcome(5000, lines={"1": 4999}).field == "lines"
    assert outcome(5000, lines={"9": 1}).field == "lines"
    assert outcome(5000, remedy="cash_voucher", lines={"1": 1}).field == "lines"


def test_what_is_on_no_line_is_shipping_fee_and_no_more_than_that():
    told = Story()
    told.opened("soothing", order=order(item("1", 20_000), shipping_fee=800))
    assert isinstance(outcome(5800, lines={"1": 5000}, told=told), Decided)
    assert outcome(5801, lines={"1": 5000}, told=told) == Impossible(
        "lines", "the lines add up to 5000: the amount is that, or up to 5800 with the shipping fee, not 5801"
    )


def test_money_is_in_the_orders_currency():
    assert outcome(100, currency="USD").field == "currency"
    assert outcome(100, currency="CNY").fact.currency == "CNY"


def test_without_an_order_there_is_a_voucher_but_no_refund():
    told = Story()
    told.opened("soothing")
    none_left = Seen(None, None, 0)
    assert outcome(100, told=told, seen=none_left).field == "remedy"
    assert isinstance(outcome(100, told=told, seen=none_left, remedy="cash_voucher"), Decided)


def test_the_days_budget_and_approve_mode_ask_a_second_person():
    assert outcome(100, seen=Seen(LEFT, 99, 0), role="manager").fact.approval == "required"
    assert outcome(100, seen=Seen(LEFT, 100, 0), role="manager").fact.approval == "none"
    assert outcome(100, seen=Seen(LEFT, None, 0, "approve"), role="manager").fact.approval == "required"
