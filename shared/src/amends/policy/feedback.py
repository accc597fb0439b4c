"""In which form the result is told to a customer (I1). Pure."""

from amends.policy.choose import TicketFacts
from amends.policy.model import Policy


def must_be_written(policy: Policy, facts: TicketFacts) -> bool:
    """Say whether the feedback of such a ticket is written; of every other, spoken will do."""
    rule = policy.feedback
    return rule is not None and (facts.level in rule.levels or not facts.tags.isdisjoint(rule.tags))
