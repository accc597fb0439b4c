"""Who must say yes before money moves, and who may (RULEBOOK B, Limits). Pure."""

from dataclasses import dataclass
from typing import Literal

from amends.policy.amounts import Limits
from compensation_svc.decisions.sentences import Reason, said

Mode = Literal["shadow", "approve", "automatic"]
"""How a tenant pays out: `shadow` decides and pays nothing, `approve` asks a person each time (DESIGN 13)."""

APPROVE_MODE = Reason("payouts are in approve mode", said("ask_approve_mode"))
SHADOW_MODE = Reason("payouts are in shadow mode: recorded, not paid", said("shadow_mode"))

_UNLIMITED = frozenset({"manager", "admin", "service"})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What approval depends on, beside the amount. `budget_left` None: no budget. `beyond_cap`: the customer's."""

    row_requires: bool
    currency: str
    currency_known: bool
    budget_left: int | None
    in_outage: bool
    mode: Mode
    beyond_cap: tuple[Reason, ...] = ()


def reasons_to_ask(amount: int, limits: Limits, around: Circumstances) -> tuple[Reason, ...]:
    """Return why an automatic remedy waits for a person; empty: it does not. Nothing to pay needs nobody."""
    if amount == 0:
        return ()
    budget_left, automatic = around.budget_left, limits.automatic
    money = {"currency": around.currency, "amount": amount}
    checks = (
        (around.row_requires, Reason("the rule asks for a supervisor's approval", said("ask_rule"))),
        (
            amount > automatic,
            Reason(
                f"{amount} is above the automatic limit of {automatic}",
                said("ask_automatic_limit", limit=automatic, **money),
            ),
        ),
        (
            not around.currency_known,
            Reason("the order's currency is not the policy's, so its limits say nothing of it", said("ask_currency")),
        ),
        (
            exceeds_budget(amount, budget_left),
            Reason(
                f"{amount} is more than the {budget_left} left of the day's budget",
                said("ask_budget", left=budget_left, **money),
            ),
        ),
        (around.in_outage, Reason("the deadline lies in an outage of ours", said("ask_outage"))),
        (around.mode == "approve", APPROVE_MODE),
    )
    return (*(reason for applies, reason in checks if applies), *around.beyond_cap)


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
