"""When the robot answers: outside service hours, and in peaks with hysteresis (RULEBOOK F4)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.intake.cases import POLICY

from amends.calendar import BusinessCalendar
from intake_svc.decisions.robot import Robot, look, next_change

SERVICE = POLICY.calendar("service")
NINE = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
"""Monday 09:00 in Shanghai; service hours are 08:30 to 21:00."""
CLOSING = NINE + timedelta(hours=12)
S = timedelta(seconds=1)
MIN = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def with_robot(rule):
    return POLICY.model_copy(update={"robot": rule})


def looks(*seen, robot=None, policy=POLICY):
    """Look at (instant, inbound rate) after one another; return the robot and what was published."""
    robot, told = robot or Robot(), []
    for at, inbound in seen:
        found = look(robot, policy, at, inbound)
        robot = found.robot
        if found.switched:
            told.append((at, found.switched.on, found.switched.reason))
    return robot, told


def test_it_goes_on_at_closing_time_and_off_at_opening_time_f4():
    opening = CLOSING + timedelta(hours=11.5)
    _, told = looks((CLOSING - S, 0), (CLOSING, 0), (CLOSING + S, 0), (opening - S, 0), (opening, 0), (opening + S, 0))
    assert told == [(CLOSING, True, "hours"), (opening, False, "hours")]


def test_it_goes_on_once_the_rate_has_been_at_the_peak_for_a_minute_f4():  # 60 a minute
    _, told = looks((NINE, 60), (NINE + MIN - S, 60), (NINE + MIN, 60), (NINE + 2 * MIN, 60))
    assert told == [(NINE + MIN, True, "peak")]


def test_a_moment_below_the_peak_begins_the_minute_anew():
    _, told = looks((NINE, 60), (NINE + 50 * S, 59), (NINE + 51 * S, 60), (NINE + 110 * S, 60), (NINE + 111 * S, 60))
    assert told == [(NINE + 111 * S, True, "peak")]


def in_peak():
    return looks((NINE, 99), (NINE + MIN, 99))[0]


def test_it_goes_off_once_the_rate_has_been_below_70_percent_for_5_minutes_f4():  # below 42 a minute
    start = NINE + 10 * MIN
    _, told = looks((start, 41), (start + 5 * MIN - S, 41), (start + 5 * MIN, 41), robot=in_peak())
    assert told == [(start + 5 * MIN, False, "peak")]
    # At 42 it is not below: the five minutes begin anew.
    _, told = looks((start, 41), (start + 4 * MIN, 42), (start + 5 * MIN, 41), (start + 9 * MIN, 41), robot=in_peak())
    assert told == []


def test_between_the_two_rates_it_stays_as_it_is():
    ticks = [(NINE + n * MIN, 50) for n in range(60)]
    assert looks(*ticks)[1] == []
    assert looks(*ticks, robot=in_peak())[1] == []


def test_hours_that_end_in_a_peak_and_a_peak_that_ends_at_night_switch_nothing():
    robot = in_peak()
    night = CLOSING + MIN
    robot, told = looks((CLOSING, 99), (night, 99), robot=robot)
    assert (robot.cause, told) == ("hours", [])
    robot, told = looks((night, 0), (night + 5 * MIN, 0), robot=robot)
    assert (robot.in_peak, robot.cause, told) == (False, "hours", [])
    opening = CLOSING + timedelta(hours=11.5)
    peak_again, told = looks((opening - 2 * MIN, 99), (opening, 99), robot=robot)
    assert (peak_again.cause, told) == ("peak", [])


def test_a_policy_without_peaks_knows_hours_only():
    hours_only = with_robot(POLICY.robot.model_copy(update={"peak": None}))
    _, told = looks((NINE, 9999), (NINE + 10 * MIN, 9999), robot=in_peak(), policy=hours_only)
    assert told == [(NINE, False, "peak")]


def test_a_policy_that_drops_the_robot_switches_it_off_for_good():
    robot, _ = looks((CLOSING, 0))
    robot, told = looks((CLOSING + S, 0), (CLOSING + 24 * HOUR, 99), robot=robot, policy=with_robot(None))
    assert (robot.cause, told) == (None, [(CLOSING + S, False, "hours")])


@given(st.lists(st.tuples(st.integers(1, 4000), st.integers(0, 120)), max_size=40))
def test_switches_alternate_and_looking_again_at_once_changes_nothing(steps):
    robot, at, on = Robot(), NINE, False
    for seconds, inbound in steps:
        at += seconds * S
        found = look(robot, POLICY, at, inbound)
        if found.switched:
            assert found.switched.on is not on
            on = found.switched.on
        robot = found.robot
        assert (robot.cause is not None) is on
        assert look(robot, POLICY, at, inbound).robot == robot


def test_the_next_change_of_hours_is_the_closing_or_opening_within_reach():
    day = timedelta(days=1)
    assert next_change(SERVICE, NINE, day) == CLOSING
    assert next_change(SERVICE, CLOSING, day) == CLOSING + timedelta(hours=11.5)
    assert next_change(SERVICE, NINE, timedelta(hours=1)) is None
    assert next_change(SERVICE, CLOSING, timedelta(hours=1)) is None
    always = BusinessCalendar(
        "UTC", {d: [("00:00", "24:00")] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    )
    assert next_change(always, datetime(2026, 12, 31, 12, tzinfo=UTC), day) is None
