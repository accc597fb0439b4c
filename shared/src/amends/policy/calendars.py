"""The calendars of a policy: whole in the published body, so that no reader needs a holiday library."""

from datetime import date
from typing import Literal

from pydantic import Field

from amends.calendar import BusinessCalendar
from amends.policy.rows import ClockTime
from amends.policy.values import Frozen

Window = tuple[ClockTime, ClockTime]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Seed(Frozen):
    """Where closed days and make-up working days come from when the policy is loaded: mainland China, since a year."""

    source: Literal["chinesecalendar"]
    since: int


class CalendarRow(Frozen):
    """Opening hours by weekday, closed dates, and dates with windows of their own (which win over closed).

    `confirmed_years`: the years whose holidays are known; outside them the weekly windows hold and clocks say
    `calendar_confirmed: false`. None: this calendar has no holidays, every year is confirmed. `seed` is what the loader
    is asked to fill in; the published body has it filled and keeps no seed.
    """

    id: str | None = None
    weekly: dict[Weekday, tuple[Window, ...]]
    closed: tuple[date, ...] = ()
    special: dict[date, tuple[Window, ...]] = Field(default_factory=dict)
    confirmed_years: tuple[int, ...] | None = None
    seed: Seed | None = None

    def build(self, timezone: str) -> BusinessCalendar:
        """Return the calendar that reckons with these hours.

        Raises:
            ValueError: hours that end before they start, or a calendar that never opens.
        """
        return BusinessCalendar(
            timezone,
            {day: list(windows) for day, windows in self.weekly.items()},
            closed=self.closed,
            special={day: list(windows) for day, windows in self.special.items()},
        )

    def confirmed(self, first: date, last: date) -> bool:
        """Say whether the holidays of every year from first to last (local dates) are known."""
        return self.confirmed_years is None or all(
            year in self.confirmed_years for year in range(first.year, last.year + 1)
        )
