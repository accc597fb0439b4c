"""Which row of a policy is a ticket's: per clock, the most specific one that matches (RULEBOOK, "One policy for all of it")."""

from dataclasses import dataclass

from amends.policy.model import Policy
from amends.policy.rows import ClockRow, Scope
from amends.policy.values import ClockName


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


def matches(scope: Scope, facts: TicketFacts) -> bool:
    """Say whether a row with this scope is for this ticket."""
    return (
        (scope.tenant is None or scope.tenant == facts.tenant)
        and facts.tags.issuperset(scope.tags)
        and (not scope.case_type or facts.case_type in scope.case_type)
        and (not scope.level or facts.level in scope.level)
        and (not scope.channel or facts.channel in scope.channel)
        and (not scope.kind or facts.kind in scope.kind)
    )


def choose(policy: Policy, clock: ClockName, facts: TicketFacts, *, agreed: bool = False) -> Choice:
    """Return the winning row of a clock and its rivals. `agreed`: among the rows for a time agreed with the customer."""
    found = [row for row in policy.rows(clock) if (row.start == "agreed") is agreed and matches(row.scope, facts)]
    found.sort(key=lambda row: row.scope.specificity, reverse=True)
    return Choice(found[0] if found else None, tuple(found))


def row_for(policy: Policy, clock: ClockName, facts: TicketFacts, *, agreed: bool = False) -> ClockRow | None:
    """Return the row of a clock for this ticket, or None when the policy has no such clock for it."""
    return choose(policy, clock, facts, agreed=agreed).row
