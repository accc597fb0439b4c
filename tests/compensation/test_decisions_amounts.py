"""RULEBOOK B, Amounts. Every number is reckoned beside it, in fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compensation.facts import decided, lines_of
from tests.compensation.story import Story, item, order

from amends.money import Balance
from amends.policy.load import default_policy


def story(case_type: str, *items: dict, shipping_fee: int = 0, **opened) -> Story:
    told = Story()
    told.opened(case_type, order=order(*items, shipping_fee=shipping_fee), **opened)
    return told


def test_b4_refunds_the_missing_share_half_up():
    # 1 of 3, paid 10000: 10000 / 3 = 3333.33 → 3333
    fact = decided(story("short_shipment", item("1", 10000, 3, missing_quantity=1)), "B4")
    assert (fact.remedy, fact.amount, lines_of(fact)) == ("partial_refund", 3333, {"1": 3333})
    # 1 of 2, paid 10001: 5000.5 → 5001
    assert decided(story("short_shipment", item("1", 10001, 2, missing_quantity=1)), "B4").amount == 5001


def test_b4_a_missing_part_that_impairs_use_refunds_the_whole_line():
    fact = decided(story("missed_shipment", item("1", 10000, 3, missing_quantity=1, impairs_use=True)), "B4")
    assert fact.amount == 10000


def test_b4_without_any_missing_quantity_every_affected_line_is_wholly_missing():
    told = story("short_shipment", item("1", 10000, 3), item("2", 4500, affected=False), shipping_fee=800)
    fact = decided(told, "B4")
    assert lines_of(fact) == {"1": 10000}
    assert fact.amount == 10000  # a partial refund carries no shipping


def test_b1_full_refund_is_what_the_affected_items_were_paid():
    told = story("exchange", item("1", 10000), item("2", 4500, affected=False), shipping_fee=800)
    fact = decided(told, "B1")
    assert (fact.remedy, fact.amount, lines_of(fact)) == ("full_refund", 10000, {"1": 10000})


def test_b1_when_no_item_is_named_all_are_affected():
    told = story("refund_only", item("1", 10000, affected=False), item("2", 4500, affected=False))
    assert decided(told, "B1").amount == 14500


@pytest.mark.parametrize(
    ("party", "amount"),
    [
        ("department", 10800),
        ("merchant", 10800),
        ("platform", 10800),
        ("customer", 10000),
        (None, 10000),
    ],
)
def test_shipping_comes_back_when_every_item_is_affected_and_anyone_but_the_customer_is_liable(party, amount):
    told = story("refund_only", item("1", 10000), shipping_fee=800)
    if party:
        told.liable(party)
    assert decided(told, "B1").amount == amount


def test_shipping_stays_when_one_item_is_not_affected():
    told = story("refund_only", item("1", 10000), item("2", 100, affected=False), shipping_fee=800)
    told.liable("department")
    assert decided(told, "B1").amount == 10000


def test_a_refund_never_exceeds_what_is_left_of_the_line():
    told = story("refund_only", item("1", 10000), item("2", 5000))
    fact = decided(told, "B1", left=Balance(15000, {"1": 4000, "2": 5000}))
    assert lines_of(fact) == {"1": 4000, "2": 5000}
    assert fact.reason == "15000 was promised, but no more is left"


def test_a_refund_never_exceeds_what_is_left_of_the_order_and_shipping_is_cut_first():
    told = story("refund_only", item("1", 10000), item("2", 5000), shipping_fee=800)
    told.liable("merchant")
    # 15800 promised, 15300 left: the goods whole, 300 of the 800 shipping
    fact = decided(told, "B1", left=Balance(15300, {"1": 10000, "2": 5000}))
    assert (fact.amount, lines_of(fact)) == (15300, {"1": 10000, "2": 5000})
    # 9000 left for goods of 15000: 10000/15000 and 5000/15000 of it
    fact = decided(told, "B1", left=Balance(9000, {"1": 10000, "2": 5000}))
    assert (fact.amount, lines_of(fact)) == (9000, {"1": 6000, "2": 3000})


def test_nothing_left_moves_no_money_and_says_so():
    told = story("refund_only", item("1", 10000))
    fact = decided(told, "B1", left=Balance(0, {"1": 0}))
    assert (fact.amount, fact.lines, fact.approval) == (0, None, "none")
    assert fact.reason == "no money moves: nothing is left to refund"


@pytest.mark.parametrize("rule", ["B1", "B2", "B7", "B4"])
def test_without_an_order_nothing_is_refunded_and_the_decision_says_so(rule):
    told = Story()
    told.opened("refund_only")
    fact = decided(told, rule)
    assert (fact.amount, fact.approval, fact.currency) == (0, "none", "CNY")
    assert fact.reason == "no money moves: the ticket names no order"
    assert fact.basis.order_left is None


@pytest.mark.parametrize(
    ("paid", "opened", "amount"),
    [
        (26000, {"level": 3}, 520),  # low: 2 % of 26000
        (26000, {"level": 4}, 520),  # levels 3 and 4 are low
        (26000, {"level": 2}, 1300),  # medium: 5 %
        (26000, {"level": 1}, 2600),  # high: 10 %
        (26000, {"level": 3, "severity": "high"}, 2600),  # what is set on the ticket wins
        (26000, {"level": 1, "severity": "low"}, 520),
        (25025, {"level": 3}, 501),  # 500.5, half-up
        (24999, {"level": 3}, 500),  # 499.98 → 500
        (1000, {"level": 1}, 500),  # 100 is below the minimum
        (100000, {"level": 1}, 10000),  # exactly the maximum
        (200000, {"level": 1}, 10000),  # 20000 is above it
        (26000, {"level": None, "tags": ["safety"]}, 2600),  # no level: safety is 1
    ],
)
def test_b6_voucher_by_severity_between_its_bounds(paid, opened, amount):
    fact = decided(story("late_delivery", item("1", paid), **opened), "B6")
    assert (fact.remedy, fact.amount, fact.lines) == ("cash_voucher", amount, None)


def test_a_voucher_counts_the_affected_items_only():
    # 10 % of 50000; line 2 is not affected
    told = story("late_delivery", item("1", 50000), item("2", 90000, affected=False), level=1)
    assert decided(told, "B6").amount == 5000


def test_a_voucher_without_an_order_is_the_minimum():
    told = Story()
    told.opened("paper_invoice", level=1)
    assert decided(told, "B8").amount == 500


def test_a_voucher_does_not_ask_what_is_left_of_the_order():
    told = story("late_delivery", item("1", 26000))
    assert decided(told, "B6", left=Balance(0, {"1": 0})).amount == 520


def test_a_reopened_ticket_is_a_level_more_severe():
    told = story("late_delivery", item("1", 26000), level=3)
    told.tell("resolved", outcome="resolved")
    told.tell("reopened", reason="not solved")
    assert decided(told, "B6").amount == 1300  # level 3 → 2: medium, 5 %


def test_a_reclassified_order_is_the_one_that_counts():
    told = story("refund_only", item("1", 10000))
    told.tell("reclassified", order=order(item("1", 10000, affected=False), item("2", 3000)))
    assert lines_of(decided(told, "B1")) == {"2": 3000}


def test_b6_the_second_step_refunds_in_full_and_is_not_reduced_by_the_voucher():
    told = story("late_delivery", item("1", 26000), shipping_fee=1000)
    fact = decided(told, "B6", clock="dept_reply_second", step=2)
    assert (fact.remedy, fact.amount) == ("full_refund", 26000)


@given(
    paid=st.lists(st.integers(0, 10**7), min_size=1, max_size=5),
    left=st.lists(st.integers(0, 10**7), min_size=5, max_size=5),
    order_left=st.integers(0, 10**8),
    rule=st.sampled_from(["B1", "B4"]),
)
def test_no_refund_exceeds_what_is_left_of_line_or_order(paid, left, order_left, rule):
    told = story("refund_only", *(item(str(n), amount, 2, missing_quantity=1) for n, amount in enumerate(paid)))
    lines = {str(n): min(left[n], amount) for n, amount in enumerate(paid)}
    fact = decided(told, rule, left=Balance(min(order_left, sum(paid)), lines), policy=default_policy())
    assert fact.amount <= min(order_left, sum(paid))
    assert all(amount <= lines[line] for line, amount in lines_of(fact).items())
    assert sum(lines_of(fact).values()) == fact.amount  # no shipping here
    assert (fact.amount == 0) == bool(fact.reason and fact.reason.startswith("no money moves"))
