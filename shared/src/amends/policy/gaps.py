"""Tickets that a clock of CONTRACT §3 should watch and no row does."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from amends.events.parts import LEVELS
from amends.policy.choose import TicketFacts, row_for
from amends.policy.findings import Finding
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from amends.policy.values import CLOCK_ORDER, ClockName

ANY_TENANT = ""


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which tickets a clock must watch: of these kinds (None: all), on staffed channels only."""

    kinds: tuple[str, ...] | None = None
    staffed_only: bool = False


MUST_WATCH: Mapping[ClockName, _Reach] = {
    "connect": _Reach(staffed_only=True),
    "ack": _Reach(),
    "level_response": _Reach(kinds=("complaint", "suggestion")),
    "level_solution": _Reach(kinds=("complaint", "suggestion")),
    "progress_reply": _Reach(),
    "dept_reply": _Reach(),
    "assess": _Reach(kinds=("after_sales",)),
    "complete": _Reach(kinds=("after_sales",)),
    "solve": _Reach(kinds=("consultation",)),
    "escalate": _Reach(),
    "contact_interval": _Reach(),
    "feedback": _Reach(),
}
"""CONTRACT §3, column "starts". The clocks that are not here run for some case types only (B3, B5, second steps)."""


def find_gaps(policy: Policy) -> tuple[Finding, ...]:
    """Return a finding for every group of tickets that a clock leaves out, and for every clock started without a row."""
    return (*_unwatched(policy), *_started_without_row(policy), *_agreed_without_row(policy))


def _unwatched(policy: Policy) -> Iterator[Finding]:
    for clock in CLOCK_ORDER:
        reach = MUST_WATCH.get(clock)
        if reach is None:
            continue
        kinds = [kind for kind in policy.kinds if reach.kinds is None or kind in reach.kinds]
        channels = policy.channels.staffed if reach.staffed_only else policy.channels.names
        missed = [facts for facts in _tickets(policy, clock, kinds, channels) if row_for(policy, clock, facts) is None]
        if missed:
            yield Finding(f"clocks of {clock}", _told(clock, policy, missed))


def _tickets(policy: Policy, clock: ClockName, kinds: Iterable[str], channels: Iterable[str]) -> Iterator[TicketFacts]:
    """Return one ticket for each combination of what the clock's rows tell apart; what none asks for is left at one."""
    scopes = [row.scope for row in policy.rows(clock)]
    by_case = any(scope.case_type for scope in scopes) or clock == "dept_reply"
    cases = sorted(policy.case_type_names)
    levels = LEVELS if any(scope.level for scope in scopes) else LEVELS[:1]
    kinds, channels = tuple(kinds), tuple(channels)
    if not any(scope.kind for scope in scopes):
        kinds = kinds[:1]
    if not any(scope.channel for scope in scopes):
        channels = channels[:1]
    for case, level, channel, kind in product(cases if by_case else cases[:1], levels, channels, kinds):
        yield TicketFacts(ANY_TENANT, frozenset(), case, level, channel, kind)


def _told(clock: ClockName, policy: Policy, missed: list[TicketFacts]) -> str:
    """Describe the tickets left out by what the clock's rows tell apart."""
    scopes = [row.scope for row in policy.rows(clock)]
    if not scopes:
        return "there is no row at all"
    cases = f"case type {_listed(facts.case_type for facts in missed)}"
    parts: list[str] = []
    if any(scope.level for scope in scopes):
        parts.append(f"level {_listed(str(facts.level) for facts in missed)}")
    if any(scope.channel for scope in scopes):
        parts.append(f"channel {_listed(facts.channel for facts in missed)}")
    if any(scope.kind for scope in scopes):
        parts.append(f"kind {_listed(facts.kind for facts in missed)}")
    if clock == "dept_reply":
        return "no deadline for " + "; ".join([cases, *parts])
    if any(scope.case_type for scope in scopes):
        parts.append(cases)
    return "no row for " + "; ".join(parts or ["a ticket without tags"])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))


def _started_without_row(policy: Policy) -> Iterator[Finding]:
    """A step that starts a clock needs a row of that clock for every ticket that the step can happen to."""
    for row in policy.clocks:
        for clock in (*row.started_clocks(1), *row.started_clocks(2)):
            missed = [f.case_type for f in _tickets_of(policy, row) if row_for(policy, clock, f) is None]
            if missed:
                cases = ", ".join(dict.fromkeys(missed))
                yield Finding(f"clocks {row.name}", f"starts {clock}, which has no row for case type {cases}")


def _tickets_of(policy: Policy, row: ClockRow) -> Iterator[TicketFacts]:
    """Return every ticket that a row can be for, as far as rows can tell them apart."""
    scope = row.scope
    for case, level, channel, kind in product(
        scope.case_type or sorted(policy.case_type_names),
        scope.level or LEVELS,
        scope.channel or policy.channels.names,
        scope.kind or policy.kinds,
    ):
        yield TicketFacts(scope.tenant or ANY_TENANT, frozenset(scope.tags), case, level, channel, kind)


def _agreed_without_row(policy: Policy) -> Iterator[Finding]:
    if not any(row.start == "agreed" for row in policy.rows("progress_reply")):
        yield Finding("clocks of progress_reply", "no row with start: agreed, for a time agreed with the customer")
