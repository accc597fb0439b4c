"""Which tenants' calendars do not know the holidays of the years that their clocks reach."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from amends.policy.model import Policy
from amends.policy.verdict import years_ahead

TENANTS_TOLD_MAX: Final = 10
"""How many tenants are named; who looks at one service's state does not read more."""


def unknown_holidays(policies: Iterable[tuple[str, int, Policy]], year: int) -> Mapping[str, str]:
    """Return what `/readyz` says of (tenant, version, policy), nothing when all years are known. It makes nothing unready."""
    told = [
        f"{tenant} version {version}: {'; '.join(str(warning) for warning in found)}"
        for tenant, version, policy in policies
        if (found := years_ahead(policy, year))
    ]
    if not told:
        return {}
    shown = list(islice(told, TENANTS_TOLD_MAX))
    more = [f"and {len(told) - len(shown)} more tenants"] if len(told) > len(shown) else []
    return {"details unconfirmed holidays": "; ".join([*shown, *more])}
