from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.policy.due import calendar_confirmed, due, due_at_agreed, revisit_due, warn_for
from amends.policy.load import default_policy
from amends.policy.rows import ClockRow

POLICY = default_policy()
KINDS = [("connect", "A1"), ("ack", "A5"), ("progress_reply", "F1"), ("level_solution", "C4"), ("dept_reply", "B8")]
TIMED = [pytest.param(POLICY.row(clock, rule), id=clock) for clock, rule in KINDS]
"""One row of each way to count: without a warning, service time, window, working days, elapsed."""
STARTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.timedeltas(timedelta(microseconds=1), timedelta(days=30))


@pytest.mark.parametrize("row", TIMED)
@given(start=STARTS)
def test_a_clock_is_due_after_its_start_and_warns_in_between(row: ClockRow, start: datetime) -> None:
    found = due(row, start, POLICY)
    assert start < found.due_at
    assert found.warn_at is None or start <= found.warn_at < found.due_at
    assert (found.warn_at is None) is (row.warn_at is None)


@pytest.mark.parametrize("row", TIMED)
@given(start=STARTS, later=SPANS)
def test_who_starts_later_is_never_due_earlier(row: ClockRow, start: datetime, later: timedelta) -> None:
    assert due(row, start, POLICY).due_at <= due(row, start + later, POLICY).due_at


@pytest.mark.parametrize("row", TIMED)
@given(start=STARTS, span=SPANS)
def test_a_moved_clock_warns_between_its_start_and_its_new_due_time(
    row: ClockRow, start: datetime, span: timedelta
) -> None:
    warn_at = warn_for(row, start, start + span, POLICY)
    assert warn_at is None or start <= warn_at <= start + span


@pytest.mark.parametrize("row", TIMED)
@given(start=STARTS)
def test_a_clock_moved_to_its_own_due_time_keeps_its_warning(row: ClockRow, start: datetime) -> None:
    found = due(row, start, POLICY)
    assert warn_for(row, start, found.due_at, POLICY) == found.warn_at


WAITING = [pytest.param(row, id=row.name) for row in POLICY.clocks if row.waits_for_customer]
PAUSES = st.lists(
    st.tuples(st.timedeltas(timedelta(days=-1), timedelta(days=5)), st.timedeltas(timedelta(0), timedelta(days=2))),
    max_size=4,
)


@pytest.mark.parametrize("row", WAITING)
@given(start=STARTS, spans=PAUSES, more=PAUSES)
def test_a_wait_for_the_customer_pushes_later_at_most_by_its_length_and_never_back(
    row: ClockRow, start: datetime, spans: list[tuple[timedelta, timedelta]], more: list[tuple[timedelta, timedelta]]
) -> None:
    few, many = ([(start + after, start + after + length) for after, length in some] for some in (spans, spans + more))
    free, held, longer = (due(row, start, POLICY, pauses) for pauses in ((), few, many))
    assert free.due_at <= held.due_at <= longer.due_at
    assert held.due_at - free.due_at <= sum((length for _, length in spans), timedelta())
    assert held.warn_at is not None
    assert start < held.warn_at < held.due_at
    assert warn_for(row, start, held.due_at, POLICY, few) == held.warn_at


@given(start=STARTS)
def test_only_clocks_with_a_holiday_calendar_are_ever_unconfirmed(start: datetime) -> None:
    for row in POLICY.clocks:
        ending = start + timedelta(days=400)
        assert calendar_confirmed(row, start, ending, POLICY) or row.calendar == "working_days"


@given(start=STARTS)
def test_a_revisit_is_due_in_service_time_or_at_its_end_and_never_before_its_start(start: datetime) -> None:
    service = POLICY.calendar("service")
    for row in POLICY.revisits:
        at = revisit_due(row, start, POLICY)
        assert at > start
        assert service.latest_open(at) == at


@given(start=STARTS, span=SPANS)
def test_an_agreed_time_is_the_due_time_and_warns_at_four_fifths_f2(start: datetime, span: timedelta) -> None:
    row = POLICY.row("progress_reply", "F2")
    assert row is not None
    found = due_at_agreed(row, start, start + span, POLICY)
    assert found.due_at == start + span
    assert found.warn_at is not None
    assert abs((found.warn_at - start) - span * 4 / 5) <= timedelta(microseconds=1)
    with pytest.raises(ValueError, match="agreed with the customer"):
        due(row, start, POLICY)
