"""RULEBOOK B and G: what a missed deadline sets off, step by step."""

from datetime import timedelta
from typing import Any

import pytest
from tests.rulebook.rules import POLICY, row_of

from amends.policy.replies import is_effective

FULL, PART, VOUCHER = "full_refund", "partial_refund", "cash_voucher"

FIRST = [
    ("B1", "dept_reply", {"case_type": "return_refund"}, FULL, "affected_in_full", "none", None),
    ("B1", "dept_reply", {"case_type": "exchange"}, FULL, "affected_in_full", "none", None),
    ("B2", "dept_reply", {"case_type": "abnormal_refund"}, FULL, "affected_in_full", "none", None),
    (
        "B3",
        "refund_execute",
        {"case_type": "exchange_out_of_stock"},
        FULL,
        "affected_in_full",
        "none",
        "goods_returned",
    ),
    ("B4", "dept_reply", {"case_type": "short_shipment"}, PART, "missing_share", "none", None),
    ("B6", "dept_reply", {"case_type": "late_delivery"}, VOUCHER, "by_severity", "none", None),
    ("B7", "dept_reply", {"case_type": "signed_not_received"}, FULL, "affected_in_full", "none", None),
    ("B8", "dept_reply", {"case_type": "paper_invoice"}, VOUCHER, "by_severity", "none", None),
    ("B9", "dept_reply", {"case_type": "e_invoice"}, VOUCHER, "by_severity", "none", None),
]
SECOND = [
    ("B6", {"case_type": "late_dispatch"}, "none"),
    ("B8", {"case_type": "paper_invoice"}, "required"),
    ("B9", {"case_type": "e_invoice"}, "required"),
]


@pytest.mark.parametrize(("rule", "clock", "facts", "remedy", "amount", "approval", "precondition"), FIRST)
def test_a_first_breach_gives_the_rulebooks_remedy(
    rule: str, clock: Any, facts: dict[str, Any], remedy: str, amount: str, approval: str, precondition: str | None
) -> None:
    row = row_of(clock, **facts)
    step = row.remedy(1)
    assert step is not None
    assert row.id == rule
    assert (step.remedy, step.amount, step.approval, step.precondition) == (remedy, amount, approval, precondition)


@pytest.mark.parametrize(("rule", "facts", "approval"), SECOND)
def test_a_second_breach_gives_everything_back_and_a_supervisor_approves_for_invoices(
    rule: str, facts: dict[str, Any], approval: str
) -> None:
    first, second = row_of("dept_reply", **facts), row_of("dept_reply_second", **facts)
    step = second.remedy(2)
    assert step is not None
    assert (first.id, second.id) == (rule, rule)
    assert first.started_clocks(1) == ("dept_reply_second",)
    assert first.target == second.target
    assert (step.remedy, step.amount, step.approval) == (FULL, "affected_in_full", approval)
    assert second.remedy(1) is None


def test_only_b6_b8_b9_have_a_second_step() -> None:
    assert {row.id for row in POLICY.clocks if row.started_clocks(1)} == {"B6", "B8", "B9"}


@pytest.mark.parametrize(
    ("clock", "facts", "warned", "escalated"),
    [
        ("goodwill_offer", {"case_type": "soothing"}, ["team_leader"], []),  # B5
        ("dept_reply", {"case_type": "other"}, ["team_leader"], []),  # B11
        ("assess", {"kind": "after_sales"}, ["team_leader"], []),  # B12
        ("complete", {"kind": "after_sales"}, [], ["team_leader"]),  # B12
        ("solve", {"tags": ["complex"]}, [], ["team_leader"]),  # B13
        ("solve", {}, [], []),  # A3
        ("ack", {}, [], []),  # A5
        ("progress_reply", {}, [], []),  # F1
    ],
)
def test_other_breaches_warn_escalate_or_only_stand(
    clock: Any, facts: dict[str, Any], warned: list[str], escalated: list[str]
) -> None:
    row = row_of(clock, **facts)
    assert [step.warn for step in row.warnings(1)] == warned
    assert [step.escalate for step in row.escalations(1)] == escalated
    assert row.remedy(1) is None


def test_two_days_open_go_to_the_team_leader_and_a_day_later_to_the_manager_g1() -> None:
    row = row_of("escalate")
    assert [step.escalate for step in row.escalations(1)] == ["team_leader"]
    assert [(step.escalate, step.after) for step in row.escalations(2)] == [("manager", timedelta(hours=24))]
    assert row.second_step_after == timedelta(hours=24)


def test_the_owner_pays_two_yuan_unless_it_was_escalated_or_extended_before_g2() -> None:
    penalty = row_of("escalate").penalty(1)
    assert penalty is not None
    assert (penalty.rule, penalty.amount, set(penalty.unless)) == ("G2", 200, {"escalated", "extended"})


INVOICE = {"delivery_method": "express", "carrier": "SF", "waybill": "SF1", "email_sent_to": "a@b.example"}
REFUSAL = {"effective": True, "decision": "refused", "reason": "no claim", "evidence": [{"id": "e1", "kind": "photo"}]}


@pytest.mark.parametrize(
    ("case_type", "reply", "stops"),
    [
        ("other", {"effective": True, "decision": "answered"}, True),
        ("other", {"effective": True, "decision": "accepted"}, True),
        ("other", {"effective": False, "decision": "answered"}, False),
        ("other", {"decision": "answered"}, False),
        ("other", REFUSAL, True),
        ("other", {**REFUSAL, "reason": ""}, False),
        ("other", {**REFUSAL, "evidence": []}, False),
        ("paper_invoice", {"effective": True, "decision": "answered"}, False),
        ("paper_invoice", {"effective": True, "decision": "answered", "invoice": INVOICE}, True),
        ("paper_invoice", {"effective": True, "decision": "answered", "invoice": {**INVOICE, "waybill": None}}, False),
        ("paper_invoice", REFUSAL, True),
        ("e_invoice", {"effective": True, "decision": "answered", "invoice": {"email_sent_to": "a@b.example"}}, True),
        ("e_invoice", {"effective": True, "decision": "answered", "invoice": {"waybill": "SF1"}}, False),
        ("e_invoice", REFUSAL, True),
    ],
)
def test_only_an_effective_reply_with_its_invoice_details_stops_the_clock_b8_b9(
    case_type: str, reply: dict[str, Any], stops: bool
) -> None:
    assert is_effective(row_of("dept_reply", case_type=case_type), reply) is stops
    if case_type != "other":
        assert is_effective(row_of("dept_reply_second", case_type=case_type), reply) is stops
