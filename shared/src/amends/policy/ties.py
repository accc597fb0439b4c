"""Two rows of one clock that a ticket could match equally well: which one holds would be chance."""

from itertools import combinations

from amends.policy.findings import Finding
from amends.policy.model import Policy
from amends.policy.rows import ClockRow, Scope


def find_ties(policy: Policy) -> tuple[Finding, ...]:
    """Return a finding for every pair of rows that are equally specific and could match one ticket."""
    return tuple(
        Finding(f"clocks {first.name}", f"ties with {second.name}: both match {_shared(first.scope, second.scope)}")
        for first, second in combinations(policy.clocks, 2)
        if _rivals(first, second) and overlap(first.scope, second.scope)
    )


def _rivals(first: ClockRow, second: ClockRow) -> bool:
    """Rows for an agreed time are chosen apart from the others (F2 beside F1)."""
    return (
        first.clock == second.clock
        and (first.start == "agreed") == (second.start == "agreed")
        and first.scope.specificity == second.scope.specificity
    )


def overlap(first: Scope, second: Scope) -> bool:
    """Say whether one ticket could match both. Tags never keep rows apart: a ticket may carry them all."""
    if first.tenant is not None and second.tenant is not None and first.tenant != second.tenant:
        return False
    pairs = (
        (first.case_type, second.case_type),
        (first.level, second.level),
        (first.channel, second.channel),
        (first.kind, second.kind),
    )
    return all(not one or not other or set(one) & set(other) for one, other in pairs)


def _shared(first: Scope, second: Scope) -> str:
    """Name a ticket that both match."""
    parts: list[str] = []
    if tags := sorted({*first.tags, *second.tags}):
        parts.append(f"tags {', '.join(tags)}")
    for field in ("case_type", "level", "channel", "kind"):
        one, other = getattr(first, field), getattr(second, field)
        both = sorted(set(one) & set(other)) if one and other else sorted({*one, *other})
        if both:
            parts.append(f"{field.replace('_', ' ')} {both[0]}")
    return "a ticket with " + ", ".join(parts) if parts else "every ticket"
