"""What a check answers, the same for `amends policy check` and `POST /v1/policies:check`: every finding, every warning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amends.policy.check import warnings
from amends.policy.findings import Finding
from amends.policy.load import PolicyError, load
from amends.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Verdict:
    """`policy`: the policy when it may be published; else None, and `findings` say why. `warnings` refuse nothing."""

    policy: Policy | None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the policy may be published."""
        return self.policy is not None

    def shown(self) -> dict[str, Any]:
        """Return the verdict as JSON."""
        return {
            "accepted": self.accepted,
            "findings": [finding.shown() for finding in self.findings],
            "warnings": [warning.shown() for warning in self.warnings],
        }


def judge(source: str | Mapping[str, Any], year: int) -> Verdict:
    """Check a policy's YAML, or the mapping read from one. `year`: this one; its holidays and the next one's should be known."""
    try:
        policy = load(source)
    except PolicyError as error:
        return Verdict(None, error.findings)
    return Verdict(policy, warnings=years_ahead(policy, year))


def years_ahead(policy: Policy, year: int) -> tuple[Finding, ...]:
    """Return a warning for each calendar that does not know the holidays of this year or the next."""
    return warnings(policy, (year, year + 1))
