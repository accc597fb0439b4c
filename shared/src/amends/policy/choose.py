"""Which row of a policy is a ticket's: per clock, the most specific one that matches (RULEBOOK, "One policy for all of it")."""

from dataclasses import dataclass

from amends.policy.index import index_of, matches
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from amends.policy.values import ClockName

__all__ = ["Choice", "TicketFacts", "choose", "matches", "row_for"]


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What rows ask of a ticket. `tags` hold the derived ones too (`amends.policy.facts`); `level` is never absent."""

    tenant: str
    tags: frozenset[str]
    case_type: str
    level: int
    channel: str
    kind: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The row that won, and every row that matched, most specific first: the ground for an explanation."""

    row: ClockRow | None
    candidates: tuple[ClockRow, ...]


def choose(policy: Policy, clock: ClockName, facts: TicketFacts, *, agreed: bool = False) -> Choice:
    """Return the winning row of a clock and its rivals. `agreed`: among the rows for a time agreed with the customer."""
    found = index_of(policy.clocks).matching(clock, facts, agreed=agreed)
    return Choice(found[0] if found else None, found)


def row_for(policy: Policy, clock: ClockName, facts: TicketFacts, *, agreed: bool = False) -> ClockRow | None:
    """Return the row of a clock for this ticket, or None when the policy has no such clock for it."""
    return index_of(policy.clocks).chosen(clock, facts, agreed=agreed)
