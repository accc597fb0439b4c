"""Instants as they stand on the wire: RFC 3339, UTC, microseconds, `Z` (CONTRACT §1)."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_WRITTEN: Final = "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ"  # every event has several: half of isoformat's time


@lru_cache(maxsize=1024)  # the events of one moment name the same few instants
def format_instant(at: datetime) -> str:
    """Write an aware datetime as `2026-05-13T01:20:00.000000Z`.

    Raises:
        ValueError: the datetime has no zone; guessing one would move a deadline.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give one, for example +08:00 or Z")
    it = at if at.tzinfo is UTC else at.astimezone(UTC)
    return _WRITTEN % (it.year, it.month, it.day, it.hour, it.minute, it.second, it.microsecond)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with any offset and return it in UTC.

    Raises:
        ValueError: not a time, or a time without a zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone; give one, for example +08:00 or Z")
    return at.astimezone(UTC)
