"""`amends.calendar` against an oracle that walks minute by minute and asks the wall clock (CONTRACT §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.calendar import WEEKDAYS, BusinessCalendar

MINUTE = timedelta(minutes=1)
HORIZON = 4 * 24 * 60

# Two days before something happens to the local clock, or to the year.
MOMENTS = [
    ("Asia/Shanghai", datetime(2026, 5, 13, tzinfo=UTC)),
    ("Asia/Shanghai", datetime(2026, 12, 30, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 6, tzinfo=UTC)),  # 02:00 to 03:00
    ("America/New_York", datetime(2026, 10, 30, tzinfo=UTC)),  # 02:00 to 01:00
    ("Australia/Lord_Howe", datetime(2026, 4, 3, tzinfo=UTC)),  # half an hour back
    ("Australia/Lord_Howe", datetime(2026, 10, 2, tzinfo=UTC)),  # half an hour forth
    ("Asia/Beirut", datetime(2026, 3, 26, tzinfo=UTC)),  # at midnight, forth
    ("Asia/Beirut", datetime(2026, 10, 23, tzinfo=UTC)),  # at midnight, back to the day before
    ("Europe/Berlin", datetime(2026, 3, 27, tzinfo=UTC)),  # 02:00 to 03:00
    ("Europe/Berlin", datetime(2026, 10, 23, tzinfo=UTC)),  # 03:00 to 02:00
    ("Pacific/Apia", datetime(2011, 12, 28, tzinfo=UTC)),  # a whole date skipped
    ("Pacific/Kiritimati", datetime(1994, 12, 29, tzinfo=UTC)),  # a whole date skipped, at New Year
]


@dataclass(frozen=True)
class Case:
    zone: str
    start: datetime
    weekly: dict
    closed: list[date]
    special: dict

    def build(self) -> BusinessCalendar:
        return BusinessCalendar(self.zone, self.weekly, self.closed, self.special)

    def minutes(self) -> list[bool]:
        """Whether each minute of the horizon is open, by looking at the wall clock."""
        return [self._is_open(day, time) for day, time in wall_clock(self.zone, self.start)]

    def _is_open(self, day: date, time: str) -> bool:
        windows = self.special.get(day)
        if windows is None:
            windows = [] if day in self.closed else self.weekly.get(WEEKDAYS[day.weekday()], [])
        return any(opens <= time < closes for opens, closes in windows)


@cache
def wall_clock(zone: str, start: datetime) -> list[tuple[date, str]]:
    """What the wall clock says in each minute of the horizon."""
    local = [(start + n * MINUTE).astimezone(ZoneInfo(zone)) for n in range(HORIZON)]
    return [(at.date(), f"{at:%H:%M}") for at in local]


def clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def windows(draw) -> list[tuple[str, str]]:
    spans = draw(st.lists(st.tuples(st.integers(0, 24 * 60), st.integers(0, 24 * 60)), max_size=3))
    early = draw(st.booleans())  # more often around the small hours, where clocks change
    found = []
    for a, b in spans:
        low, high = sorted((a // 6, b // 6) if early else (a, b))
        if low < high:
            found.append((clock_text(low), clock_text(high)))
    return found


@st.composite
def cases(draw) -> Case:
    zone, start = draw(st.sampled_from(MOMENTS))
    dates = [start.date() + timedelta(days=n) for n in range(-1, 6)]
    weekly = {day: draw(windows()) for day in WEEKDAYS}
    weekly["wed"] = [*weekly["wed"], ("11:00", "11:30")]  # so that it opens at all
    closed = draw(st.lists(st.sampled_from(dates), max_size=2))
    special = draw(st.dictionaries(st.sampled_from(dates), windows(), max_size=2))
    return Case(zone, start, weekly, closed, special)


minute = st.integers(0, HORIZON - 1)
spans = st.lists(st.tuples(minute, minute), max_size=4)


def pauses_of(case: Case, pairs: Sequence[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
    return [(case.start + a * MINUTE, case.start + b * MINUTE) for a, b in pairs]


def unpaused(minutes: list[bool], pairs: Sequence[tuple[int, int]]) -> list[bool]:
    return [it and not any(a <= n < b for a, b in pairs) for n, it in enumerate(minutes)]


@settings(max_examples=60, deadline=None)
@given(cases(), st.lists(minute, min_size=4, max_size=4), spans)
def test_every_answer_is_that_of_the_oracle(case, points, pairs):
    calendar, minutes, pauses = case.build(), case.minutes(), pauses_of(case, pairs)
    counted = unpaused(minutes, pairs)
    for n in range(0, HORIZON, 7):
        assert calendar.is_open(case.start + n * MINUTE) is minutes[n]
    for n in points:
        at = case.start + n * MINUTE
        opening = next((m for m in range(n, HORIZON) if minutes[m]), None)
        if opening is not None:
            assert calendar.next_open(at) == case.start + opening * MINUTE
        closing = n if minutes[n] else next((m + 1 for m in range(n - 1, -1, -1) if minutes[m]), None)
        if closing is not None:
            assert calendar.latest_open(at) == case.start + closing * MINUTE
        for end in points:
            expected = sum(counted[n:end]) * MINUTE
            assert calendar.elapsed(at, case.start + end * MINUTE, pauses) == expected
            if n <= end and counted[end]:  # the first instant with one open minute more than until `end`
                assert calendar.add(at, expected + MINUTE, pauses) == case.start + (end + 1) * MINUTE


@settings(max_examples=60, deadline=None)
@given(cases(), minute, st.integers(1, 4))
def test_working_days_are_those_that_the_oracle_counts(case, n, days):
    dates = [day for day, _ in wall_clock(case.zone, case.start)]
    last: dict[date, int] = {}
    for m, is_open in enumerate(case.minutes()):
        if is_open and dates[m] > dates[n]:
            last[dates[m]] = m + 1
    complete = sorted(day for day in last if day < dates[-1])
    if days <= len(complete):
        due = case.start + last[complete[days - 1]] * MINUTE
        assert case.build().add_working_days(case.start + n * MINUTE, days) == due


starts = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
durations = st.timedeltas(timedelta(0), timedelta(days=40))
SMALL_HOURS = {day: [("01:15", "02:20"), ("08:30", "12:00"), ("13:00", "21:00")] for day in WEEKDAYS}
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
CALENDARS = [
    BusinessCalendar(zone, SMALL_HOURS, closed=[date(year, 1, 1) for year in range(2000, 2045)]) for zone in ZONES
]
in_every_zone = pytest.mark.parametrize(
    "calendar", [pytest.param(it, id=z) for it, z in zip(CALENDARS, ZONES, strict=True)]
)


@st.composite
def pauses(draw, near: datetime) -> list[tuple[datetime, datetime]]:
    found = []
    for _ in range(draw(st.integers(0, 4))):
        start = near + draw(st.timedeltas(timedelta(days=-2), timedelta(days=20)))
        found.append((start, start + draw(st.timedeltas(timedelta(0), timedelta(days=5)))))
    return found


@in_every_zone
@settings(max_examples=100, deadline=None)
@given(st.data(), starts, durations)
def test_what_is_added_has_elapsed_and_not_a_microsecond_earlier(calendar, data, start, duration):
    held = data.draw(pauses(start))
    due = calendar.add(start, duration, held)
    assert calendar.elapsed(start, due, held) == duration
    if duration:
        assert calendar.elapsed(start, due - timedelta(microseconds=1), held) == duration - timedelta(microseconds=1)


@in_every_zone
@settings(max_examples=100, deadline=None)
@given(st.data(), starts, durations)
def test_adding_what_has_elapsed_leads_back_to_the_instant_when_it_counts(calendar, data, start, span):
    held = data.draw(pauses(start))
    end = start + span
    back = calendar.add(start, calendar.elapsed(start, end, held), held)
    assert back <= end
    assert calendar.elapsed(back, end, held) == timedelta(0)  # nothing that counts lies between


@in_every_zone
@settings(max_examples=100, deadline=None)
@given(starts, durations, durations)
def test_adding_twice_is_adding_the_sum(calendar, start, one, other):
    assert calendar.add(calendar.add(start, one), other) == calendar.add(start, one + other)


@in_every_zone
@settings(max_examples=100, deadline=None)
@given(st.data(), starts, durations, durations, durations)
def test_later_starts_and_longer_durations_never_end_earlier(calendar, data, start, later, duration, more):
    held = data.draw(pauses(start))
    due = calendar.add(start, duration, held)
    assert due >= start
    assert due <= calendar.add(start + later, duration, held)
    assert due <= calendar.add(start, duration + more, held)
    assert calendar.elapsed(start, start + later, held) <= calendar.elapsed(start, start + later + more, held)
    assert calendar.elapsed(start + later, start + later + more, held) <= calendar.elapsed(
        start, start + later + more, held
    )


@in_every_zone
@settings(max_examples=100, deadline=None)
@given(st.data(), starts, durations)
def test_pauses_only_ever_push_later_and_by_their_open_time_at_most(calendar, data, start, duration):
    few, more = data.draw(pauses(start)), data.draw(pauses(start))
    free, held, longer = (calendar.add(start, duration, some) for some in ((), few, [*few, *more]))
    assert free <= held <= longer
    assert calendar.elapsed(free, held) <= sum((calendar.elapsed(*pause) for pause in few), timedelta(0))


@in_every_zone
@settings(max_examples=100, deadline=None)
@given(starts, st.integers(1, 30), durations)
def test_working_days_go_on_from_each_other_and_never_back(calendar, start, n, later):
    due = calendar.add_working_days(start, n)
    assert due <= calendar.add_working_days(start + later, n)
    assert due < calendar.add_working_days(start, n + 1)
    assert calendar.add_working_days(due, 1) == calendar.add_working_days(start, n + 1)  # windows end before midnight


@in_every_zone
@settings(max_examples=100, deadline=None)
@given(starts)
def test_the_next_and_the_latest_opening_meet_the_instant(calendar, start):
    opening, closing = calendar.next_open(start), calendar.latest_open(start)
    assert closing <= start <= opening
    assert calendar.is_open(opening)
    assert calendar.elapsed(closing, opening) == timedelta(0)
    assert (closing == start == opening) or not calendar.is_open(start)
