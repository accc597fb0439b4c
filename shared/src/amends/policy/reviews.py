"""Which reviews a remedy or a resolution must have passed (E5): first review, re-check, final review. Pure."""

from amends.policy.choose import TicketFacts
from amends.policy.model import Policy
from amends.policy.values import ReviewStage


def reviews_of(policy: Policy, facts: TicketFacts, amount: int | None = None) -> tuple[ReviewStage, ...]:
    """Return the stages that must be passed, in order, or none.

    `amount`: of a remedy that a person proposes, in minor units; None for a resolution, or when only the ticket asks.
    """
    rule = policy.reviews
    if rule is None:
        return ()
    asked = facts.level in rule.levels or not facts.tags.isdisjoint(rule.tags)
    if not asked and amount is not None and rule.remedy_above is not None:
        limits = policy.amounts.limits
        asked = amount > (limits.agent if rule.remedy_above == "agent" else limits.team_leader)
    return rule.stages if asked else ()
