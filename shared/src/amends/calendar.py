"""Open hours: how much of them lies between two instants, and where a deadline in them falls (CONTRACT §5).

An instant is open iff its local date and time lie in a window. So every computation turns windows into intervals of
UTC first, once per year, and then only looks them up: a repeated hour is there twice, a skipped one not at all.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from operator import itemgetter
from typing import Final

from amends.day_windows import Interval, Windows, merged, union
from amends.zone_time import DAY, EPOCH_ORDINAL, MICROSECOND, instant, micros, new_year, stretches, zone_named

Pauses = Iterable[tuple[datetime, datetime]]

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEARS_KEPT_MAX: Final = 128  # a year takes some 40 KiB; no deadline is so far away


@dataclass(frozen=True, slots=True)
class _Year:
    """The open intervals of one year of UTC, disjoint and in order; `before[i]` is the open time ahead of the i-th."""

    starts: Sequence[int]
    ends: Sequence[int]
    before: Sequence[int]
    total: int

    def open_until(self, at: int) -> int:
        i = bisect_right(self.starts, at) - 1
        return 0 if i < 0 else self.before[i] + min(at, self.ends[i]) - self.starts[i]

    def reach(self, open_time: int) -> int:
        """Return the earliest instant with this much open time behind it, 0 < open_time ≤ total."""
        i = bisect_left(self.before, open_time) - 1
        return self.starts[i] + open_time - self.before[i]


class BusinessCalendar:
    """Open hours in a zone; see CONTRACT §5 for every promise. Answers are in UTC, durations are elapsed time.

    Args:
        timezone: an IANA name.
        weekly: `mon` … `sun` → windows `("08:30", "12:00")`, a union; `24:00` may end one.
        closed: dates without open time.
        special: date → windows that replace that day's, also if it is closed; no window closes it.

    Raises:
        ValueError: unknown zone or weekday, a window that ends before it starts, a calendar that never opens. Every
            method raises it for a naive datetime.
    """

    def __init__(
        self,
        timezone: str,
        weekly: Mapping[str, Windows],
        closed: Iterable[date] = (),
        special: Mapping[date, Windows] | None = None,
    ) -> None:
        self._zone = zone_named(timezone)
        unknown = set(weekly) - set(WEEKDAYS)
        if unknown:
            raise ValueError(f"{', '.join(sorted(map(str, unknown)))}: weekdays are {', '.join(WEEKDAYS)}")
        self._weekly = [union(weekly.get(day, ())) for day in WEEKDAYS]
        days: dict[int, list[Interval]] = {_ordinal(day): [] for day in closed}
        days.update({_ordinal(day): union(windows) for day, windows in (special or {}).items()})
        self._days = days
        self._years: dict[int, _Year] = {}
        self._closings: dict[int, list[Interval]] = {}
        self._first_year, self._last_year = date.min.year, date.max.year
        if not any(self._weekly):
            open_years = [date.fromordinal(day).year for day, windows in days.items() if windows]
            if not any(self._closing_of(year) for year in open_years):
                raise ValueError("this calendar never opens")
            self._first_year = max(date.min.year, min(open_years) - 1)
            self._last_year = min(date.max.year, max(open_years) + 1)

    def add(self, start: datetime, duration: timedelta, pauses: Pauses = ()) -> datetime:
        """Return the earliest instant ≥ start with `elapsed(start, it, pauses)` = duration; `start` for zero.

        Raises:
            ValueError: negative duration, or less open time ahead than that.
        """
        at, left = micros(start), duration // MICROSECOND
        if left < 0:
            raise ValueError(f"{duration} is negative")
        apart = list(merged(_pause(pause) for pause in pauses))
        if left == 0:
            return instant(at)
        for pause_start, pause_end in apart:
            if pause_end <= at:
                continue
            if pause_start > at:
                due = self._add(at, left)
                if due <= pause_start:
                    return instant(due)
                left -= self._open_between(at, pause_start)
            at = pause_end
        return instant(self._add(at, left))

    def elapsed(self, start: datetime, end: datetime, pauses: Pauses = ()) -> timedelta:
        """Return the open time from start to end without the pauses' open time; zero when end ≤ start."""
        first, last = micros(start), micros(end)
        paused = sum(
            self._open_between(max(first, pause_start), min(last, pause_end))
            for pause_start, pause_end in merged(_pause(pause) for pause in pauses)
        )
        return (self._open_between(first, last) - paused) * MICROSECOND

    def is_open(self, at: datetime) -> bool:
        """Whether the instant lies in a window. The closing instant does not."""
        return self._is_open(micros(at))

    def next_open(self, at: datetime) -> datetime:
        """Return `at` when open, else the next opening instant. ValueError: it never opens again."""
        number = micros(at)
        if self._is_open(number):
            return instant(number)
        for year_number in range(max(instant(number).year, self._first_year), self._last_year + 1):
            year = self._year(year_number)
            i = bisect_left(year.starts, number)
            if i < len(year.starts):
                return instant(year.starts[i])
        raise ValueError(f"too little open time ahead of {at.isoformat()}")

    def latest_open(self, at: datetime) -> datetime:
        """Return `at` when open, else the last closing instant. ValueError: it was never open before."""
        number = micros(at)
        if self._is_open(number):
            return instant(number)
        for year_number in range(min(instant(number).year, self._last_year), self._first_year - 1, -1):
            year = self._year(year_number)
            i = bisect_right(year.ends, number)
            if i:
                return instant(year.ends[i - 1])
        raise ValueError(f"never open before {at.isoformat()}")

    def open_between(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open stretches from start to end, in order and cut to them; one that is open over New Year comes in two."""
        first, last = micros(start), micros(end)
        years = range(instant(first).year, instant(last).year + 1) if first < last else ()
        for number in years:
            year = self._year(number)
            for i in range(bisect_right(year.ends, first), bisect_left(year.starts, last)):
                yield instant(max(year.starts[i], first)), instant(min(year.ends[i], last))

    def add_working_days(self, start: datetime, n: int) -> datetime:
        """Return the closing instant of the nth date with open time after start's date in the calendar's zone.

        Raises:
            ValueError: n < 1, or fewer such dates ahead.
        """
        if n < 1:
            raise ValueError(f"{n} working days: at least 1")
        today = instant(micros(start)).astimezone(self._zone).date()
        left = n
        for number in range(max(today.year, self._first_year), self._last_year + 1):
            closings = self._closing_of(number)
            done = bisect_right(closings, today.toordinal(), key=itemgetter(0))
            if done + left <= len(closings):
                return instant(closings[done + left - 1][1])
            left -= len(closings) - done
        raise ValueError(f"too little open time ahead of {start.isoformat()}")

    def _is_open(self, at: int) -> bool:
        year = self._year(instant(at).year)
        i = bisect_right(year.starts, at) - 1
        return i >= 0 and at < year.ends[i]

    def _open_between(self, start: int, end: int) -> int:
        if end <= start:
            return 0
        first, last = instant(start).year, instant(end).year
        between = sum(self._year(number).total for number in range(first, last))
        return between + self._year(last).open_until(end) - self._year(first).open_until(start)

    def _add(self, at: int, open_time: int) -> int:
        if at + open_time <= new_year(date.max.year + 1):  # else not even a calendar that never closes has so much
            first = instant(at).year
            left = self._year(first).open_until(at) + open_time
            for number in range(first, max(first, self._last_year) + 1):
                year = self._year(number)
                if left <= year.total:
                    return year.reach(left)
                left -= year.total
        raise ValueError(f"too little open time ahead of {instant(at).isoformat()}")

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            start, end = new_year(number), new_year(number + 1)
            clipped = ((max(a, start), min(b, end)) for _, a, b in self._open(number))
            intervals = list(merged(clipped))
            lengths = [0, *accumulate(b - a for a, b in intervals)]
            year = _Year([a for a, _ in intervals], [b for _, b in intervals], lengths[:-1], lengths[-1])
            if len(self._years) >= _YEARS_KEPT_MAX:
                self._years.clear()
            self._years[number] = year
        return year

    def _closing_of(self, number: int) -> list[Interval]:
        """Return (date's ordinal, its closing instant) of every date with open time in a local year, in order."""
        closings = self._closings.get(number)
        if closings is None:
            latest: dict[int, int] = {}
            for day, _, end in self._open(number):
                latest[day] = max(end, latest.get(day, end))
            closings = sorted((day, end) for day, end in latest.items() if date.fromordinal(day).year == number)
            self._closings[number] = closings
        return closings

    def _open(self, number: int) -> Iterator[tuple[int, int, int]]:
        """Yield (local date's ordinal, start, end) of the open intervals of a year and the days around it."""
        for stretch in stretches(self._zone, number):
            first = (stretch.start + stretch.offset) // DAY
            last = (stretch.end + stretch.offset - 1) // DAY
            for day in range(first, last + 1):
                ordinal = day + EPOCH_ORDINAL
                windows = self._days.get(ordinal)
                utc = day * DAY - stretch.offset
                for opens, closes in self._weekly[(ordinal + 6) % 7] if windows is None else windows:
                    start, end = max(utc + opens, stretch.start), min(utc + closes, stretch.end)
                    if start < end:
                        yield ordinal, start, end


def _pause(pause: tuple[datetime | None, datetime | None]) -> Interval:
    start, end = pause
    if start is None or end is None:
        raise ValueError("a pause needs its start and its end")
    return micros(start), micros(end)


def _ordinal(day: date) -> int:
    if not isinstance(day, date):
        raise ValueError(f"{day!r} is no date")  # noqa: TRY004 - every refusal of a calendar is a ValueError
    return day.toordinal()
