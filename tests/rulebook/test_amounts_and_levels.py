"""RULEBOOK B (Amounts), C (default level), D (codes) and what else the default policy fixes in numbers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.rulebook.rules import POLICY, ticket

from amends.policy.facts import affected_value, derived_tags, severity_of
from amends.policy.feedback import must_be_written
from amends.policy.model import Policy


def order(*items: tuple[int, bool], currency: str = "CNY") -> dict[str, Any]:
    lines = [
        {"line_id": str(n), "quantity": 1, "paid_amount": paid, "affected": affected}
        for n, (paid, affected) in enumerate(items)
    ]
    return {"order_id": "O-1", "currency": currency, "paid_amount": sum(p for p, _ in items), "items": lines}


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({}, 3),
        ({"kind": "complaint"}, 3),
        ({"kind": "suggestion"}, 4),
        ({"tags": ["safety"]}, 1),
        ({"tags": ["injury"], "kind": "suggestion"}, 1),
        ({"tags": ["repeat"]}, 2),
        ({"tags": ["repeat"], "kind": "suggestion"}, 3),
        ({"order": order((500_000, True))}, 2),  # high value: CNY 5,000 reaches it
        ({"order": order((499_999, True))}, 3),
        ({"order": order((500_000, False), (1, True))}, 3),  # only what is affected counts
        ({"order": order((300_000, False), (200_000, False))}, 2),  # none named: all are
        ({"order": order((500_000, True)), "tags": ["repeat"]}, 1),
        ({"order": order((500_000, True)), "tags": ["repeat", "safety"]}, 1),  # never past 1
        ({"order": order((500_000, True), currency="USD")}, 3),  # the threshold is in the policy's currency
        ({"tags": ["high_value"]}, 2),
        ({"level": 4, "tags": ["safety", "repeat"]}, 4),  # a level that was given stands
    ],
)
def test_a_ticket_without_a_level_gets_the_default_one_of_section_c(given: dict[str, Any], level: int) -> None:
    assert ticket(**given).level == level


def test_the_high_value_tag_is_derived_from_the_order_j1() -> None:
    assert "high_value" in ticket(order=order((500_000, True))).tags
    assert "high_value" not in ticket(order=order((499_999, True))).tags
    assert affected_value(POLICY, {"order": None}) == 0


def test_the_brand_tag_is_derived_from_the_tenants_list_j2() -> None:
    body = {**POLICY.body(), "brands": {"id": "J2", "names": ["Moutai"]}}
    famous = {"kind": "complaint", "case_type": "other", "channel": "app", "brand": "Moutai"}
    assert "brand" in derived_tags(Policy.read(body), famous)
    assert "brand" not in derived_tags(Policy.read(body), {**famous, "brand": "another"})
    assert "brand" not in derived_tags(POLICY, famous)  # the default list is empty


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"level": 1}, True),
        ({"level": 2}, True),
        ({"level": 3}, False),
        ({"level": 4}, False),
        ({"level": 4, "tags": ["group"]}, True),
        ({"level": 4, "tags": ["brand"]}, True),
        ({"level": 4, "tags": ["dispute"]}, True),
        ({"level": 4, "order": order((500_000, True))}, True),  # high value
        ({"level": 4, "tags": ["complex"]}, False),
    ],
)
def test_the_result_is_written_for_serious_group_high_value_brand_and_disputed_tickets_i1(
    given: dict[str, Any], written: bool
) -> None:
    assert must_be_written(POLICY, ticket(**given)) is written


def test_a_repeat_is_a_second_complaint_within_thirty_days() -> None:
    assert POLICY.levels.repeat_within_days == 30


@pytest.mark.parametrize(
    ("given", "level", "severity"),
    [
        (None, 1, "high"),
        (None, 2, "medium"),
        (None, 3, "low"),
        (None, 4, "low"),
        ("high", 4, "high"),
        ("low", 1, "low"),
    ],
)
def test_severity_is_the_tickets_own_else_its_levels(given: str | None, level: int, severity: str) -> None:
    assert severity_of(POLICY, given, level) == severity


def test_a_voucher_is_two_five_or_ten_percent_between_five_and_a_hundred_yuan_b6() -> None:
    voucher = POLICY.amounts.voucher
    assert voucher.percent_by_severity == {"low": Decimal(2), "medium": Decimal(5), "high": Decimal(10)}
    assert (voucher.amount_min, voucher.amount_max) == (500, 10_000)


def test_limits_are_200_and_2000_yuan_and_5000_for_what_goes_out_by_itself() -> None:
    limits = POLICY.amounts.limits
    assert (limits.agent, limits.team_leader, limits.automatic) == (20_000, 200_000, 500_000)
    assert POLICY.amounts.high_value_from == 500_000
    assert POLICY.budgets.per_day is None


def test_an_unknown_payer_is_platform_suspense() -> None:
    assert (POLICY.amounts.payer_unknown.kind, POLICY.amounts.payer_unknown.id) == ("platform", "suspense")


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        (1000, None), (1001, "D1"), (1999, "D1"), (2000, None), (2001, "D2"), (2999, "D2"), (3001, "D3"), (3999, "D3"),
        (4001, "D4"), (4999, "D4"), (5001, "D5"), (5999, "D5"), (6000, None),
    ],
)  # fmt: skip
def test_complaint_codes_lie_in_their_ranges(code: int, rule: str | None) -> None:
    found = POLICY.code_range(code)
    assert (found.id if found else None) == rule


def test_extensions_are_for_leaders_c5_and_unhappy_customers_reopen_one_level_up_h6_g4() -> None:
    assert (POLICY.extensions.id, set(POLICY.extensions.roles)) == ("C5", {"team_leader", "manager"})
    reopening = POLICY.reopening
    assert reopening is not None
    assert (reopening.id, reopening.levels_up_rule, reopening.levels_up) == ("H6", "G4", 1)
    assert (reopening.revisit_outcomes, reopening.rating_max) == (("not_solved",), 2)


def test_the_robot_answers_outside_service_hours_f4() -> None:
    assert POLICY.robot is not None
    assert (POLICY.robot.id, POLICY.robot.outside) == ("F4", "service")


def test_an_e_invoice_is_suggested_first_b10_and_remedies_are_offered_from_a_list_b17() -> None:
    assert POLICY.invoices is not None
    assert (POLICY.invoices.id, POLICY.invoices.suggest, POLICY.invoices.issuer) == ("B10", "e_invoice", "merchant")
    assert POLICY.remedies_offered is not None
    assert POLICY.remedies_offered.id == "B17"
    assert {"return", "exchange", "repair", "reship", "discounted_refund", "coupon", "cash_voucher", "points"} == set(
        POLICY.remedies_offered.names
    )


def test_a_reclassified_ticket_leaves_its_department_two_hours() -> None:
    assert POLICY.settings.reclassified_reply_min == timedelta(hours=2)


def test_written_feedback_tells_the_whole_story_i2() -> None:
    assert POLICY.feedback is not None
    assert POLICY.feedback.contents is not None
    assert POLICY.feedback.contents.id == "I2"
    assert set(POLICY.feedback.contents.written) == {
        "process_summary", "solution", "carried_out", "satisfaction", "evaluation", "advice"
    }  # fmt: skip


def test_every_message_of_the_contract_is_sent_to_whom_it_says_and_a_brand_to_its_contact_if_any_j2() -> None:
    sent = {(row.template, row.to, row.when.event) for row in POLICY.messages}
    assert POLICY.contacts.brands == {}  # so that the last of these reaches nobody
    assert sent == {
        ("ticket_received", "customer", "ticket.opened"),
        ("second_reminder", "department", "sla.deadline_breached"),
        ("leader_warning", "team_leader", "sla.deadline_breached"),
        ("escalation", "escalated_to", "sla.escalated"),
        ("escalation", "escalated_to", "ticket.escalated"),
        ("remedy_held", "customer", "compensation.held"),
        ("remedy_issued", "customer", "compensation.issued"),
        ("remedy_notice", "department", "compensation.issued"),
        ("deadline_moved", "customer", "ticket.extended"),
        ("survey", "customer", "ticket.closed"),
        ("brand_notice", "brand", "ticket.opened"),
    }
