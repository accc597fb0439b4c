"""Holidays are written into the calendar once; another library agrees about them."""

from datetime import date, timedelta

import holidays
import pytest

from amends.policy.calendars import CalendarRow, Seed
from amends.policy.load import default_policy
from amends.policy.seed import known_years, seeded

WINDOWS = (("08:30", "21:00"),)
WEEKLY = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), WINDOWS)


def _works(row: CalendarRow, day: date) -> bool:
    return day in row.special or (day not in row.closed and day.weekday() < 5)


@pytest.mark.parametrize("year", known_years())
def test_every_working_day_agrees_with_the_other_holiday_library(year: int) -> None:
    row = default_policy().calendars["working_days"]
    china = holidays.country_holidays("CN", years=year)
    differing = [
        day
        for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
        if _works(row, day := date(year, 1, 1) + timedelta(days=n)) is not china.is_working_day(day)
    ]
    assert differing == []


def test_the_default_policy_knows_the_holidays_of_2004_to_2026_and_says_so_of_no_other_year() -> None:
    row = default_policy().calendars["working_days"]
    assert row.confirmed_years == tuple(range(2004, 2027))
    assert not row.confirmed(date(2003, 12, 31), date(2004, 1, 1))
    assert row.confirmed(date(2025, 12, 31), date(2026, 1, 1))
    assert not row.confirmed(date(2026, 12, 31), date(2031, 1, 1))
    assert default_policy().calendars["service"].confirmed(date(1990, 1, 1), date(2100, 1, 1))


def test_dates_that_the_policy_names_itself_win_over_the_seed() -> None:
    own = CalendarRow(
        weekly=WEEKLY,
        closed=(date(2026, 10, 10),),  # a make-up day that this tenant does not work
        special={date(2026, 10, 1): (("10:00", "12:00"),)},  # a holiday that it does
        seed=Seed(source="chinesecalendar", since=2026),
    )
    row = seeded(own)
    assert date(2026, 10, 10) not in row.special
    assert row.special[date(2026, 10, 1)] == (("10:00", "12:00"),)
    assert date(2026, 10, 2) in row.closed
    assert row.seed is None


def test_a_calendar_without_a_seed_stays_as_it_is() -> None:
    row = CalendarRow(weekly=WEEKLY)
    assert seeded(row) is row
