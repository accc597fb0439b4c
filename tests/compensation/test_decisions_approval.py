"""Who must say yes before money moves (RULEBOOK B, Limits; E5: test_decisions_reviews)."""

import pytest
from tests.compensation.facts import decided
from tests.compensation.story import Story, item, order

from amends.money import Balance
from amends.policy.load import default_policy
from compensation_svc.decisions.approval import limit_of, within_limit

LIMITS = default_policy().amounts.limits


def story(paid: int, case_type: str = "refund_only", **more) -> Story:
    told = Story()
    told.opened(case_type, order=order(item("1", paid), **more))
    return told


@pytest.mark.parametrize(
    ("amount", "approval"),
    [(499_999, "none"), (500_000, "none"), (500_001, "required")],  # CNY 5,000; at the limit: not
)
def test_an_automatic_remedy_above_the_automatic_limit_waits(amount, approval):
    fact = decided(story(amount), "B1")
    assert fact.approval == approval
    assert fact.reason == (None if approval == "none" else "500001 is above the automatic limit of 500000")


@pytest.mark.parametrize(("budget_left", "approval"), [(None, "none"), (10000, "none"), (9999, "required")])
def test_what_exceeds_the_days_budget_waits(budget_left, approval):
    assert decided(story(10000), "B1", budget_left=budget_left).approval == approval


def test_a_deadline_within_an_outage_waits():
    fact = decided(story(10000), "B1", in_outage=True)
    assert (fact.approval, fact.reason) == ("required", "the deadline lies in an outage of ours")


def test_in_approve_mode_every_remedy_waits():
    assert decided(story(10000), "B1", mode="approve").approval == "required"


def test_limits_say_nothing_of_another_currency_so_a_person_looks():
    assert decided(story(10000, currency="USD"), "B1").approval == "required"


def test_every_reason_is_said():
    fact = decided(story(600_000), "B9", clock="dept_reply_second", step=2, budget_left=5)
    assert fact.reason is not None
    assert fact.reason.split("; ") == [
        "the rule asks for a supervisor's approval",
        "600000 is above the automatic limit of 500000",
        "600000 is more than the 5 left of the day's budget",
    ]


@pytest.mark.parametrize("mode", ["automatic", "approve"])
def test_a_refund_of_nothing_needs_no_approval(mode):
    fact = decided(
        story(10000), "B8", clock="dept_reply_second", step=2, left=Balance(0, {"1": 0}), in_outage=True, mode=mode
    )
    assert (fact.amount, fact.approval) == (0, "none")


@pytest.mark.parametrize(
    ("role", "limit"),
    [("specialist", 20_000), ("team_leader", 200_000), ("manager", None), ("admin", None), ("service", None)],
)
def test_each_role_has_its_limit_which_is_included(role, limit):
    assert limit_of(role, LIMITS) == limit
    assert within_limit(limit or 10**12, role, LIMITS)
    if limit is not None:
        assert not within_limit(limit + 1, role, LIMITS)
