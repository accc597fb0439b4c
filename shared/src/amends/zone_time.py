"""A zone's wall clock as arithmetic: whole microseconds since 1970, and the stretches of UTC that have one offset."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

MICROSECOND: Final = timedelta(microseconds=1)
SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = (date.min.toordinal() - EPOCH_ORDINAL + 2) * DAY  # where every zone's offset can still be asked for
_LAST: Final = (date.max.toordinal() - EPOCH_ORDINAL - 2) * DAY
_STEP: Final = DAY  # no zone has ever changed its offset twice in four days


class Stretch(NamedTuple):
    """A part of UTC, from start to before end, in which local time is UTC + offset."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=512)
def stretches(zone: ZoneInfo, number: int) -> tuple[Stretch, ...]:
    """Return the stretches of one offset that cover a year, whole in UTC and in the zone."""
    first = max(new_year(number) - 2 * DAY, _FIRST)
    last = min(new_year(number + 1) + 2 * DAY, _LAST)
    changes = [first]
    for low, high in pairwise((*range(first, last, _STEP), last)):
        if _offset(zone, low) != _offset(zone, high):
            changes.append(_change(zone, low, high))
    changes.append(last)
    return tuple(Stretch(start, end, _offset(zone, start)) for start, end in pairwise(changes))


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the whole second at which the zone gets another offset than it has at `low`."""
    before = _offset(zone, low)
    while high - low > SECOND:
        middle = low + (high - low) // (2 * SECOND) * SECOND
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = instant(at).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // MICROSECOND


def new_year(number: int) -> int:
    """Return the start of a year of UTC; of year 10000, the end of time."""
    ordinal = date(number, 1, 1).toordinal() if number <= date.max.year else date.max.toordinal() + 1
    return (ordinal - EPOCH_ORDINAL) * DAY


def micros(at: datetime) -> int:
    """Return an aware instant as a number. ValueError: it is naive."""
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give one, for example +08:00 or Z")
    return (at - _EPOCH) // MICROSECOND


def instant(number: int) -> datetime:
    """Return a number as an instant in UTC. ValueError: beyond the years that Python knows."""
    try:
        return _EPOCH + number * MICROSECOND
    except OverflowError as error:
        raise ValueError("beyond the years 1 to 9999") from error


def zone_named(name: str) -> ZoneInfo:
    """Return a zone by its IANA name. ValueError: there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone that this machine knows") from error
