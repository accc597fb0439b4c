"""Rows that no ticket can ever have: whoever wrote them believes in a promise that nobody keeps."""

from collections.abc import Iterator
from itertools import product

from amends.events.parts import LEVELS
from amends.policy.choose import TicketFacts
from amends.policy.findings import Finding
from amends.policy.gaps import ANY_TENANT
from amends.policy.index import matches
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from amends.policy.ties import overlap


def find_unreachable_rows(policy: Policy) -> tuple[Finding, ...]:
    """Return a finding for every row that another always wins over, or that nothing starts."""
    found: list[Finding] = []
    for row in policy.clocks:
        message = _never_starts(row, policy) or _never_wins(row, policy)
        if message is not None:
            found.append(Finding(f"clocks {row.name}", f"no ticket can ever have this row: {message}"))
    return tuple(found)


def _never_starts(row: ClockRow, policy: Policy) -> str | None:
    staffed = policy.channels.staffed
    if row.start == "opened_live" and not set(row.scope.channel or staffed) & set(staffed):
        return f"it starts on staffed channels only, which are {', '.join(staffed) or 'none'}"
    if row.start == "first_breach" and not any(_starts(other, row) for other in policy.clocks):
        return f"no row's breach starts {row.clock} for its tickets"
    return None


def _starts(other: ClockRow, row: ClockRow) -> bool:
    started = (*other.started_clocks(1), *other.started_clocks(2))
    return row.clock in started and overlap(other.scope, row.scope)


def _never_wins(row: ClockRow, policy: Policy) -> str | None:
    """A ticket with no more tags than the row asks for has the fewest rivals: if it is lost to them, all are."""
    rivals = [
        other
        for other in policy.rows(row.clock)
        if (other.start == "agreed") == (row.start == "agreed") and other.scope.specificity > row.scope.specificity
    ]
    winners: dict[str, None] = {}
    for facts in _tickets_of(row, policy, rivals):
        winner = next((rival for rival in rivals if matches(rival.scope, facts)), None)
        if winner is None:
            return None
        winners[winner.name] = None
    return f"{', '.join(winners)} is more specific wherever it matches" if winners else None


def _tickets_of(row: ClockRow, policy: Policy, rivals: list[ClockRow]) -> Iterator[TicketFacts]:
    """Yield the tickets that the row matches, as far as its rivals tell them apart."""
    scope = row.scope

    def values(field: str, known: tuple[str, ...]) -> tuple[str, ...]:
        asked: tuple[str, ...] = getattr(scope, field)
        told_apart = any(getattr(rival.scope, field) for rival in rivals)
        return asked or (known if told_apart else known[:1])

    cases = values("case_type", tuple(sorted(policy.case_type_names)))
    channels, kinds = values("channel", policy.channels.names), values("kind", policy.kinds)
    for case, level, channel, kind in product(cases, scope.level or LEVELS, channels, kinds):
        yield TicketFacts(scope.tenant or ANY_TENANT, frozenset(scope.tags), case, level, channel, kind)
