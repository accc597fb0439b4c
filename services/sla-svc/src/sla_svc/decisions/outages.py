"""When intake was away: the ticket watermark jumped, and departments could not reply (DESIGN, "An intake outage").

A breach whose deadline lies in such a jump, or shortly after it, is a breach all the same; it says `in_outage`, and its
remedy waits for a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Outage:
    """The ticket watermark said nothing between these two instants of domain time."""

    since: datetime
    until: datetime


def jumps(watermarks: Sequence[datetime], hold_after: timedelta) -> tuple[Outage, ...]:
    """Return where consecutive ticket watermarks lie further apart than `hold_after` (domain time)."""
    return tuple(Outage(before, after) for before, after in pairwise(watermarks) if after - before > hold_after)


def lies_in_outage(due_at: datetime, outages: Iterable[Outage], hold_after: timedelta) -> bool:
    """Say whether a deadline lies in an outage, or within `hold_after` after its end: nobody could reply in peace."""
    return any(outage.since < due_at <= outage.until + hold_after for outage in outages)
