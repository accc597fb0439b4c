"""Which clocks begin when a ticket is opened, or opened again (CONTRACT §3, column "starts")."""

from datetime import datetime

from amends.policy.choose import TicketFacts, row_for
from amends.policy.facts import opened_live
from amends.policy.model import Policy
from amends.policy.rows import ClockRow, Start
from amends.policy.values import CLOCK_ORDER, ClockName

AFRESH: tuple[ClockName, ...] = (
    "level_response",
    "level_solution",
    "progress_reply",
    "solve",
    "escalate",
    "contact_interval",
)
"""The clocks that a reopened ticket runs again."""

AGREED_CLOCK: ClockName = "progress_reply"
"""The clock that a time agreed with the customer sets (F2)."""

AGREED = "agreed with the customer"
"""The reason of a move to such a time."""


def row_at_opening(policy: Policy, clock: ClockName, facts: TicketFacts, accepted_at: datetime) -> ClockRow | None:
    """Return the row under which an opened ticket runs this clock, or None when its opening starts no such clock."""
    row = row_for(policy, clock, facts)
    return row if row is not None and row.start in _starts(policy, facts, accepted_at) else None


def rows_at_opening(policy: Policy, facts: TicketFacts, accepted_at: datetime) -> tuple[ClockRow, ...]:
    """Return every row that an opened ticket runs, in CONTRACT §3's order."""
    starts = _starts(policy, facts, accepted_at)
    rows = (row_for(policy, clock, facts) for clock in CLOCK_ORDER)
    return tuple(row for row in rows if row is not None and row.start in starts)


def _starts(policy: Policy, facts: TicketFacts, accepted_at: datetime) -> tuple[Start, Start]:
    live = opened_live(policy, facts.channel, accepted_at)
    return "opened", "opened_live" if live else "opened_queued"


def agreed_row(policy: Policy, facts: TicketFacts) -> ClockRow | None:
    """Return the row for a time agreed with the customer (F2)."""
    return row_for(policy, AGREED_CLOCK, facts, agreed=True)
