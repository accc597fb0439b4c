"""Who must say yes before money moves, and who may (RULEBOOK B, Limits). Pure."""

from dataclasses import dataclass
from typing import Literal

from amends.policy.amounts import Limits

Mode = Literal["shadow", "approve", "automatic"]
"""How a tenant pays out: `shadow` decides and pays nothing, `approve` asks a person each time (DESIGN 13)."""

_UNLIMITED = frozenset({"manager", "admin", "service"})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What approval depends on, beside the amount. `budget_left` None: no budget."""

    row_requires: bool
    currency_known: bool
    budget_left: int | None
    in_outage: bool
    mode: Mode


def reasons_to_ask(amount: int, limits: Limits, around: Circumstances) -> tuple[str, ...]:
    """Return why an automatic remedy waits for a person; empty: it does not. Nothing to pay needs nobody."""
    if amount == 0:
        return ()
    checks = (
        (around.row_requires, "the rule asks for a supervisor's approval"),
        (amount > limits.automatic, f"{amount} is above the automatic limit of {limits.automatic}"),
        (not around.currency_known, "the order's currency is not the policy's, so its limits say nothing of it"),
        (
            exceeds_budget(amount, around.budget_left),
            f"{amount} is more than the {around.budget_left} left of the day's budget",
        ),
        (around.in_outage, "the deadline lies in an outage of ours"),
        (around.mode == "approve", "payouts are in approve mode"),
    )
    return tuple(reason for applies, reason in checks if applies)


def exceeds_budget(amount: int, budget_left: int | None) -> bool:
    """Say whether a remedy is more than the day's budget has left; exactly what is left is not."""
    return budget_left is not None and amount > budget_left


def limit_of(role: str, limits: Limits) -> int | None:
    """Return up to which amount a role decides by itself, the limit included; None: any amount.

    Every role that is no leader has the agent's limit.
    """
    if role in _UNLIMITED:
        return None
    return limits.team_leader if role == "team_leader" else limits.agent


def within_limit(amount: int, role: str, limits: Limits) -> bool:
    """Say whether a role may decide this amount by itself."""
    limit = limit_of(role, limits)
    return limit is None or amount <= limit
