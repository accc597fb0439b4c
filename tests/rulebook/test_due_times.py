"""RULEBOOK A, C, F, H, I: when clocks are due, to the second, in Shanghai's wall-clock time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.rulebook.rules import POLICY, row_of, shanghai

from amends.instants import format_instant, parse_instant
from amends.policy.due import due, due_at_agreed, revisit_due, warn_for
from amends.policy.facts import opened_live
from amends.policy.rows import ClockRow

EXAMPLES = Path(__file__).parent / "examples"


def _row(clock: str, rule: str) -> ClockRow:
    row = POLICY.row(clock, rule)
    assert row is not None
    return row


def _started() -> Iterator[Any]:
    for path in sorted(EXAMPLES.glob("*.expected.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["type"] == "amends.sla.clock_started.v1":
                data = event["data"]
                yield pytest.param(data, id=f"{path.stem.split('.')[0]}-{data['clock']}-{data['run']}")


@pytest.mark.parametrize("data", list(_started()))
def test_every_clock_of_the_worked_examples_is_due_and_warns_as_they_say(data: dict[str, Any]) -> None:
    row, start = _row(data["clock"], data["rule"]), parse_instant(data["start_at"])
    agreed = parse_instant(data["due_at"])
    found = due_at_agreed(row, start, agreed, POLICY) if row.start == "agreed" else due(row, start, POLICY)
    assert format_instant(found.due_at) == data["due_at"]
    assert (format_instant(found.warn_at) if found.warn_at else None) == data.get("warn_at")
    assert found.calendar_confirmed


@pytest.mark.parametrize(
    ("accepted", "by"),
    [
        ("2026-05-13 00:00", "2026-05-13 18:00"),
        ("2026-05-13 09:20", "2026-05-13 18:00"),
        ("2026-05-13 11:59:59.999999", "2026-05-13 18:00"),
        ("2026-05-13 12:00", "2026-05-14 12:00"),
        ("2026-05-13 23:59:59.999999", "2026-05-14 12:00"),
        ("2026-12-31 20:00", "2027-01-01 12:00"),
    ],
)
def test_the_morning_is_answered_by_six_and_the_rest_by_noon_f1(accepted: str, by: str) -> None:
    assert due(_row("progress_reply", "F1"), shanghai(accepted), POLICY).due_at == shanghai(by)


@pytest.mark.parametrize(
    ("accepted", "by", "warns"),
    [
        ("2026-05-13 09:20", "2026-05-13 09:35", "2026-05-13 09:32"),
        ("2026-05-13 20:45", "2026-05-13 21:00", "2026-05-13 20:57"),  # exactly at closing: that instant
        ("2026-05-13 20:50", "2026-05-14 08:35", "2026-05-14 08:32"),  # 10 min today, 5 tomorrow; 12 of 15 to warn
        ("2026-05-13 22:00", "2026-05-14 08:45", "2026-05-14 08:42"),  # A9: starts at opening time
        ("2026-05-17 03:00", "2026-05-17 08:45", "2026-05-17 08:42"),  # Sundays too (F3)
    ],
)
def test_a_first_reply_counts_service_time_only_a5_a9_f3(accepted: str, by: str, warns: str) -> None:
    for rule in ("A5", "A9"):
        found = due(_row("ack", rule), shanghai(accepted), POLICY)
        assert (found.due_at, found.warn_at) == (shanghai(by), shanghai(warns))
        assert found.calendar_confirmed


@pytest.mark.parametrize(
    ("resolved", "by"),
    [
        ("2026-05-14 14:21", "2026-05-19 21:00"),  # Thursday: Friday, Monday, Tuesday
        ("2026-05-08 22:00", "2026-05-12 21:00"),  # Friday; Saturday 9 May makes up for Labour Day: 9, 11, 12
        ("2026-09-30 10:00", "2026-10-10 21:00"),  # National Day to 7 October: 8, 9, and Saturday the 10th works
        ("2026-05-17 10:00", "2026-05-20 21:00"),  # Sunday: Monday to Wednesday
    ],
)
def test_feedback_is_due_at_nine_on_the_third_working_day_i3(resolved: str, by: str) -> None:
    assert due(_row("feedback", "I3"), shanghai(resolved), POLICY).due_at == shanghai(by)


def test_a_suggestion_is_solved_by_nine_on_the_fifth_working_day_c4() -> None:
    # Wednesday 13 May: 14, 15, 18, 19, 20
    row = row_of("level_solution", kind="suggestion")
    assert due(row, shanghai("2026-05-13 09:00"), POLICY).due_at == shanghai("2026-05-20 21:00")


def test_a_year_without_known_holidays_is_monday_to_friday_and_says_so() -> None:
    # Thursday 31 December 2026: 1 January is not known to be a holiday yet, so Friday, Monday, Tuesday
    found = due(_row("feedback", "I3"), shanghai("2026-12-31 10:00"), POLICY)
    assert found.due_at == shanghai("2027-01-05 21:00")
    assert not found.calendar_confirmed


def test_a_moved_due_time_warns_at_four_fifths_of_the_new_span() -> None:
    start = shanghai("2026-05-13 09:00")
    row = _row("dept_reply", "B1")
    assert warn_for(row, start, shanghai("2026-05-14 19:00"), POLICY) == shanghai(
        "2026-05-14 12:12"
    )  # 0.8 × 34 h = 27.2 h


def test_nothing_warns_before_its_start_or_under_a_row_that_never_warns_a1() -> None:
    start = shanghai("2026-05-13 09:00")
    assert warn_for(_row("dept_reply", "B1"), start, start, POLICY) is None
    assert due(_row("connect", "A1"), start, POLICY).warn_at is None


@pytest.mark.parametrize(
    ("rule", "started", "by"),
    [
        ("H1", "2026-05-13 09:20", "2026-05-14 21:00"),  # 36 h on is 21:20
        ("H1", "2026-05-15 01:20", "2026-05-16 13:20"),
        ("H1", "2026-05-13 20:00", "2026-05-14 21:00"),  # 08:00 the day after is before opening
        ("H1", "2026-05-13 20:30", "2026-05-15 08:30"),
        ("J1", "2026-05-13 09:20", "2026-05-13 21:00"),  # 18 h on is 03:20
        ("J1", "2026-05-13 15:00", "2026-05-14 09:00"),
    ],
)
def test_a_revisit_is_pulled_back_into_service_time(rule: str, started: str, by: str) -> None:
    row = POLICY.revisit("contact_interval", rule)
    assert row is not None
    assert (row.reason, row.tells, row.tells_rule) == ("open_case", "progress", "H2")
    assert revisit_due(row, shanghai(started), POLICY) == shanghai(by)


@pytest.mark.parametrize(
    ("channel", "at", "live"),
    [
        ("phone", "2026-05-13 08:30", True),
        ("chat", "2026-05-17 20:59:59", True),
        ("phone", "2026-05-13 21:00", False),
        ("chat", "2026-05-13 08:29:59", False),
        ("email", "2026-05-13 10:00", False),
    ],
)
def test_only_staffed_channels_in_service_hours_are_live_a1_a2_f3(channel: str, at: str, live: bool) -> None:
    assert opened_live(POLICY, channel, shanghai(at)) is live


def test_times_come_back_in_utc_and_times_without_a_zone_are_refused() -> None:
    row = _row("dept_reply", "B1")
    assert due(row, shanghai("2026-05-13 09:00"), POLICY).due_at.tzinfo is UTC
    with pytest.raises(ValueError, match="no time zone"):
        due(row, datetime(2026, 5, 13, 9), POLICY)  # noqa: DTZ001
