"""The demo's scenario: complete, and its sums those of the default policy."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.money import affected_value, full_refund, partial_refund, voucher
from amends.policy.facts import facts_of, severity_of
from amends.policy.load import default_policy
from amends_cli.demo.cases.breaches import OWNERS_PENALTY
from amends_cli.demo.check_contacts import expected_messages
from amends_cli.demo.model import SUSPENSE, Approve, Case, Item, Order, Remedy, Take
from amends_cli.demo.scenario import SCENARIO, longest_first
from amends_cli.demo.suite import TIME_SCALE
from amends_sandbox.bodies import Order as ShopOrder
from intake_svc.decisions.opening import OpenTicket

BY_KEY = pytest.mark.parametrize("case", SCENARIO, ids=lambda case: case.key)
REMEDIES = [(case, remedy) for case in SCENARIO for remedy in case.expected.remedies]
BY_REMEDY = pytest.mark.parametrize(
    ("case", "remedy"), REMEDIES, ids=lambda it: getattr(it, "key", getattr(it, "remedy", ""))
)
WINDOW_MIN = timedelta(seconds=10) * TIME_SCALE


@pytest.mark.parametrize("rule", ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B11", "B12", "G1", "G2", "H1"])
def test_every_row_that_the_demo_is_for_has_a_ticket(rule):
    assert any(case.rule == rule for case in SCENARIO)


@pytest.mark.parametrize("rule", ["B1", "B6", "B7", "B8", "B9"])
def test_rows_with_a_department_have_both_a_reply_and_a_silence(rule):
    replied = {any(isinstance(step, Take) and step.noun == "department-replies" for step in case.steps)
               for case in SCENARIO if case.rule == rule}  # fmt: skip
    assert replied == {True, False}


def test_keys_and_line_ids_name_one_thing_each():
    assert len({case.key for case in SCENARIO}) == len(SCENARIO)
    for case in SCENARIO:
        lines = [item.line_id for item in case.order.items] if case.order else []
        assert len(set(lines)) == len(lines)


@BY_KEY
def test_the_shop_takes_the_order_and_intake_the_ticket(case: Case):
    body = case.body("r1")
    OpenTicket.from_client(body)
    if case.order is not None:
        ShopOrder.model_validate(body["order"])


@BY_KEY
def test_a_case_type_stands_under_the_rule_that_the_case_is_for(case: Case):
    policy = default_policy()
    facts = facts_of(policy, "demo", case.body("r1"))
    names = {row.id: row.names for row in policy.case_types}
    assert case.rule in {"G1", "G2", "H1"} or case.case_type in names[case.rule]
    assert facts.kind == case.kind


@BY_KEY
def test_every_missed_deadline_is_as_long_as_the_policy_says(case: Case):
    policy = default_policy()
    for breach in case.expected.breaches:
        row = policy.row(breach.clock, breach.rule or case.rule)
        assert row is not None
        assert row.target is not None
        again = row.second_step_after if breach.step == 2 and breach.clock == "escalate" else None
        assert breach.within == row.target + (again or timedelta())


@BY_REMEDY
def test_every_amount_is_what_the_policy_gives(case: Case, remedy: Remedy):
    assert remedy.amount == _amount(case, remedy)


def _amount(case: Case, remedy: Remedy) -> int:
    policy, body = default_policy(), case.body("r1")
    order = body["order"]
    if remedy.remedy == "full_refund":
        return full_refund(order, shipping=remedy.payer != SUSPENSE).amount
    if remedy.remedy == "partial_refund":
        return partial_refund(order).amount
    bounds = policy.amounts.voucher
    severity = severity_of(policy, case.severity, facts_of(policy, "demo", body).level)
    percent = bounds.percent_by_severity[severity]
    return voucher(affected_value(order), percent, amount_min=bounds.amount_min, amount_max=bounds.amount_max)


@BY_REMEDY
def test_approval_is_expected_where_the_row_or_the_automatic_limit_asks_for_it(case: Case, remedy: Remedy):
    policy = default_policy()
    row = policy.row(remedy.clock, case.rule)
    assert row is not None
    step = row.remedy(2 if remedy.step == 2 else 1)
    assert step is not None
    needed = step.approval == "required" or remedy.amount > policy.amounts.limits.automatic
    assert remedy.approval == ("required" if needed else "none")
    assert needed == any(isinstance(it, Approve) and it.clock == remedy.clock for it in case.alongside)
    assert step.remedy == remedy.remedy


@BY_REMEDY
def test_who_approves_is_allowed_to_and_who_tries_before_is_not(case: Case, remedy: Remedy):
    limit = default_policy().amounts.limits.team_leader
    for step in case.alongside:
        if isinstance(step, Approve) and step.clock == remedy.clock:
            assert step.who.role == "manager" or remedy.amount <= limit
            assert step.beyond is None or remedy.amount > limit


def test_the_penalty_is_the_policys():
    row = default_policy().row("escalate", "G1")
    assert row is not None
    penalty = row.penalty(1)
    assert penalty is not None
    assert (penalty.amount, penalty.rule) == (OWNERS_PENALTY, "G2")


@BY_KEY
def test_a_reply_comes_only_where_the_window_is_ten_seconds_of_real_time_or_more(case: Case):
    policy = default_policy()
    for step in case.steps:
        if isinstance(step, Take) and step.noun == "department-replies":
            row = policy.row("dept_reply", case.rule)
            assert row is not None
            assert row.target is not None
            second = policy.row("dept_reply_second", case.rule)
            left = row.target - step.wait
            if left < timedelta() and second is not None and second.target is not None:
                left = row.target + second.target - step.wait  # it answers the second deadline
            assert left >= WINDOW_MIN


def test_the_longest_case_leaves_time_for_the_rest_of_ninety_seconds():
    assert max(case.lasts for case in SCENARIO) / TIME_SCALE <= timedelta(seconds=65)


def test_the_longest_begin_first():
    lasts = [case.lasts for case in longest_first(SCENARIO)]
    assert lasts == sorted(lasts, reverse=True)


def test_what_takes_longest_is_in_view_of_every_expected_outcome():
    for case in SCENARIO:
        assert case.lasts >= max((breach.within for breach in case.expected.breaches if breach.clock != "dept_reply_second"),
                                 default=timedelta())  # fmt: skip


def test_messages_follow_from_what_happens():
    told = expected_messages(next(case for case in SCENARIO if case.key == "B6-silent"))
    assert dict(told) == {
        ("ticket_received", "customer"): 1,
        ("second_reminder", "department"): 1,
        ("remedy_issued", "customer"): 2,  # the voucher and the refund
        ("remedy_notice", "department"): 1,  # the refund only
        ("escalation", "team_leader"): 1,
    }


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=5), st.integers(0, 5000))
def test_an_order_adds_up(paid, shipping):
    items = tuple(Item(str(number), "x", 1, amount) for number, amount in enumerate(paid))
    body = Order(items, shipping).as_json("O-1")
    ShopOrder.model_validate(body)
    assert body["paid_amount"] == sum(paid) + shipping
