"""What a day's budget has left, and what a remedy takes of it (DESIGN 13). Minor units of the policy's currency, pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from amends.events.parts import Order
from amends.policy.model import Policy
from compensation_svc.decisions.approval import exceeds_budget


def day_of(policy: Policy, at: datetime) -> date:
    """Return the day whose budget pays, by the tenant's wall clock."""
    return at.astimezone(ZoneInfo(policy.timezone)).date()


def has_budget(policy: Policy, order: Order | None) -> bool:
    """Say whether a day's budget limits this order's remedies: one in the policy's currency says nothing of another."""
    return policy.budgets.per_day is not None and (order is None or order.currency == policy.currency)


def left_of_day(policy: Policy, used: int) -> int:
    """Return what is left of a day's budget of which so much is used."""
    return max(0, (policy.budgets.per_day or 0) - used)


def taken_of_day(amount: int, budget_left: int | None) -> int:
    """Return what a decision takes: what exceeds the budget takes nothing of it until somebody approves it."""
    return 0 if budget_left is None or exceeds_budget(amount, budget_left) else amount
