"""Names that rows use and the policy does not know: a typo would be a row that never matches."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from amends.events.registry import REGISTRY
from amends.policy.findings import Finding
from amends.policy.model import Policy
from amends.policy.rows import Scope


def find_unknown_names(policy: Policy) -> tuple[Finding, ...]:
    """Return a finding for every name without a meaning, and for every name given twice."""
    return (
        *_unknown_zone(policy),
        *_twice(policy),
        *_unknown_in_scopes(policy),
        *_unknown_calendars(policy),
        *_unknown_in_levels(policy),
        *_unknown_events(policy),
        *_unknown_brands(policy),
    )


def _unknown_zone(policy: Policy) -> Iterator[Finding]:
    try:
        ZoneInfo(policy.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Finding("timezone", f"no time zone is called {policy.timezone!r}")


def _twice(policy: Policy) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for row in policy.case_types:
        for name in row.names:
            if name in seen:
                yield Finding(f"case_types {row.id}", f"case type {name!r} stands under {seen[name]} already")
            seen[name] = row.id
    rows: set[str] = set()
    for clock_row in policy.clocks:
        if clock_row.name in rows:
            yield Finding(
                f"clocks {clock_row.name}", "two rows of this clock have this id; events could not tell which"
            )
        rows.add(clock_row.name)


def _unknown_in_scopes(policy: Policy) -> Iterator[Finding]:
    scopes: list[tuple[str, Scope]] = [(f"clocks {row.name}", row.scope) for row in policy.clocks]
    scopes += [(f"revisits {row.id}", row.scope) for row in policy.revisits]
    for name, scope in scopes:
        yield from _unknown(name, "case type", scope.case_type, policy.case_type_names)
        yield from _unknown(name, "tag", scope.tags, policy.tags)
        yield from _unknown(name, "channel", scope.channel, policy.channels.names)
        yield from _unknown(name, "kind", scope.kind, policy.kinds)
    yield from _unknown("channels.staffed", "channel", policy.channels.staffed, policy.channels.names)


def _unknown_in_levels(policy: Policy) -> Iterator[Finding]:
    yield from _unknown("levels.by_tag", "tag", policy.levels.by_tag, policy.tags)
    yield from _unknown("levels.step_up", "tag", policy.levels.step_up, policy.tags)
    yield from _unknown("levels.by_kind", "kind", policy.levels.by_kind, policy.kinds)
    for section, rule in (("reviews", policy.reviews), ("feedback", policy.feedback)):
        if rule is not None:
            yield from _unknown(section, "tag", rule.tags, policy.tags)
    if policy.groups is not None:
        yield from _unknown("groups", "tag", (policy.groups.tag,), policy.tags)
        yield from _unknown("groups", "kind", policy.groups.kinds, policy.kinds)


def _unknown_calendars(policy: Policy) -> Iterator[Finding]:
    used = [("channels", policy.channels.calendar)]
    used += [(f"clocks {row.name}", row.calendar) for row in policy.clocks if row.calendar is not None]
    used += [(f"revisits {row.id}", row.calendar) for row in policy.revisits]
    if policy.robot is not None:
        used.append(("robot", policy.robot.outside))
    for name, calendar in used:
        yield from _unknown(name, "calendar", (calendar,), policy.calendars)


def _unknown(row: str, what: str, used: Iterable[str], known: Iterable[str]) -> Iterator[Finding]:
    names = set(known)
    for name in used:
        if name not in names:
            yield Finding(row, f"unknown {what} {name!r}; known are {', '.join(sorted(names)) or 'none'}")


def _unknown_events(policy: Policy) -> Iterator[Finding]:
    known = {wire.removeprefix("amends.").removesuffix(".v1") for wire in REGISTRY}
    for row in policy.messages:
        yield from _unknown(f"messages {row.template}", "event", (row.when.event,), known)


def _unknown_brands(policy: Policy) -> Iterator[Finding]:
    known = policy.brands.names if policy.brands is not None else ()
    yield from _unknown("contacts.brands", "brand", policy.contacts.brands, known)
