"""Instants as they stand on the wire: RFC 3339, UTC, microseconds, `Z` (CONTRACT §1)."""

from datetime import UTC, datetime


def format_instant(at: datetime) -> str:
    """Write an aware datetime as `2026-05-13T01:20:00.000000Z`.

    Raises:
        ValueError: the datetime has no zone; guessing one would move a deadline.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give one, for example +08:00 or Z")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with any offset and return it in UTC.

    Raises:
        ValueError: not a time, or a time without a zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone; give one, for example +08:00 or Z")
    return at.astimezone(UTC)
