"""What the rulebook tests read the default policy with: the loaded policy, and tickets by what a rule asks of them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from amends.policy.choose import TicketFacts, row_for
from amends.policy.facts import facts_of
from amends.policy.load import default_policy
from amends.policy.rows import ClockRow

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = default_policy()


def shanghai(text: str) -> datetime:
    """Read `2026-05-13 09:20` as wall-clock time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def ticket(**given: Any) -> TicketFacts:
    """Return the facts of a ticket: an e-mailed consultation about something else, except for what is given."""
    opened = {"kind": "consultation", "case_type": "other", "channel": "email", **given}
    return facts_of(POLICY, "demo", opened)


def row_of(clock: Any, **given: Any) -> ClockRow:
    """Return the row that the default policy has for such a ticket."""
    row = row_for(POLICY, clock, ticket(**given))
    assert row is not None, f"no row of {clock} for {given}"
    return row
