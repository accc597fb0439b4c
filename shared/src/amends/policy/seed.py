"""Statutory holidays and make-up working days of mainland China, written into a calendar once, when it is loaded."""

from datetime import date, timedelta

import chinese_calendar

from amends.policy.calendars import CalendarRow, Weekday


def known_years() -> tuple[int, ...]:
    """Return the years that the holiday library knows."""
    return tuple(sorted({day.year for day in chinese_calendar.holidays}))


def seeded(row: CalendarRow) -> CalendarRow:
    """Return the row with its seed filled in: dates that the row itself names stay as they are; no seed, no change.

    A holiday on a day of the week with opening hours is closed; a working day on one without opens with Monday's hours.
    """
    if row.seed is None:
        return row
    years = tuple(year for year in known_years() if year >= row.seed.since)
    closed, special = set(row.closed), dict(row.special)
    for year in years:
        for day in _days_of(year):
            if day in row.closed or day in row.special:
                continue
            opens = bool(row.weekly.get(_weekday(day)))
            works = _works(day)
            if opens and not works:
                closed.add(day)
            elif works and not opens:
                special[day] = row.weekly.get("mon", ())
    confirmed = {*(row.confirmed_years or ()), *years}
    return row.model_copy(
        update={
            "closed": tuple(sorted(closed)),
            "special": dict(sorted(special.items())),
            "confirmed_years": tuple(sorted(confirmed)),
            "seed": None,
        }
    )


def _works(day: date) -> bool:
    """Say whether people work; the library's own question is some ten times as dear, which 23 years make felt."""
    return day in chinese_calendar.workdays or (_weekday(day) in _WORKING and day not in chinese_calendar.holidays)


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


_NAMES: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORKING: frozenset[Weekday] = frozenset(_NAMES[:5])


def _weekday(day: date) -> Weekday:
    return _NAMES[day.weekday()]
