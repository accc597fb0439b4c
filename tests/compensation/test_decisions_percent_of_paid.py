"""Remedies that are a percentage of what was paid, with a floor and a cap of their own (tenant packs)."""

from typing import Any

import pytest
from tests.compensation.facts import decided
from tests.compensation.story import Story, item, order

from amends.policy.load import default_text, load
from amends.policy.model import Policy
from amends.policy.text import read_yaml


def policy(**step: Any) -> Policy:
    """The default policy, with this voucher instead of B6's first."""
    body = read_yaml(default_text())
    row = next(row for row in body["clocks"] if (row["id"], row["clock"]) == ("B6", "dept_reply"))
    row["on_breach"][0] = {"step": 1, "remedy": "cash_voucher", "amount": "percent_of_paid", **step}
    return load(body)


@pytest.mark.parametrize(
    ("paid", "amount"),
    [
        (10000, 3000),  # 30 %
        (1665, 500),  # 499.5, half-up
        (1000, 500),  # 300 is below the floor
        (0, 500),
        (166667, 50000),  # 50000.1
        (300000, 50000),  # 90000 is above the cap
    ],
)
def test_a_percentage_of_paid_lies_between_its_floor_and_cap(paid: int, amount: int) -> None:
    told = Story()
    told.opened("late_dispatch", order=order(item("1", paid)))
    fact = decided(told, "B6", policy=policy(percent=30, amount_min=500, amount_max=50000))
    assert (fact.remedy, fact.amount, fact.lines, fact.reason) == ("cash_voucher", amount, None, None)


def test_severity_does_not_change_it_and_only_affected_items_count() -> None:
    told = Story()
    told.opened("late_dispatch", level=1, order=order(item("1", 10000), item("2", 90000, affected=False)))
    assert decided(told, "B6", policy=policy(percent="12.5")).amount == 1250


def test_without_an_order_it_is_the_floor_else_nothing_and_says_so() -> None:
    told = Story()
    told.opened("late_dispatch")
    assert decided(told, "B6", policy=policy(percent=10, amount_min=700)).amount == 700
    fact = decided(told, "B6", policy=policy(percent=10, amount_max=30000))
    assert (fact.amount, fact.reason) == (0, "no money moves: the ticket names no order")
