"""Windows of a day, such as `("08:30", "12:00")`, and the union of intervals."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from amends.zone_time import DAY, SECOND

Interval = tuple[int, int]
Windows = Iterable[tuple[str, str]]

_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def merged(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Yield the union of intervals, in order, disjoint and not touching; empty ones are left out."""
    current: Interval | None = None
    for start, end in sorted(it for it in intervals if it[0] < it[1]):
        if current is None:
            current = (start, end)
        elif start <= current[1]:
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current


def union(windows: Windows) -> list[Interval]:
    """Read the windows of one day, in microseconds of its wall clock.

    Raises:
        ValueError: no time of day, or a window that does not end after it starts.
    """
    read = []
    for opens, closes in windows:
        start, end = _time(opens), _time(closes)
        if not start < end:
            raise ValueError(f"the window {opens}-{closes} does not end after it starts")
        read.append((start, end))
    return list(merged(read))


def _time(text: str) -> int:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no time of day such as 08:30")
    hour, minute, second = (int(part or 0) for part in found.groups())
    at = (hour * 3_600 + minute * 60 + second) * SECOND
    if minute > 59 or second > 59 or at > DAY:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"{text!r} is no time of day: 24:00 is the latest")
    return at
