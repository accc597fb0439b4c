"""RULEBOOK A, B, C, F–J: which row each ticket gets, and how long it has. The numbers are the rulebook's, copied here."""

from datetime import timedelta
from typing import Any

import pytest
from tests.rulebook.rules import POLICY, row_of, ticket

from amends.policy.choose import row_for

S, MIN, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

ELAPSED = [
    ("A1", "connect", {"channel": "phone"}, 20 * S),
    ("A2", "connect", {"channel": "chat"}, 30 * S),
    ("A3", "solve", {"kind": "consultation"}, 24 * H),
    ("B13", "solve", {"kind": "consultation", "tags": ["complex"]}, 48 * H),
    ("B1", "dept_reply", {"case_type": "return_refund"}, 12 * H),
    ("B1", "dept_reply", {"case_type": "exchange"}, 12 * H),
    ("B1", "dept_reply", {"case_type": "refund_only"}, 12 * H),
    ("B2", "dept_reply", {"case_type": "abnormal_refund"}, 2 * H),
    ("B4", "dept_reply", {"case_type": "short_shipment"}, 12 * H),
    ("B4", "dept_reply", {"case_type": "missed_shipment"}, 12 * H),
    ("B6", "dept_reply", {"case_type": "late_dispatch"}, 24 * H),
    ("B6", "dept_reply", {"case_type": "late_delivery"}, 24 * H),
    ("B6", "dept_reply_second", {"case_type": "late_delivery"}, 24 * H),
    ("B7", "dept_reply", {"case_type": "signed_not_received"}, 24 * H),
    ("B7", "dept_reply", {"case_type": "returned_without_contact"}, 24 * H),
    ("B8", "dept_reply", {"case_type": "paper_invoice"}, 36 * H),
    ("B8", "dept_reply_second", {"case_type": "paper_invoice"}, 36 * H),
    ("B9", "dept_reply", {"case_type": "e_invoice"}, 24 * H),
    ("B9", "dept_reply_second", {"case_type": "e_invoice"}, 24 * H),
    ("B3", "refund_execute", {"case_type": "exchange_out_of_stock"}, 12 * H),
    ("B3", "refund_execute", {"case_type": "return_filed_as_exchange"}, 12 * H),
    ("B12", "assess", {"kind": "after_sales", "case_type": "repair"}, 24 * H),
    ("B12", "complete", {"kind": "after_sales", "case_type": "return_refund"}, 48 * H),
    ("C1", "level_response", {"kind": "complaint", "level": 1}, 2 * H),
    ("C1", "level_solution", {"kind": "complaint", "level": 1}, 24 * H),
    ("C2", "level_response", {"kind": "complaint", "level": 2}, 4 * H),
    ("C2", "level_solution", {"kind": "complaint", "level": 2}, 48 * H),
    ("C3", "level_response", {"kind": "complaint", "level": 3}, 6 * H),
    ("C3", "level_solution", {"kind": "suggestion", "level": 3}, 72 * H),
    ("C4", "level_response", {"kind": "suggestion", "level": 4}, 8 * H),
    ("G1", "escalate", {}, 48 * H),
    ("H1", "contact_interval", {}, 48 * H),
    ("J1", "contact_interval", {"tags": ["high_value"]}, 24 * H),
]


@pytest.mark.parametrize(("rule", "clock", "facts", "target"), ELAPSED)
def test_a_ticket_gets_the_rulebooks_row_and_its_elapsed_hours(
    rule: str, clock: Any, facts: dict[str, Any], target: timedelta
) -> None:
    row = row_of(clock, **facts)
    assert (row.id, row.target, row.calendar) == (rule, target, None)


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("A5", {"channel": "email"}),
        ("A5", {"channel": "social", "kind": "complaint"}),
        ("A5", {"channel": "phone", "kind": "after_sales"}),
        ("A5", {"channel": "chat", "kind": "complaint"}),
        ("A9", {"channel": "phone", "kind": "complaint"}),
    ],
)
def test_a_first_reply_takes_a_quarter_of_an_hour_of_service_time(rule: str, facts: dict[str, Any]) -> None:
    row = row_of("ack", **facts)
    assert (row.id, row.target, row.calendar, row.start) == (rule, 15 * MIN, "service", "opened_queued")


@pytest.mark.parametrize(
    "case_type",
    [
        "soothing", "system_fault", "service_experience", "price_difference",
        "freight_topup", "product_quality", "return_freight_exceeds_value", "points_topup",
    ],
)  # fmt: skip
def test_goodwill_is_offered_within_an_hour_b5_and_a_department_once_asked_falls_under_b11(case_type: str) -> None:
    offer = row_of("goodwill_offer", case_type=case_type)
    assert (offer.id, offer.target) == ("B5", 1 * H)
    assert row_of("dept_reply", case_type=case_type).id == "B11"


@pytest.mark.parametrize(
    "case_type",
    ["other", "repair", "exchange_out_of_stock", "complaint_quality", "complaint_logistics", "complaint_service"],
)
def test_what_has_no_row_of_its_own_falls_under_b11_in_a_day_b14_b15_b16(case_type: str) -> None:
    row = row_of("dept_reply", case_type=case_type)
    assert (row.id, row.target) == ("B11", 24 * H)
    assert [step.warn for step in row.warnings(1)] == ["team_leader"]


@pytest.mark.parametrize(
    ("clock", "facts"),
    [
        ("connect", {"channel": "email"}),
        ("level_response", {"kind": "consultation", "level": 1}),
        ("level_solution", {"kind": "after_sales"}),
        ("assess", {"kind": "complaint"}),
        ("complete", {"kind": "consultation"}),
        ("solve", {"kind": "complaint"}),
        ("dept_reply_second", {"case_type": "signed_not_received"}),  # B7: no second step
        ("refund_execute", {"case_type": "exchange"}),
        ("goodwill_offer", {"case_type": "late_delivery"}),
    ],
)
def test_a_clock_that_a_ticket_has_not_has_no_row(clock: Any, facts: dict[str, Any]) -> None:
    assert row_for(POLICY, clock, ticket(**facts)) is None


def test_a_time_agreed_with_the_customer_has_f2s_row_and_no_target_of_its_own() -> None:
    row = row_for(POLICY, "progress_reply", ticket(), agreed=True)
    assert row is not None
    assert (row.id, row.start, row.target, row.window) == ("F2", "agreed", None, ())


def test_working_day_rows_count_days_c4_i3() -> None:
    solution, feedback = row_of("level_solution", kind="suggestion"), row_of("feedback")
    assert (solution.id, solution.working_days, solution.calendar) == ("C4", 5, "working_days")
    assert (feedback.id, feedback.working_days, feedback.calendar) == ("I3", 3, "working_days")


def test_every_clock_warns_at_four_fifths_but_connect_which_never_warns() -> None:
    assert {row.warn_at for row in POLICY.clocks if row.clock != "connect"} == {0.8}
    assert {row.warn_at for row in POLICY.rows("connect")} == {None}


def test_every_channel_takes_every_kind_a10_a12() -> None:
    assert {"A10", "A12"} <= set(POLICY.channels.rules)
    for channel in POLICY.channels.names:
        for kind in POLICY.kinds:
            assert row_of("progress_reply", channel=channel, kind=kind).id == "F1"


def test_only_contact_interval_restarts_h1() -> None:
    assert {row.clock for row in POLICY.clocks if row.restarts} == {"contact_interval"}
