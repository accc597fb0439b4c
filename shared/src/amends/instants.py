"""Instants as they stand on the wire: RFC 3339, UTC, microseconds, `Z` (CONTRACT §1)."""

from datetime import UTC, datetime
from typing import Final

_WITHOUT_OFFSET: Final = len("2026-05-13T01:20:00.000000")


def format_instant(at: datetime) -> str:
    """Write an aware datetime as `2026-05-13T01:20:00.000000Z`.

    Raises:
        ValueError: the datetime has no zone; guessing one would move a deadline.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give one, for example +08:00 or Z")
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return f"{utc.isoformat(timespec='microseconds')[:_WITHOUT_OFFSET]}Z"


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with any offset and return it in UTC.

    Raises:
        ValueError: not a time, or a time without a zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone; give one, for example +08:00 or Z")
    return at.astimezone(UTC)
