"""Every finding about a policy whose rows could be read: names, ties, gaps, steps, the law (RULEBOOK, "One policy for all of it")."""

from collections.abc import Iterable

from amends.policy.findings import Finding
from amends.policy.gaps import find_gaps
from amends.policy.model import Policy
from amends.policy.names import find_unknown_names
from amends.policy.reach import find_unreachable_rows
from amends.policy.shapes import find_misshapen_rows
from amends.policy.statutory import find_unlawful_rows
from amends.policy.ties import find_ties


def check(policy: Policy) -> tuple[Finding, ...]:
    """Return everything that refuses the policy, in the order of its rows' kinds; nothing: it may be published."""
    return (*without_gaps(policy), *find_unreachable_rows(policy), *find_gaps(policy))


def without_gaps(policy: Policy) -> tuple[Finding, ...]:
    """Return the findings that still mean something when other rows could not be read."""
    return (
        *find_unknown_names(policy),
        *find_misshapen_rows(policy),
        *find_ties(policy),
        *find_unlawful_rows(policy),
    )


def warnings(policy: Policy, years: Iterable[int]) -> tuple[Finding, ...]:
    """Return a warning for each calendar that does not know the holidays of one of these years.

    Give the years that clocks will reach soon: this one and the next.
    """
    found: list[Finding] = []
    for name, row in policy.calendars.items():
        unknown = [str(year) for year in years if row.confirmed_years is not None and year not in row.confirmed_years]
        if unknown:
            message = f"the holidays of {', '.join(unknown)} are not confirmed: only the weekly hours hold there"
            found.append(Finding(f"calendars.{name}", message, refuses=False))
    return tuple(found)
