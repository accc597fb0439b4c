"""RULEBOOK E5, F4 and CONTRACT §3: when clocks stand still, which reviews are required, when the robot helps out."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.rulebook.rules import POLICY, row_of, shanghai, ticket

from amends.policy.due import due, warn_for
from amends.policy.reviews import reviews_of

STAGES = ("first", "recheck", "final")
MIN = timedelta(minutes=1)


def test_only_solve_and_complete_wait_for_the_customer_a3_b12_b13() -> None:
    assert {row.name for row in POLICY.clocks if row.waits_for_customer} == {"A3/solve", "B13/solve", "B12/complete"}


def test_a_wait_for_the_customer_pushes_the_deadline_by_its_length_a3() -> None:
    row, start = row_of("solve"), shanghai("2026-05-13 09:00")
    waits = [(shanghai("2026-05-13 10:00"), shanghai("2026-05-13 16:00"))]
    found = due(row, start, POLICY, waits)
    assert found.due_at == shanghai("2026-05-14 15:00")  # 24 h and 6 h
    assert found.warn_at == shanghai("2026-05-14 10:12")  # 19.2 h and 6 h


def test_waits_that_overlap_count_once_and_those_before_the_start_or_after_the_due_time_not_at_all_b12() -> None:
    row = row_of("complete", kind="after_sales")
    start = shanghai("2026-05-13 09:00")
    waits = [
        (shanghai("2026-05-12 09:00"), shanghai("2026-05-13 10:00")),  # one hour of it is after the start
        (shanghai("2026-05-14 09:00"), shanghai("2026-05-14 12:00")),
        (shanghai("2026-05-14 11:00"), shanghai("2026-05-14 13:00")),
        (shanghai("2026-05-20 09:00"), shanghai("2026-05-21 09:00")),
    ]
    assert due(row, start, POLICY, waits).due_at == shanghai("2026-05-15 14:00")  # 48 h, 1 h, 4 h


def test_a_departments_clock_does_not_wait_for_the_customer_b1() -> None:
    row, start = row_of("dept_reply", case_type="exchange"), shanghai("2026-05-13 09:00")
    waits = [(shanghai("2026-05-13 10:00"), shanghai("2026-05-13 16:00"))]
    assert due(row, start, POLICY, waits) == due(row, start, POLICY)
    moved = shanghai("2026-05-14 09:00")
    assert warn_for(row, start, moved, POLICY, waits) == warn_for(row, start, moved, POLICY)


@pytest.mark.parametrize(
    ("given", "amount", "stages"),
    [
        ({"level": 1}, None, STAGES),
        ({"level": 2}, None, STAGES),
        ({"level": 3}, None, ()),
        ({"level": 4, "tags": ["dispute"]}, None, STAGES),
        ({"level": 4, "tags": ["complex"]}, None, ()),
        ({"level": 3}, 20_000, ()),  # the agent's limit, CNY 200: at it, not above
        ({"level": 3}, 20_001, STAGES),
        ({"level": 1}, 1, STAGES),
    ],
)
def test_levels_one_and_two_disputes_and_remedies_above_the_agents_limit_are_reviewed_e5(
    given: dict[str, Any], amount: int | None, stages: tuple[str, ...]
) -> None:
    assert reviews_of(POLICY, ticket(**given), amount) == stages
    assert POLICY.reviews is not None
    assert POLICY.reviews.id == "E5"


def test_a_policy_may_ask_for_no_reviews() -> None:
    without = POLICY.model_copy(update={"reviews": None})
    assert reviews_of(without, ticket(level=1), 10**9) == ()


def test_the_robot_is_on_after_a_minute_of_peak_and_off_after_five_below_seventy_percent_of_it_f4() -> None:
    assert POLICY.robot is not None
    peak = POLICY.robot.peak
    assert peak is not None
    assert (peak.on_after, peak.off_below_percent, peak.off_after) == (1 * MIN, Decimal(70), 5 * MIN)
    assert peak.rate_per_min == 60


def test_the_documents_name_no_cap_for_one_customer() -> None:
    cap = POLICY.amounts.customer_cap
    assert (cap.remedies_90d_max, cap.amount_90d_max) == (None, None)
