"""When a clock is due, and when its warning: exact to the microsecond, from the row and the start alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from amends.calendar import WEEKDAYS, BusinessCalendar
from amends.frozen import frozen
from amends.policy.messages import RevisitRow
from amends.policy.model import Policy
from amends.policy.rows import ClockRow, ReplyWindow

Pauses = Sequence[tuple[datetime, datetime]]
"""(start, end) of the times that do not count for a clock; both known: while a pause lasts, nothing is due."""

_ALWAYS: Final = BusinessCalendar("UTC", {day: [("00:00", "24:00")] for day in WEEKDAYS})


@frozen
class Due:
    """A due time (met at it, breached after it), its warning, and whether every year it reckoned with is confirmed."""

    due_at: datetime
    warn_at: datetime | None
    calendar_confirmed: bool


def due(row: ClockRow, start: datetime, policy: Policy, pauses: Pauses = ()) -> Due:
    """Return when a clock that starts then is due under this row. All times are aware; results are UTC.

    `pauses` count only for a row that has some (`row.pauses`); give those that have ended.

    Raises:
        ValueError: the row has no target of its own (`start: agreed`); use `due_at_agreed`.
    """
    counted = _counted(row, pauses)
    due_at = _due_at(row, start, policy, counted)
    warn_at = _warn_at(row, start, due_at, policy, counted, row.target)
    return Due(due_at, warn_at, calendar_confirmed(row, start, due_at, policy))


def due_at_agreed(row: ClockRow, start: datetime, agreed: datetime, policy: Policy) -> Due:
    """Return the due time that the customer agreed to (F2), as a clock's own."""
    due_at = _utc(agreed)
    return Due(due_at, warn_for(row, start, due_at, policy), calendar_confirmed(row, start, due_at, policy))


def warn_for(row: ClockRow, start: datetime, due_at: datetime, policy: Policy, pauses: Pauses = ()) -> datetime | None:
    """Return when a clock with this start and due time warns; also for a moved due time (CONTRACT §3).

    That is the row's part of the time between, counted in the clock's own time: open time where the row has a calendar,
    without its pauses. None: the row never warns, or nothing lies between.
    """
    return _warn_at(row, start, due_at, policy, _counted(row, pauses))


def calendar_confirmed(row: ClockRow, start: datetime, due_at: datetime, policy: Policy) -> bool:
    """Say whether the holidays of every year from start to due time are known; always, for a row without a calendar."""
    if row.calendar is None:
        return True
    zone = ZoneInfo(policy.timezone)
    first, last = start.astimezone(zone).date(), due_at.astimezone(zone).date()
    return policy.calendars[row.calendar].confirmed(first, last)


def revisit_due(row: RevisitRow, start: datetime, policy: Policy) -> datetime:
    """Return when a revisit planned at `start` is due: pulled back, or on, to service time (H1, H4); never before start."""
    calendar = policy.calendar(row.calendar)
    exact = _utc(start) + row.after
    moved = calendar.latest_open(exact) if row.shift == "back" else calendar.next_open(exact)
    return max(moved, _utc(start))


def _warn_at(
    row: ClockRow, start: datetime, due_at: datetime, policy: Policy, counted: Pauses, whole: timedelta | None = None
) -> datetime | None:
    """Find the warning. `whole`: the clock's own time from start to due time, where that is known."""
    if row.warn_at is None or due_at <= start:
        return None
    part = _exact(row.warn_at)
    if row.calendar is None and not counted:
        return _utc(start) + _part(due_at - start, part)
    calendar = _calendar_of(row, policy)
    if whole is None:
        whole = calendar.elapsed(start, due_at, counted)
    return calendar.add(start, _part(whole, part), counted)


def _counted(row: ClockRow, pauses: Pauses) -> Pauses:
    return pauses if row.pauses else ()


def _calendar_of(row: ClockRow, policy: Policy) -> BusinessCalendar:
    return _ALWAYS if row.calendar is None else policy.calendar(row.calendar)


def _due_at(row: ClockRow, start: datetime, policy: Policy, pauses: Pauses) -> datetime:
    if row.window:
        return _by_window(row.window, start, ZoneInfo(policy.timezone))
    if row.working_days is not None and row.calendar is not None:
        return policy.calendar(row.calendar).add_working_days(start, row.working_days)
    if row.target is None:
        raise ValueError(f"{row.name} has no target of its own: its due time is agreed with the customer")
    if row.calendar is None and not pauses:
        return _utc(start) + row.target
    return _calendar_of(row, policy).add(start, row.target, pauses)


def _by_window(windows: tuple[ReplyWindow, ...], start: datetime, zone: ZoneInfo) -> datetime:
    """Find the window that the start's wall-clock time lies in; its due time is a wall-clock time of the same zone."""
    local = start.astimezone(zone)
    minutes = timedelta(hours=local.hour, minutes=local.minute)
    window = next(w for w in windows if wall_clock(w.since) <= minutes < wall_clock(w.until))
    midnight = datetime.combine(local.date() + timedelta(days=window.days), time(), tzinfo=zone)
    return _utc(midnight + wall_clock(window.by))


@lru_cache(maxsize=256)
def wall_clock(text: str) -> timedelta:
    """Return `18:00` as the time since midnight; `24:00` is a whole day."""
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


@lru_cache(maxsize=256)
def _exact(part: float) -> Fraction:
    """Return the fraction as it was written, 0.8 as 4/5; a policy has few of them."""
    return Fraction(str(part))


def _part(whole: timedelta, part: Fraction) -> timedelta:
    """Take a part exactly, then round to the microsecond: a float would leave the last digit to chance."""
    return whole * part.numerator / part.denominator


def _utc(at: datetime) -> datetime:
    """Return the instant in UTC.

    Raises:
        ValueError: it has no zone; guessing one would move a deadline.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(UTC)
